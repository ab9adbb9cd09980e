package slo

import (
	"math"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// Objective is one service-level objective in k6's threshold syntax: a metric, perhaps narrowed
// to a channel, an aggregation, a comparison and a bound.
type Objective struct {
	Metric    string  // gateway_latency, http_req_failed, ..
	Channel   string  // "" for all: gateway_latency{channel:webchat}
	Aggregate string  // p(95), avg, med, min, max, count, rate
	Operator  string  // <, <=, >, >=, ==, !=
	Bound     float64 // milliseconds for latencies, 0 to 1 for rates
	Scope     Scope   // the part of the run that it is about; zero: all of it
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

// String writes the objective as [ParseObjective] reads it, such as
// "gateway_latency{channel:webchat}: p(95)<1500 outside faults".
func (o Objective) String() string { return o.Selector() + ": " + o.Expression() }

// Selector is the metric with the channel it is narrowed to: k6's name for it.
func (o Objective) Selector() string {
	if o.Channel == "" {
		return o.Metric
	}
	return o.Metric + "{channel:" + o.Channel + "}"
}

// Expression is the condition with its scope, such as "p(95)<1500": k6's threshold when it is about the
// whole run.
func (o Objective) Expression() string {
	text := o.Aggregate + o.Operator + strconv.FormatFloat(o.Bound, 'f', -1, 64)
	if o.Scope != (Scope{}) {
		text += " " + o.Scope.String()
	}
	return text
}

// titles are the metrics whose name without underscores says little to a reader.
var titles = map[string]string{
	"http_req_duration":      "latency of all requests",
	"http_req_failed":        "failed requests",
	"http_reqs":              "requests",
	"perf_errors":            "errors",
	"chaos_events_triggered": "faults and spikes",
	"dropped_iterations":     "missed sends",
}

// Title is the objective for people: "failed requests of telegram rate<0.01".
func (o Objective) Title() string {
	name, ok := titles[o.Metric]
	if !ok {
		name = strings.ReplaceAll(o.Metric, "_", " ")
	}
	if o.Channel != "" {
		name += " of " + o.Channel
	}
	return name + " " + o.Expression()
}

// Latency reports whether the objective's value is a latency, in milliseconds.
func (o Objective) Latency() bool { return kindOf(o.Metric) == trend && o.Aggregate != "count" }

// Share reports whether the objective's value is a share of all, 0 to 1.
func (o Objective) Share() bool { return kindOf(o.Metric) == share }

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

// Result is an objective held against what was measured.
type Result struct {
	Objective Objective
	State     State
	Value     float64 // in the bound's unit; meaningless when Unknown for want of any sample
	Samples   uint64
	Reason    string // why Unknown; "" otherwise

	OutOfScope bool // Unknown, because the objective is not about the moment that is judged
}

// closeToBound is how close to its bound, as a share of it, a latency is written in full: three digits might not
// tell on which side it lies.
const closeToBound = 0.01

// ValueText writes the value in its own unit, precisely enough to see on which side of the bound it lies.
func (r Result) ValueText() string {
	o := r.Objective
	switch {
	case o.Latency() && math.Abs(r.Value-o.Bound) < closeToBound*o.Bound:
		return units.Decimal(r.Value, 2) + " ms"
	case o.Latency():
		return units.Latency(time.Duration(r.Value * float64(time.Millisecond)))
	case o.Share():
		return units.Percent(r.Value)
	case o.Aggregate == "rate":
		return units.Rate(r.Value) + "/s"
	}
	return units.Decimal(r.Value, 0)
}
