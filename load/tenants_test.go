package load

import (
	"strings"
	"testing"
)

// The list may be bare or in an object, and tell more of its tenants or less.
func TestKnownIDs(t *testing.T) {
	for answer, want := range map[string]int{
		`[]`:                        0,
		`[{"id":"A-1"},{"id":"b"}]`: 2,
		`{"items":[{"id":"a-1"}]}`:  1,
		`{"total":1,"tenants":[{"tenant_id":"a-1","brands":[{"channels":[{"id":"c"}]}]}]}`: 1,
	} {
		known, err := readKnownIDs(strings.NewReader(answer))
		if err != nil || known.Tenants != want || known.Has("a-1") != (want > 0) || known.Has("c") != strings.Contains(answer, `"c"`) {
			t.Errorf("%s: %+v, %v", answer, known, err)
		}
	}
	for _, answer := range []string{"", "<html>", `"x"`, `{"detail":"no"}`, `[`} {
		if _, err := readKnownIDs(strings.NewReader(answer)); err == nil {
			t.Errorf("%s is taken for a list", answer)
		}
	}
}
