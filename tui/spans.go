package tui

import (
	"encoding/json"
	"strconv"
	"time"

	"xinbot.ir/squall/internal/rundir"
)

// span is a stretch of time in which something was done to the platform or the load. Spans stand
// under the charts, on their time axis.
type span struct {
	from, to time.Duration // since the start; to < 0: it is still on
	on       rundir.Kind   // what began it
	label    string
	short    string // where the label does not fit; "" writes nothing
	loud     bool   // drawn in the accent: a spike, a fault; a pause is calm
	bad      bool   // a fault that was left behind
	run      int    // of the fault; 0: none
	spike    bool   // a fault that is a spike
}

// spanRow says which events begin and end a span. Those of faults are in faultspans.go: several may be
// on at once.
type spanRow struct {
	on, off rundir.Kind
	label   string
	loud    bool
	halts   bool // a halt ends it
}

// spanTable stands in the order of drawing: a later row lies over an earlier one.
func spanTable() []spanRow {
	return []spanRow{
		{rundir.Held, rundir.Released, "hold", false, true},
		{rundir.Paused, rundir.Resumed, "paused", false, false},
		{rundir.SpikeOn, rundir.SpikeOff, "spike", true, true},
		{rundir.Halted, rundir.Unblocked, "halted", false, false},
	}
}

// mark is a moment on the time axis.
type mark struct {
	at    time.Duration
	sign  rune
	ink   markInk
	guide bool // a faint line up through the chart: a phase began or ended
}

type markInk uint8

const (
	markOperator markInk = iota
	markBad
	markGood
	markCalm
)

// markRow says how events of a kind look in the timeline and on the charts' axis.
type markRow struct {
	sign    rune
	ink     markInk
	onChart bool
	guide   bool
}

// markTable covers every kind of event; a kind that is not in it gets a dot.
func markTable() map[rundir.Kind]markRow {
	return map[rundir.Kind]markRow{
		rundir.Started:   {'●', markCalm, false, false},
		rundir.Finished:  {'■', markCalm, false, false},
		rundir.SetVUs:    {'▲', markOperator, true, false},
		rundir.SetRate:   {'▲', markOperator, true, false},
		rundir.SetThink:  {'▲', markOperator, true, false},
		rundir.SetRamp:   {'▲', markOperator, true, false},
		rundir.SetMix:    {'▲', markOperator, true, false},
		rundir.SetFactor: {'▲', markOperator, true, false},
		rundir.SpikeOn:   {'▲', markOperator, true, true},
		rundir.SpikeOff:  {'▼', markOperator, true, true},
		rundir.Paused:    {'‖', markOperator, true, true},
		rundir.Resumed:   {'▲', markOperator, true, true},
		rundir.Held:      {'▲', markOperator, true, false},
		rundir.Released:  {'▲', markOperator, true, false},
		rundir.Recycled:  {'↻', markOperator, true, false},
		rundir.Note:      {'◆', markOperator, true, false},
		rundir.Halted:    {'■', markBad, true, true},
		rundir.Unblocked: {'▲', markOperator, true, true},
		rundir.Objective: {'✗', markBad, true, false},
		rundir.StopRule:  {'■', markBad, true, true},
		rundir.Saturated: {'!', markOperator, true, false},
		rundir.FlowOff:   {'○', markCalm, false, false},
		rundir.Exported:  {'✎', markCalm, false, false},
		rundir.RuleState: {'·', markCalm, false, false},
		rundir.Warning:   {'!', markOperator, false, false},
		rundir.Failure:   {'!', markBad, true, false},

		rundir.FaultOn:        {'▲', markOperator, true, true},
		rundir.FaultActive:    {'●', markOperator, false, false},
		rundir.FaultChanged:   {'▲', markOperator, true, false},
		rundir.FaultUndo:      {'◐', markOperator, false, false},
		rundir.FaultRetry:     {'!', markBad, true, false},
		rundir.FaultOff:       {'▼', markOperator, true, true},
		rundir.FaultRefused:   {'!', markOperator, false, false},
		rundir.FaultStuck:     {'✗', markBad, true, true},
		rundir.FaultRecovered: {'✓', markGood, true, false},
		rundir.Expectation:    {'?', markCalm, true, false},
		rundir.Scaled:         {'=', markCalm, true, false},
	}
}

// lookOf is how one event looks: an objective that recovered is not a bad thing.
func lookOf(table map[rundir.Kind]markRow, e rundir.Event) markRow {
	row, ok := table[e.Kind]
	if !ok {
		return markRow{sign: '·', ink: markCalm}
	}
	switch e.Kind {
	case rundir.Objective:
		var change rundir.ObjectiveChange
		if json.Unmarshal(e.Data, &change) == nil {
			switch change.State {
			case "pass":
				row.sign, row.ink = '✓', markGood
			case "unknown":
				row.sign, row.ink = '?', markCalm
			}
		}
	case rundir.Expectation:
		return lookOfExpectation(row, e)
	case rundir.Scaled:
		return lookOfScaling(row, e)
	}
	return row
}

// story is what the events say about the charts. It reads each event once.
type story struct {
	spans []span
	marks []mark
	looks []markRow // of every event, for the timeline
	read  int       // events read
	first time.Time // of the first event: a new run begins a new story
}

// sync reads the events that are new.
func (s *story) sync(events []rundir.Event, factor float64) {
	if len(events) < s.read || len(events) > 0 && s.read > 0 && !events[0].Time.Equal(s.first) {
		*s = story{}
	}
	if len(events) == s.read {
		return
	}
	if s.read == 0 {
		s.first = events[0].Time
	}
	signs, rows := markTable(), spanTable()
	for _, e := range events[s.read:] {
		at := time.Duration(e.At * float64(time.Second))
		look := lookOf(signs, e)
		s.looks = append(s.looks, look)
		if look.onChart {
			s.marks = append(s.marks, mark{at, look.sign, look.ink, look.guide})
		}
		for _, row := range rows {
			if e.Kind == row.off || e.Kind == row.on || row.halts && e.Kind == rundir.Halted {
				s.end(row.on, at)
			}
			if e.Kind == row.on && (row.on != rundir.SpikeOn || !s.spiking()) {
				label, short := spanLabel(row, factor)
				s.spans = append(s.spans, span{from: at, to: -1, on: row.on, label: label, short: short, loud: row.loud})
			}
		}
		s.fault(e, at)
	}
	s.read = len(events)
}

// spanLabel names a span; a spike tells how strong it is.
func spanLabel(row spanRow, factor float64) (label, short string) {
	if row.on != rundir.SpikeOn || factor <= 0 {
		return row.label, ""
	}
	short = strconv.FormatFloat(factor, 'g', 3, 64) + "×"
	return row.label + " " + short, short
}

// end closes the open span that this kind of event began.
func (s *story) end(on rundir.Kind, at time.Duration) {
	for i := len(s.spans) - 1; i >= 0; i-- {
		if s.spans[i].on == on && s.spans[i].to < 0 {
			s.spans[i].to = at
			return
		}
	}
}
