package tui

import (
	"encoding/json"
	"slices"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
)

// fault begins and ends the spans of faults. A span lasts until the undo is verified; what could not
// be taken back goes on as a span of its own.
func (s *story) fault(e rundir.Event, at time.Duration) {
	switch e.Kind {
	case rundir.FaultOn, rundir.FaultOff, rundir.FaultStuck, rundir.FaultRefused:
	default:
		return
	}
	var f rundir.Fault
	if json.Unmarshal(e.Data, &f) != nil || f.Run == 0 {
		return
	}
	open := -1
	for i := len(s.spans) - 1; i >= 0 && open < 0; i-- {
		if s.spans[i].run == f.Run && s.spans[i].to < 0 {
			open = i
		}
	}
	if e.Kind == rundir.FaultStuck && open >= 0 && s.spans[open].bad {
		return // tried again, and stuck again
	}
	if open >= 0 {
		s.spans[open].to = at
	}
	sp := span{from: at, to: -1, on: rundir.FaultOn, label: f.Title, short: firstWord(f.Title), loud: true, run: f.Run}
	sp.spike = f.Fault == session.SpikeFault
	switch e.Kind {
	case rundir.FaultOn:
		s.spans = append(s.spans, sp)
	case rundir.FaultStuck:
		sp.label, sp.short, sp.bad = f.Title+" left behind", "✗", true
		s.spans = append(s.spans, sp)
	}
}

// spiking tells whether a fault is the spike that is going on: its span stands for both.
func (s *story) spiking() bool {
	return slices.ContainsFunc(s.spans, func(sp span) bool { return sp.spike && sp.to < 0 })
}

// placedSpan is a span in the picture: its row, and its columns from first to before end.
type placedSpan struct {
	span
	lane, first, end int
}

// lanes places the spans that are in view. Faults that overlap get rows of their own, up to most; what
// is left shares the last row, the later over the earlier.
func (s *story) lanes(a axis, most int) (placed []placedSpan, lanes int) {
	if a.length == 0 {
		return nil, 0
	}
	var faults []placedSpan
	for _, sp := range s.spans {
		first, end := a.place(sp.from), a.count
		if sp.to >= 0 {
			end = a.place(sp.to) + 1
		}
		in := placedSpan{span: sp, first: max(first, 0), end: min(end, a.count)}
		switch {
		case in.first >= in.end:
		case sp.run > 0:
			faults = append(faults, in)
		default:
			placed = append(placed, in)
			lanes = 1
		}
	}
	for _, f := range faults {
		for f.lane < most-1 && overlaps(placed, f) {
			f.lane++
		}
		placed = append(placed, f)
		lanes = max(lanes, f.lane+1)
	}
	return placed, lanes
}

// overlaps tells whether a span would touch another one of its row. The two parts of a fault that was
// left behind follow each other.
func overlaps(placed []placedSpan, f placedSpan) bool {
	for _, other := range placed {
		if other.lane == f.lane && other.run != f.run && f.first <= other.end && other.first <= f.end {
			return true
		}
	}
	return false
}

// lookOfExpectation is a verdict on what a fault should have shown.
func lookOfExpectation(row markRow, e rundir.Event) markRow {
	var x rundir.Expected
	if json.Unmarshal(e.Data, &x) != nil {
		return row
	}
	switch x.Verdict {
	case chaos.Pass:
		row.sign, row.ink = '✓', markGood
	case chaos.Fail:
		row.sign, row.ink = '✗', markOperator
	}
	return row
}

// lookOfScaling shows which way pods are going.
func lookOfScaling(row markRow, e rundir.Event) markRow {
	var x rundir.Scale
	if json.Unmarshal(e.Data, &x) != nil {
		return row
	}
	switch {
	case x.Wanted > x.Ready:
		row.sign = '↑'
	case x.Wanted < x.Ready:
		row.sign = '↓'
	}
	return row
}
