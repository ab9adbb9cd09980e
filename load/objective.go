package load

import (
	"slices"
	"strconv"
)

// Objective is one service-level objective in k6's threshold syntax: a metric, perhaps narrowed
// to a channel, an aggregation, a comparison and a bound.
type Objective struct {
	Metric    string  // gateway_latency, http_req_failed, ..
	Channel   string  // "" for all: gateway_latency{channel:webchat}
	Aggregate string  // p(95), avg, med, min, max, count, rate
	Operator  string  // <, <=, >, >=, ==, !=
	Bound     float64 // milliseconds for latencies, 0 to 1 for rates
}

// DefaultObjectives are those of the platform's test plan: a 95th percentile below 1500 ms for
// gateway, orchestrator and automation, and fewer than 1 % of requests failed.
func DefaultObjectives() []Objective {
	return []Objective{
		{Metric: "gateway_latency", Aggregate: "p(95)", Operator: "<", Bound: 1500},
		{Metric: "orchestrator_latency", Aggregate: "p(95)", Operator: "<", Bound: 1500},
		{Metric: "automation_latency", Aggregate: "p(95)", Operator: "<", Bound: 1500},
		{Metric: "http_req_failed", Aggregate: "rate", Operator: "<", Bound: 0.01},
	}
}

// String writes the objective as [ParseObjectiveLine] reads it, such as
// "gateway_latency{channel:webchat}: p(95)<1500".
func (o Objective) String() string { return o.Selector() + ": " + o.Expression() }

// Selector is the metric with the channel it is narrowed to: k6's name for it.
func (o Objective) Selector() string {
	if o.Channel == "" {
		return o.Metric
	}
	return o.Metric + "{channel:" + o.Channel + "}"
}

// Expression is the condition alone, such as "p(95)<1500": k6's threshold.
func (o Objective) Expression() string {
	return o.Aggregate + o.Operator + strconv.FormatFloat(o.Bound, 'f', -1, 64)
}

// Latency tells whether the objective's value is a latency, in milliseconds.
func (o Objective) Latency() bool {
	m, ok := findMetric(o.Metric)
	return ok && m.kind == trend && o.Aggregate != "count"
}

// Share tells whether the objective's value is a share of all, 0 to 1.
func (o Objective) Share() bool {
	m, ok := findMetric(o.Metric)
	return ok && m.kind == share
}

// metricKind decides which aggregations a metric has, as in k6.
type metricKind uint8

const (
	trend   metricKind = iota // latencies
	share                     // k6 calls it a rate: so many of so many
	counter                   // a number of events
)

// metricRow describes a metric that objectives may name.
type metricRow struct {
	name      string
	kind      metricKind
	byChannel bool // may be narrowed to a channel
}

func metricTable() []metricRow {
	return []metricRow{
		{"gateway_latency", trend, true},
		{"orchestrator_latency", trend, true},
		{"automation_latency", trend, true},
		{"http_req_duration", trend, true},
		{"http_req_failed", share, true},
		{"http_reqs", counter, true},
		{"perf_errors", counter, true},
		{"chaos_events_triggered", counter, false},
		{"dropped_iterations", counter, false},
		{"checks", share, false},
	}
}

func findMetric(name string) (metricRow, bool) {
	table := metricTable()
	i := slices.IndexFunc(table, func(m metricRow) bool { return m.name == name })
	if i < 0 {
		return metricRow{}, false
	}
	return table[i], true
}

// aggregations of each kind of metric beside p(N), which trends have too.
func (k metricKind) aggregations() []string {
	return [...][]string{
		trend:   {"avg", "min", "med", "max", "count"},
		share:   {"rate"},
		counter: {"count", "rate"},
	}[k]
}

// State of an objective. Too few samples is neither a pass nor a failure.
type State uint8

// The three answers.
const (
	Unknown State = iota
	Pass
	Fail
)

// String is the state's word on screen and in reports.
func (s State) String() string { return [...]string{"unknown", "pass", "fail"}[s] }

// Verdict is an objective held against what was measured.
type Verdict struct {
	Objective Objective
	State     State
	Value     float64 // in the bound's unit; meaningless when Unknown for want of any sample
	Samples   uint64
	Reason    string // why Unknown; "" otherwise
}
