package report

import (
	"testing"

	"xinbot.ir/squall/internal/slo"
)

// Where the latency table has a dash the objectives have one too, or say how little is behind it.
func TestMeasuredOfFewSamples(t *testing.T) {
	p95 := slo.DefaultObjectives()[0]
	longest := p95
	longest.Aggregate = "max"
	for _, c := range []struct {
		verdict slo.Result
		want    string
	}{
		{slo.Result{Objective: p95, State: slo.Unknown, Value: 498.9, Samples: 16}, absent},
		{slo.Result{Objective: p95, State: slo.Unknown, Value: 498.9, Samples: 20}, "499 ms"},
		{slo.Result{Objective: p95, State: slo.Fail, Value: 4100, Samples: 3}, "4.10 s (n too small)"},
		{slo.Result{Objective: longest, State: slo.Pass, Value: 12, Samples: 1}, "12.0 ms"},
	} {
		if got := measured(c.verdict); got != c.want {
			t.Errorf("%+v is written %q, want %q", c.verdict, got, c.want)
		}
	}
}
