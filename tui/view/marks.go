package view

import (
	"math"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
)

// Span is a time in which something was done to the platform or the load. Spans stand under the charts,
// on their time axis.
type Span struct {
	From, To time.Duration // since the start; to < 0: it is still on
	Label    string
	Short    string // where the label does not fit; "" writes nothing
	Loud     bool   // drawn in the accent: a fault; a pause is calm
	Bad      bool   // what a fault changed and could not be reverted
	Run      int    // of the injection; 0: none
	Spike    bool   // the channel spike
	Alert    bool   // an alert of the platform fires
}

// Mark is a moment on the time axis.
type Mark struct {
	At    time.Duration
	Sign  rune
	Tone  event.Tone
	Guide bool // a faint line up through the chart: a phase began or ended
}

// Marks is what the timeline says about the charts. It is made anew when something happened.
type Marks struct {
	Spans  []Span
	Marks  []Mark
	Events []event.Event // those that are news, oldest first
	Read   int           // events read
	line   *timeline.Timeline
}

// Sync reads what is new.
func (s *Marks) Sync(events []event.Event, line *timeline.Timeline) {
	if line == s.line {
		return
	}
	if len(events) < s.Read || s.line != nil && !line.Started.Equal(s.line.Started) {
		*s = Marks{}
	}
	s.line = line
	for _, e := range events[s.Read:] {
		look := e.Look()
		if !look.Record {
			s.Events = append(s.Events, e)
		}
		if look.Chart {
			s.Marks = append(s.Marks, Mark{Since(e.At), look.Sign, look.Tone, look.Boundary})
		}
	}
	s.Read = len(events)
	s.Spans = s.Spans[:0]
	for _, sp := range line.Spans {
		s.Spans = append(s.Spans, spanOf(sp, line))
	}
	for _, a := range line.Alerts {
		if sp, fired := alertSpan(a, line); fired {
			s.Spans = withAlert(s.Spans, sp)
		}
	}
}

// withAlert adds the span of an alert. What several sources, or several series, tell of one alert at a time is one span.
func withAlert(spans []Span, sp Span) []Span {
	ends := func(s Span) time.Duration {
		if s.To < 0 {
			return math.MaxInt64
		}
		return s.To
	}
	for i, other := range spans {
		if !other.Alert || other.Label != sp.Label || ends(other) < sp.From || ends(sp) < other.From {
			continue
		}
		if ends(other) < ends(sp) {
			spans[i].To = sp.To
		}
		spans[i].From = min(other.From, sp.From)
		return spans
	}
	return append(spans, sp)
}

// alertSpan is the time in which an alert fires.
func alertSpan(a timeline.Alert, line *timeline.Timeline) (sp Span, fired bool) {
	from, fired := line.Fired(a)
	sp = Span{From: max(Since(from), 0), To: -1, Label: "! " + a.Last.Alert, Short: "!", Alert: true}
	if to, over := line.ResolvedAt(a); over {
		sp.To = Since(to)
	}
	return sp, fired && sp.To != 0
}

// Since is a time of the timeline.
func Since(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// spanOf is how a span of the timeline looks.
func spanOf(sp timeline.Span, line *timeline.Timeline) Span {
	d := Span{From: Since(sp.From), To: -1, Run: sp.Run}
	if sp.To != timeline.Open {
		d.To = Since(sp.To)
	}
	switch sp.Kind {
	case timeline.HoldSpan:
		d.Label, d.Loud = "hold", false
	case timeline.PauseSpan:
		d.Label = "paused"
	case timeline.HaltSpan:
		d.Label = "halted"
	case timeline.FaultSpan:
		i := injection(line, sp.Run)
		d.Label, d.Short, d.Loud, d.Spike = i.Title, FirstWord(i.Title), true, i.Spike()
		if factor := strength(i); d.Spike && factor != "" {
			d.Label, d.Short = i.Title+" "+factor, factor
		}
	case timeline.NotRevertedSpan:
		d.Label, d.Short, d.Loud, d.Bad = injection(line, sp.Run).Title+" not reverted", "✗", true, true
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

// PlacedSpan is a span in the picture: its row, and its columns from first to before end.
type PlacedSpan struct {
	Span
	Lane, First, End int
}

// Lanes places the spans that are in view. Faults that overlap get rows of their own, up to most; what
// is left shares the last row, the later over the earlier. An alert is placed where a row is free: it stands in the timeline, too.
func (s *Marks) Lanes(a Axis, most int) (placed []PlacedSpan, lanes int) {
	if a.Length == 0 {
		return nil, 0
	}
	var faults, alerts []PlacedSpan
	for _, sp := range s.Spans {
		first, end := a.Place(sp.From), a.Count
		if sp.To >= 0 {
			end = a.Place(sp.To) + 1
		}
		in := PlacedSpan{Span: sp, First: max(first, 0), End: min(end, a.Count)}
		switch {
		case in.First >= in.End:
		case sp.Alert:
			alerts = append(alerts, in)
		case sp.Run > 0:
			faults = append(faults, in)
		default:
			placed = append(placed, in)
			lanes = 1
		}
	}
	for _, f := range faults {
		for f.Lane < most-1 && overlaps(placed, f) {
			f.Lane++
		}
		placed = append(placed, f)
		lanes = max(lanes, f.Lane+1)
	}
	for _, a := range alerts {
		for a.Lane < most && overlaps(placed, a) {
			a.Lane++
		}
		if a.Lane < most {
			placed = append(placed, a)
			lanes = max(lanes, a.Lane+1)
		}
	}
	return placed, lanes
}

// overlaps reports whether a span would touch another one of its row. The two parts of a fault that was
// not reverted follow each other.
func overlaps(placed []PlacedSpan, f PlacedSpan) bool {
	for _, other := range placed {
		if other.Lane == f.Lane && (other.Run != f.Run || f.Alert) && f.First <= other.End && other.First <= f.End {
			return true
		}
	}
	return false
}

// FirstWord stands for a title where it does not fit.
func FirstWord(title string) string {
	word, _, _ := strings.Cut(title, " ")
	return word
}
