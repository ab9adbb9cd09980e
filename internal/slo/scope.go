package slo

import (
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load/metric"
)

// Scope is the part of a run that an objective is judged over. The zero value is all of it.
type Scope struct {
	Outside bool   // outside faults, spikes and their recovery
	During  string // while the fault of this name was on, such as channel_spike; "" for any time
}

// String is the scope as [ParseObjective] reads it; "" for the whole run.
func (s Scope) String() string {
	switch {
	case s.Outside:
		return "outside faults"
	case s.During != "":
		return "during " + s.During
	}
	return ""
}

// Covers reports whether a moment of a run, in seconds since its start, belongs to the scope.
func (s Scope) Covers(line *timeline.Timeline, at float64) bool {
	switch {
	case s.Outside:
		return line.Outside(at)
	case s.During != "":
		return line.During(s.During, at)
	}
	return true
}

// Parts is what was measured in each part of a run that an objective is about, the whole run excepted.
type Parts map[Scope]*metric.Totals

// NewParts is for a run with these objectives, of which nothing was measured yet. The part outside faults
// is always there.
func NewParts(r *metric.Registry, objectives []Objective) Parts {
	p := Parts{Scope{Outside: true}: r.NewTotals()}
	for _, o := range objectives {
		if o.Scope != (Scope{}) && p[o.Scope] == nil {
			p[o.Scope] = r.NewTotals()
		}
	}
	return p
}

// Outside is what was measured outside faults.
func (p Parts) Outside() *metric.Totals { return p[Scope{Outside: true}] }

// At are the parts that a moment of a run belongs to.
func (p Parts) At(line *timeline.Timeline, at float64) (parts []*metric.Totals) {
	for scope, totals := range p {
		if scope.Covers(line, at) {
			parts = append(parts, totals)
		}
	}
	return parts
}

// Evaluate holds an objective against its part of the run. A built-in one is about the time outside faults
// as soon as there are any; scope says what the answer is about.
func (p Parts) Evaluate(o Objective, builtIn bool, whole *metric.Totals) (v Result, scope Scope) {
	scope = o.Scope
	if builtIn && whole.Chaos > 0 {
		scope = Scope{Outside: true}
	}
	if scope == (Scope{}) {
		return o.Evaluate(whole), scope
	}
	part := p[scope]
	if part.Seconds == 0 && scope.During != "" {
		return Result{Objective: o, Reason: scope.During + " was never on"}, scope
	}
	return o.Evaluate(part), scope
}
