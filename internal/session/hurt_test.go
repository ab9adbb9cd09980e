package session

import (
	"testing"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// A flow whose requests failed while a fault was on has recovered when a second of it went well, not when nothing is known
// of it.
func TestFlowsHealth(t *testing.T) {
	second := func(requests, failed uint64) []metric.Stats {
		flows := make([]metric.Stats, len(load.Registry().Flows()))
		flows[load.Gateway.ID()] = metric.Stats{Requests: 500, Failed: 1} // 0.2 %: well
		flows[load.Ingestion.ID()] = metric.Stats{Requests: requests, Failed: failed}
		return flows
	}
	var h flowsHealth
	if !h.recovered() || h.anyHurt() {
		t.Error("nothing has happened, and something is hurt")
	}
	h.during(second(3, 0))
	if h.anyHurt() {
		t.Error("a second without failures hurts")
	}
	h.during(second(2, 2))
	h.during(second(1, 0))
	if got, want := h.text(), "33.3 % of ingestion failed"; !h.anyHurt() || got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i, step := range []struct {
		requests, failed uint64
		bad, recovered   bool
	}{{0, 0, false, false}, {1, 1, true, false}, {0, 0, false, false}, {2, 0, false, true}, {0, 0, false, true}, {4, 1, true, false}, {4, 0, false, true}} {
		if bad := h.after(second(step.requests, step.failed)); bad != step.bad || h.recovered() != step.recovered {
			t.Errorf("second %d: bad %v, recovered %v, want %+v", i, bad, h.recovered(), step)
		}
		if !step.recovered && h.unwell() != "ingestion" {
			t.Errorf("second %d: not well is %q", i, h.unwell())
		}
	}
}
