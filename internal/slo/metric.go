package slo

import (
	"slices"

	"xinbot.ir/squall/load/metric"
)

// metricKind decides which aggregations a metric has, as in k6.
type metricKind uint8

const (
	trend   metricKind = iota // latencies
	share                     // k6 calls it a rate: so many of so many
	counter                   // a number of events
)

// aggregations of each kind of metric beside p(N), which trends have too.
func (k metricKind) aggregations() []string {
	return [...][]string{
		trend:   {"avg", "min", "med", "max", "count"},
		share:   {"rate"},
		counter: {"count", "rate"},
	}[k]
}

// example is a condition of such a metric.
func (k metricKind) example() string {
	return [...]string{trend: "p(95)<1500", share: "rate<0.01", counter: "count<10"}[k]
}

// metricRow describes a metric that objectives may name.
type metricRow struct {
	name      string
	kind      metricKind
	byChannel bool // may be narrowed to a channel
}

// chaosEvents is the metric of what was done to the platform.
const chaosEvents = "chaos_events_triggered"

// droppedIterations is the metric of sends that were due and never made.
const droppedIterations = "dropped_iterations"

// commonMetrics are those that every run has, beside the latencies of its flows.
var commonMetrics = []metricRow{
	{"http_req_duration", trend, true},
	{"http_req_failed", share, true},
	{"http_reqs", counter, true},
	{"perf_errors", share, true},
	{chaosEvents, counter, false},
	{droppedIterations, counter, false},
	{"checks", share, false},
}

// kindOf is the kind of a metric; those that are not common to all runs are latencies.
func kindOf(name string) metricKind {
	for _, m := range commonMetrics {
		if m.name == name {
			return m.kind
		}
	}
	return trend
}

func metricNames(r *metric.Registry) []string {
	names := slices.Clone(r.Metrics())
	for _, m := range commonMetrics {
		names = append(names, m.name)
	}
	return names
}

func findMetric(r *metric.Registry, name string) (metricRow, bool) {
	for _, m := range commonMetrics {
		if m.name == name {
			return m, true
		}
	}
	return metricRow{name, trend, true}, slices.Contains(r.Metrics(), name)
}
