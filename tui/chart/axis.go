package chart

import (
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// DrawAxis draws the time axis in one row: a base line with the marks of what happened on it.
func DrawAxis(g *grid.Grid, x, y int, s *view.State) {
	a := s.History.Axis
	for i := range a.Count {
		g.Set(x+i, y, '─', s.Styles.Faint)
	}
	// Of marks in one column the gravest stands there.
	for _, m := range s.Marks.Marks {
		col := a.Place(m.At)
		if col < 0 || col >= a.Count {
			continue
		}
		bad, guide := s.Styles.Mark(event.Bad), s.Styles.Mark(event.Notable)
		if c := g.At(x+col, y); c.Rune != '─' && (c.Style == bad || c.Style == guide && m.Tone != event.Bad && !m.Guide) {
			continue
		}
		g.Set(x+col, y, m.Sign, s.Styles.Mark(m.Tone))
	}
	// The second that is open: the one cell that moves between seconds.
	if s.History.Axis.Last >= 0 || s.Progress > 0 {
		g.Set(x+a.Count, y, progressSign(s.Progress), s.Styles.Accent)
	}
}

// progressSign fills an upright bar within a second.
func progressSign(beat int) rune {
	signs := [...]rune{'▁', '▁', '▂', '▃', '▄', '▅', '▅', '▆', '▇', '█'}
	return signs[min(max(beat, 0), len(signs)-1)]
}

// DrawTimes labels round moments under the axis in local or UTC time.
func DrawTimes(g *grid.Grid, x, y int, s *view.State) {
	a := s.History.Axis
	if a.Length == 0 || s.LastSecond.Started.IsZero() {
		return
	}
	step := tickStep(a.Length)
	format := "15:04"
	if step%time.Minute != 0 {
		format = "15:04:05"
	}
	start := s.LastSecond.Started.In(s.Zone).Add(-a.Lead)
	// The first round moment at or after the left edge, by the wall clock.
	left := start.Add(time.Duration(a.First()) * a.Length)
	_, offset := left.Zone()
	wall := left.Add(time.Duration(offset) * time.Second)
	tick := wall.Truncate(step).Add(-time.Duration(offset) * time.Second)
	free := x
	for ; ; tick = tick.Add(step) {
		since := tick.Sub(start)
		col := int((since - time.Duration(a.First())*a.Length) / a.Length)
		if col >= a.Count {
			break
		}
		if since < 0 || tick.Before(left) {
			continue
		}
		label := tick.Format(format)
		at := min(x+col-len(label)/2, min(x+a.Count+1, g.Width())-len(label))
		if at < free || taken(g, at, y, len(label)) {
			continue
		}
		g.Text(at, y, len(label), label, s.Styles.Dim)
		free = at + len(label) + 2
	}
	if free == x { // a young run: no round moment has passed
		right := min(x+a.Count+1, g.Width())
		if label := start.Format("15:04:05"); !taken(g, right-len(label), y, len(label)) {
			g.TextRight(right, y, len(label), label, s.Styles.Dim)
		}
	}
}

// taken reports whether a span already stands there.
func taken(g *grid.Grid, x, y, w int) bool {
	for i := x - 1; i <= x+w; i++ {
		if c := g.At(i, y); c.Rune != 0 {
			return true
		}
	}
	return false
}

// tickStep is how far apart time labels stand: at least ten columns, at a round step.
func tickStep(column time.Duration) time.Duration {
	for _, step := range []time.Duration{
		15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour,
	} {
		if step >= 10*column {
			return step
		}
	}
	return 24 * time.Hour
}

// DrawSpans shades what was on, on the time axis, in the rows from y down: as many as lanes.
func DrawSpans(g *grid.Grid, x, y int, s *view.State, lanes []view.PlacedSpan) {
	owners := map[[2]int]int{} // of the cells, by row and column: the span that is drawn last
	for n, sp := range lanes {
		for i := sp.First; i < sp.End; i++ {
			owners[[2]int{sp.Lane, i}] = n
		}
	}
	for n, sp := range lanes {
		style := s.Styles.SpanCalm
		switch {
		case sp.Bad:
			style = s.Styles.SpanBad
		case sp.Alert:
			style = s.Styles.Accent
		case sp.Loud && sp.Lane%2 == 1:
			style = s.Styles.SpanNext
		case sp.Loud:
			style = s.Styles.Span
		}
		loud := sp.Loud || sp.Bad
		for i := sp.First; i < sp.End; i++ {
			ground := spanGround(loud, s.Styles.Mono)
			if sp.Alert { // a line, where a fault is a bar
				ground = '═'
			}
			g.Set(x+i, y+sp.Lane, ground, style)
		}
		first, room := longest(sp.First, sp.End, func(i int) bool { return owners[[2]int{sp.Lane, i}] == n })
		for _, label := range []string{sp.Label, sp.Short} {
			if w := grid.Width(label); w > 0 && room >= w {
				g.Text(x+first+(room-w)/2, y+sp.Lane, w, label, style)
				break
			}
		}
	}
}

// longest is where the longest row of cells begins that a test holds for, and its length.
func longest(from, to int, holds func(int) bool) (first, length int) {
	begun := from
	for i := from; i < to; i++ {
		if !holds(i) {
			begun = i + 1
		} else if n := i + 1 - begun; n > length {
			first, length = begun, n
		}
	}
	return first, length
}

func spanGround(loud, mono bool) rune {
	if mono && !loud {
		return '─'
	}
	return ' '
}
