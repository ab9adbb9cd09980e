package kube

import (
	"testing"

	"xinbot.ir/squall/chaos"
)

// A workload of another name has its pods selected by that name, as in the platform's scripts.
func TestSelectorFollowsTheWorkload(t *testing.T) {
	for _, c := range []struct{ name, selector, want string }{
		{"redis", ownSelector, "app=redis"},
		{"redis-cache", ownSelector, "app=redis-cache"},
		{"redis-cache", "app.kubernetes.io/name=redis,role in (a,b)", "app.kubernetes.io/name=redis,role in (a,b)"},
		{"x", "", ""},
	} {
		if got := selectorOf(chaos.Params{"statefulset": c.name, paramSelector: c.selector}, "statefulset"); got != c.want {
			t.Errorf("%s of %s is %s, want %s", c.selector, c.name, got, c.want)
		}
	}
	for _, f := range BuiltIn() {
		for _, p := range f.Info().Params {
			if p.Name == paramSelector && p.Default != ownSelector {
				t.Errorf("%s selects %s", f.Info().ID, p.Default)
			}
		}
	}
}
