package tui

import (
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
)

// span is a time in which something was done to the platform or the load. Spans stand under the charts,
// on their time axis.
type span struct {
	from, to time.Duration // since the start; to < 0: it is still on
	label    string
	short    string // where the label does not fit; "" writes nothing
	loud     bool   // drawn in the accent: a fault; a pause is calm
	bad      bool   // what a fault changed and could not be reverted
	run      int    // of the injection; 0: none
	spike    bool   // the channel spike
}

// mark is a moment on the time axis.
type mark struct {
	at    time.Duration
	sign  rune
	tone  event.Tone
	guide bool // a faint line up through the chart: a phase began or ended
}

// story is what the timeline says about the charts. It is made anew when something happened.
type story struct {
	spans  []span
	marks  []mark
	events []event.Event // those that are news, oldest first
	read   int           // events read
	line   *timeline.Timeline
}

// sync reads what is new.
func (s *story) sync(events []event.Event, line *timeline.Timeline) {
	if line == s.line {
		return
	}
	if len(events) < s.read || s.line != nil && !line.Started.Equal(s.line.Started) {
		*s = story{}
	}
	s.line = line
	for _, e := range events[s.read:] {
		look := e.Look()
		if !look.Record {
			s.events = append(s.events, e)
		}
		if look.Chart {
			s.marks = append(s.marks, mark{since(e.At), look.Sign, look.Tone, look.Boundary})
		}
	}
	s.read = len(events)
	s.spans = s.spans[:0]
	for _, sp := range line.Spans {
		s.spans = append(s.spans, spanOf(sp, line))
	}
}

// since is a time of the timeline.
func since(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// spanOf is how a span of the timeline looks.
func spanOf(sp timeline.Span, line *timeline.Timeline) span {
	d := span{from: since(sp.From), to: -1, run: sp.Run}
	if sp.To != timeline.Open {
		d.to = since(sp.To)
	}
	switch sp.Kind {
	case timeline.HoldSpan:
		d.label, d.loud = "hold", false
	case timeline.PauseSpan:
		d.label = "paused"
	case timeline.HaltSpan:
		d.label = "halted"
	case timeline.FaultSpan:
		i := injection(line, sp.Run)
		d.label, d.short, d.loud, d.spike = i.Title, firstWord(i.Title), true, i.Spike()
		if factor := strength(i); d.spike && factor != "" {
			d.label, d.short = i.Title+" "+factor, factor
		}
	case timeline.NotRevertedSpan:
		d.label, d.short, d.loud, d.bad = injection(line, sp.Run).Title+" not reverted", "✗", true, true
	}
	return d
}

// injection finds an injection by its number.
func injection(line *timeline.Timeline, run int) timeline.Injection {
	if i := slices.IndexFunc(line.Injections, func(i timeline.Injection) bool { return i.Run == run }); i >= 0 {
		return line.Injections[i]
	}
	return timeline.Injection{}
}

// strength is how strong a spike is: 5×, or a number of virtual users.
func strength(i timeline.Injection) string {
	params := i.Started.Params
	if n := len(i.Changes); n > 0 {
		params = i.Changes[n-1].Data.Params
	}
	switch {
	case params["users"] != "" && params["users"] != "0":
		return params["users"] + " VUs"
	case params["factor"] != "":
		return params["factor"] + "×"
	}
	return ""
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
// not reverted follow each other.
func overlaps(placed []placedSpan, f placedSpan) bool {
	for _, other := range placed {
		if other.lane == f.lane && other.run != f.run && f.first <= other.end && other.first <= f.end {
			return true
		}
	}
	return false
}
