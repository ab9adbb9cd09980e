package panel

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/timeline"
)

func TestPodsAt(t *testing.T) {
	points := []timeline.Pods{{At: 5, Ready: 2, Wanted: 2}, {At: 10, Ready: 2, Wanted: 4}}
	for until, want := range map[time.Duration][2]int{
		time.Second: {}, 5 * time.Second: {}, 6 * time.Second: {2, 2}, 10 * time.Second: {2, 2}, time.Minute: {2, 4},
	} {
		if ready, wanted := podsAt(points, until); ready != want[0] || wanted != want[1] {
			t.Errorf("before %v there are %d of %d pods, want %v", until, ready, wanted, want)
		}
	}
}

// What tells workloads apart is the end of their names, and it is what is left where there is little room.
func TestNamesKeepTheirEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		want  string
	}{{"gateway", 7, "gateway"}, {"gateway", 6, "…teway"}, {"xin-platform-channel-gateway", 16, "…channel-gateway"}, {"gateway", 0, "…"}} {
		if got := tail(c.name, c.width); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.name, c.width, got, c.want)
		}
	}
	pods := func(name string, ready, wanted int) timeline.Workload {
		return timeline.Workload{Name: name, Max: 8, Points: []timeline.Pods{{At: 1, Ready: ready, Wanted: wanted}}}
	}
	all := []timeline.Workload{pods("xin-xin-platform-channel-gateway", 0, 2), pods("xin-xin-platform-orchestrator", 2, 2)}
	const want = "…nnel-gateway 0 of 8 pods, 2 wanted · …orchestrator 2 of 8 pods"
	if got := scalingLine(all, 63); got != want {
		t.Errorf("line %q, want %q", got, want)
	}
}
