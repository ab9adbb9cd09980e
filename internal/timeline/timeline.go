// Package timeline says what the events of a run mean: which faults were on and when, which phases the
// run has, how pods moved, what was in force. It is the only reader of events: the session folds them
// while the run goes on, a report folds the same events from the disk, and both get the same answer.
package timeline

import (
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
)

// Open is the end of what still goes on.
const Open = -1.0

// Step is one event with typed data.
type Step[T any] struct {
	At   float64 // seconds since the start
	By   event.Actor
	Data T
}

// Timeline is what the events so far mean. The zero value is the beginning of a run. Times are
// seconds since the start of the run.
type Timeline struct {
	Start   event.RunStarted      // zero when the journal does not hold it
	Started time.Time             // wall clock; zero likewise
	End     *Step[event.RunEnded] // nil: the run goes on, or was killed

	Injections []Injection // in the order in which they began
	Refused    []Step[event.FaultRefused]
	Spans      []Span // in the order in which they began
	Workloads  []Workload
	Thinks     []event.Think // think times that the run had, in their order

	Alerts []Alert // of the platform's monitoring, in the order in which they were first seen
	Gaps   []Gap   // of its sources, in the order in which they began

	FlowsOff    []Step[event.FlowOff]
	Warnings    []string // each once
	Failures    []Step[event.SquallFailed]
	StopRules   []Step[event.StopRuleMet]
	Unread      []Step[event.ConditionUnread]
	NotReverted []Step[event.ChangeNotReverted]
	Commands    []Step[event.CommandRefused] // those that were refused

	Paused, Halted bool

	phases phases
	events int            // applied so far
	titles map[string]int // injections of each title so far
}

// Of folds the events of a run.
func Of(events []event.Event) *Timeline {
	t := new(Timeline)
	for _, e := range events {
		t.Apply(e)
	}
	return t
}

// Clone returns a timeline that later events do not change.
func (t *Timeline) Clone() *Timeline {
	c := *t
	c.Injections = slices.Clone(t.Injections)
	c.Spans = slices.Clone(t.Spans)
	c.Workloads = slices.Clone(t.Workloads)
	c.Alerts = slices.Clone(t.Alerts)
	c.Gaps = slices.Clone(t.Gaps)
	c.phases.list = slices.Clone(t.phases.list)
	return &c
}

// Apply adds the next event.
func (t *Timeline) Apply(e event.Event) {
	t.applyRun(e)
	t.applyFault(e)
	t.applySpan(e)
	t.applyWorkload(e)
	t.applyMonitoring(e)
	t.phases.apply(e, t)
	t.events++
}

// stepOf is the event with its data.
func stepOf[T any](e event.Event, data T) Step[T] { return Step[T]{At: e.At, By: e.By, Data: data} }

// applyRun applies what concerns the run as a whole.
func (t *Timeline) applyRun(e event.Event) {
	switch d := e.Data.(type) {
	case event.RunStarted:
		t.Start, t.Started = d, e.Time.Add(-time.Duration(e.At*float64(time.Second)))
		t.Thinks = []event.Think{d.Think}
	case event.RunEnded:
		t.End = ref(stepOf(e, d))
	case event.Paused:
		t.Paused = true
	case event.Resumed:
		t.Paused = false
	case event.Halted:
		t.Halted = true
		t.think(t.Start.Think) // back to how the run was started
	case event.HaltReleased:
		t.Halted = false
	case event.ThinkSet:
		t.think(d.To)
	case event.FlowOff:
		t.FlowsOff = append(t.FlowsOff, stepOf(e, d))
	case event.Warned:
		if !slices.Contains(t.Warnings, d.Warning) {
			t.Warnings = append(t.Warnings, d.Warning)
		}
	case event.SquallFailed:
		t.Failures = append(t.Failures, stepOf(e, d))
	case event.StopRuleMet:
		t.StopRules = append(t.StopRules, stepOf(e, d))
	case event.ConditionUnread:
		t.Unread = append(t.Unread, stepOf(e, d))
	case event.ChangeNotReverted:
		t.NotReverted = append(t.NotReverted, stepOf(e, d))
	case event.CommandRefused:
		t.Commands = append(t.Commands, stepOf(e, d))
	}
}

func (t *Timeline) think(next event.Think) {
	if n := len(t.Thinks); n == 0 || t.Thinks[n-1] != next {
		t.Thinks = append(t.Thinks, next)
	}
}
