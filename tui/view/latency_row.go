package view

import (
	"time"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// LatencyRow is one latency chart: a metric of the objectives, and the flows that are counted in it.
type LatencyRow struct {
	Title  string
	metric string
	Flows  []*metric.Flow
}

// LatencyRows are the charts of the console, in the order of the screen.
func LatencyRows() []LatencyRow {
	rows := []LatencyRow{
		{Title: "GATEWAY", metric: "gateway_latency"},
		{Title: "ORCHESTRATOR", metric: "orchestrator_latency"},
		{Title: "AUTOMATION", metric: "automation_latency"},
	}
	for i := range rows {
		for _, f := range load.Registry().Flows() {
			if f.Metric == rows[i].metric {
				rows[i].Flows = append(rows[i].Flows, f)
			}
		}
	}
	return rows
}

// Column merges the chart's flows within a column; the worst of them stands for all.
func (r LatencyRow) Column(c *Column) (sum Figures) {
	for _, f := range r.Flows {
		if c.flows == nil {
			break
		}
		fc := &c.flows[f.ID()]
		sum.Count += fc.Count
		sum.Requests += fc.Requests
		sum.Failed += fc.Failed
		sum.P50, sum.P95 = max(sum.P50, fc.P50), max(sum.P95, fc.P95)
		sum.P99, sum.max = max(sum.P99, fc.P99), max(sum.max, fc.max)
	}
	return sum
}

// AddDensity adds the latencies of the chart's flows within a column.
func (r LatencyRow) AddDensity(to *metric.Density, c *Column) {
	if c.density == nil {
		return
	}
	for _, f := range r.Flows {
		for bin, n := range c.density[f.ID()] {
			to[bin] += n
		}
	}
}

// Recent is the chart's latency over the last seconds. Where two flows share the metric, each
// percentile is the larger one, which the merged percentile cannot exceed.
func (r LatencyRow) Recent(s *load.Snapshot) (sum Figures) {
	for _, f := range r.Flows {
		if r := s.RecentOf(f); r.Count > 0 {
			sum.add(r)
		}
	}
	return sum
}

// Objective is the verdict whose bound the chart draws: the metric's p(95) if it has one, else its
// first objective on a latency.
func (r LatencyRow) Objective(verdicts []slo.Result) (v slo.Result, found bool) {
	for _, candidate := range verdicts {
		o := candidate.Objective
		if o.Metric != r.metric || o.Channel != "" || o.Scope.During != "" || !o.Latency() {
			continue
		}
		if o.Aggregate == "p(95)" {
			return candidate, true
		}
		if !found {
			v, found = candidate, true
		}
	}
	return v, found
}

// Off returns why none of the chart's flows runs; "" while one does.
func (r LatencyRow) Off(s *State) (reason string) {
	for _, state := range s.Now.Flows {
		for _, f := range r.Flows {
			if state.Flow != f {
				continue
			}
			if state.On {
				return ""
			}
			if reason == "" {
				reason = state.Reason
			}
		}
	}
	return reason
}

// Bound is an objective's limit on a latency.
func Bound(o slo.Objective) time.Duration {
	return time.Duration(o.Bound * float64(time.Millisecond))
}
