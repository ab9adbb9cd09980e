package tui

import (
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/tui/grid"
)

// drawAxis draws the time axis in one row: a base line with the marks of what happened on it.
func drawAxis(g *grid.Grid, x, y int, s *scene) {
	a := s.history.axis
	for i := range a.count {
		g.Set(x+i, y, '─', s.styles.faint)
	}
	// Of marks in one column the gravest stands there.
	for _, m := range s.story.marks {
		col := a.place(m.at)
		if col < 0 || col >= a.count {
			continue
		}
		bad, guide := s.styles.mark(event.Bad), s.styles.mark(event.Notable)
		if c := g.At(x+col, y); c.Rune != '─' && (c.Style == bad || c.Style == guide && m.tone != event.Bad && !m.guide) {
			continue
		}
		g.Set(x+col, y, m.sign, s.styles.mark(m.tone))
	}
	// The second that is open: the one cell that moves between seconds.
	if s.history.axis.last >= 0 || s.beat > 0 {
		g.Set(x+a.count, y, beatSign(s.beat), s.styles.accent)
	}
}

// beatSign fills an upright bar within a second.
func beatSign(beat int) rune {
	signs := [...]rune{'▁', '▁', '▂', '▃', '▄', '▅', '▅', '▆', '▇', '█'}
	return signs[min(max(beat, 0), len(signs)-1)]
}

// drawTimes labels round moments under the axis in local or UTC time.
func drawTimes(g *grid.Grid, x, y int, s *scene) {
	a := s.history.axis
	if a.length == 0 || s.calm.Started.IsZero() {
		return
	}
	step := tickStep(a.length)
	format := "15:04"
	if step%time.Minute != 0 {
		format = "15:04:05"
	}
	start := s.calm.Started.In(s.zone)
	// The first round moment at or after the left edge, by the wall clock.
	left := start.Add(time.Duration(a.first()) * a.length)
	_, offset := left.Zone()
	wall := left.Add(time.Duration(offset) * time.Second)
	tick := wall.Truncate(step).Add(-time.Duration(offset) * time.Second)
	free := x
	for ; ; tick = tick.Add(step) {
		since := tick.Sub(start)
		col := int((since - time.Duration(a.first())*a.length) / a.length)
		if col >= a.count {
			break
		}
		if since < 0 || tick.Before(left) {
			continue
		}
		label := tick.Format(format)
		at := min(x+col-len(label)/2, min(x+a.count+1, g.Width())-len(label))
		if at < free || taken(g, at, y, len(label)) {
			continue
		}
		g.Text(at, y, len(label), label, s.styles.dim)
		free = at + len(label) + 2
	}
	if free == x { // a young run: no round moment has passed
		right := min(x+a.count+1, g.Width())
		if label := start.Format("15:04:05"); !taken(g, right-len(label), y, len(label)) {
			g.TextRight(right, y, len(label), label, s.styles.dim)
		}
	}
}

// taken tells whether a span already stands there.
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

// drawSpans shades what was on, on the time axis, in the rows from y down: as many as lanes.
func drawSpans(g *grid.Grid, x, y int, s *scene, lanes []placedSpan) {
	for _, sp := range lanes {
		style := s.styles.spanCalm
		switch {
		case sp.bad:
			style = s.styles.spanBad
		case sp.loud && sp.lane%2 == 1:
			style = s.styles.spanNext
		case sp.loud:
			style = s.styles.span
		}
		loud := sp.loud || sp.bad
		for i := sp.first; i < sp.end; i++ {
			g.Set(x+i, y+sp.lane, spanGround(loud, s.styles.mono), style)
		}
		room := sp.end - sp.first
		for _, label := range []string{sp.label, sp.short} {
			if w := grid.Width(label); w > 0 && room >= w {
				g.Text(x+sp.first+(room-w)/2, y+sp.lane, w, label, style)
				break
			}
		}
	}
}

func spanGround(loud, mono bool) rune {
	if mono && !loud {
		return '─'
	}
	return ' '
}

// mark is how a moment looks on the axis.
func (s *styles) mark(tone event.Tone) grid.Style {
	return [...]grid.Style{event.Notable: s.accent, event.Bad: s.bad, event.Good: s.good, event.Quiet: s.dim}[tone]
}
