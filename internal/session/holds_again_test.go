package session

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load/metric"
)

// The platform has not recovered while an objective that the fault broke cannot be judged for what is left of the fault in
// the sliding window. Later it may have too few samples for good.
func TestObjectiveThatBrokeHasToHoldAgain(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		broke slo.State // what became of the second objective while the fault was on
		is    slo.State // now
		since time.Duration
		want  bool
	}{
		"holds":               {slo.Fail, slo.Pass, time.Second, true},
		"cannot be judged":    {slo.Fail, slo.Unknown, 5 * time.Second, false},
		"too few samples":     {slo.Fail, slo.Unknown, metric.RecentWindows * time.Second, true},
		"was never broken":    {slo.Pass, slo.Unknown, time.Second, true},
		"was not judged then": {slo.Unknown, slo.Unknown, time.Second, true},
	} {
		f := faultOutcome{lastBad: now}
		f.noteBroken([]slo.Result{{State: slo.Pass}, {State: c.broke}})
		f.noteBroken([]slo.Result{{State: slo.Pass}, {State: slo.Pass}})
		if got := f.holdsAgain([]slo.Result{{State: slo.Unknown}, {State: c.is}}, now.Add(c.since)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
