package session

import (
	"slices"
	"strings"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// someFail is the share of a flow's requests from which on it is no longer well: the objective of the performance plan.
const someFail = 0.01

// flowHealth is what became of one flow since a fault began. It speaks where an objective has too few samples.
type flowHealth struct {
	requests, failed uint64 // while the fault was on
	hurt             bool   // requests failed in a second of the fault
	well             bool   // in its last second with requests since the revert they did not fail
}

// flowsHealth is that of every flow, by its id.
type flowsHealth []flowHealth

// fails reports whether a second of a flow is one in which it is not well.
func fails(s metric.Stats) bool {
	return s.Failed > 0 && float64(s.Failed) >= someFail*float64(s.Requests)
}

// during takes a second of the fault.
func (h *flowsHealth) during(flows []metric.Stats) {
	if len(*h) < len(flows) {
		*h = append(*h, make(flowsHealth, len(flows)-len(*h))...)
	}
	for i, s := range flows {
		f := &(*h)[i]
		f.requests, f.failed = f.requests+s.Requests, f.failed+s.Failed
		f.hurt = f.hurt || fails(s)
	}
}

// after takes a second behind the revert, and reports whether a flow that was hurt fails in it.
func (h flowsHealth) after(flows []metric.Stats) (bad bool) {
	for i := range h {
		if i < len(flows) && flows[i].Requests > 0 {
			h[i].well = !fails(flows[i])
			bad = bad || h[i].hurt && !h[i].well
		}
	}
	return bad
}

// anyHurt reports whether requests failed while the fault was on.
func (h flowsHealth) anyHurt() bool {
	return slices.ContainsFunc(h, func(f flowHealth) bool { return f.hurt })
}

// recovered reports whether each flow that was hurt has answered well since.
func (h flowsHealth) recovered() bool {
	return !slices.ContainsFunc(h, func(f flowHealth) bool { return f.hurt && !f.well })
}

// text names the flows that were hurt: "70 % of ingestion failed".
func (h flowsHealth) text() string {
	var parts []string
	for i, f := range h {
		if f.hurt {
			parts = append(parts, units.Percent(float64(f.failed)/float64(f.requests))+" of "+load.Registry().Flows()[i].Name+" failed")
		}
	}
	return strings.Join(parts, ", ")
}

// unwell names the flows that were hurt and have not answered well since.
func (h flowsHealth) unwell() string {
	var parts []string
	for i, f := range h {
		if f.hurt && !f.well {
			parts = append(parts, load.Registry().Flows()[i].Name)
		}
	}
	return strings.Join(parts, ", ")
}
