package chart

import (
	"time"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Gutter is the width of the value axis at the left of a chart, ProgressColumn the cell at its right.
const (
	Gutter         = 8
	ProgressColumn = 1
)

// LatencyChart is one latency chart's plot with its value axis.
type LatencyChart struct {
	Row    view.LatencyRow
	p99    []float64
	plot   Plot
	limit  time.Duration // of the objective; 0: none
	broken bool          // the objective fails now
}

// Draw fills the rectangle x, y, w, h of g: value axis, bars, lines, marks.
func (p *LatencyChart) Draw(g *grid.Grid, x, y, w, h int, s *view.State) {
	p.plot = Plot{Grid: g, X: x + Gutter, Y: y, W: w - Gutter - ProgressColumn, H: h, Mono: s.Styles.Mono}
	if p.plot.W <= 0 || h <= 0 {
		return
	}
	verdict, has := p.Row.Objective(s.LastSecond.Live)
	p.limit, p.broken = 0, false
	if has {
		p.limit, p.broken = view.Bound(verdict.Objective), verdict.State == slo.Fail
	}
	highest95, highest99 := p.scan(s)
	p.scale(highest95, highest99)
	limitRow, inside := -1, false
	if p.limit > 0 {
		limitRow, inside = p.plot.Row(seconds(p.limit))
		if !inside {
			limitRow = -1
		}
	}
	p.bars(s, limitRow)
	p.failures(s)
	if s.Styles.Mono {
		p.plot.Line(p.p99, grid.Style{}, false)
	} else {
		p.plot.overflow(p.p99, s.Styles.Dim)
	}
	for _, m := range s.Marks.Marks {
		if m.Guide {
			p.plot.Guide(s.History.Axis.Place(m.At), s.Styles.Faint)
		}
	}
	p.axis(s, limitRow, inside, highest95 == 0)
}

// scan finds the highest values in view and collects p99.
func (p *LatencyChart) scan(s *view.State) (highest95, highest99 time.Duration) {
	p.p99 = p.p99[:0]
	for x := range p.plot.W {
		var v float64
		if c := s.History.At(x); c != nil {
			fc := p.Row.Column(c)
			highest95, highest99 = max(highest95, fc.P95), max(highest99, fc.P99)
			v = seconds(fc.P99)
		}
		p.p99 = append(p.p99, v)
	}
	return highest95, highest99
}

// scale sets the top of the picture from what is visible. The objective is in the picture unless it
// would press everything else flat; an outlier of p99 gets an arrow instead of the whole scale.
func (p *LatencyChart) scale(highest95, highest99 time.Duration) {
	top := max(seconds(highest95)*1.08, min(seconds(highest99)*1.02, seconds(highest95)*3))
	if limit := seconds(p.limit) * 1.15; limit > top && (top == 0 || limit <= top*8) {
		top = limit
	}
	p.plot.Top = NiceTop(top)
}

func (p *LatencyChart) bars(s *view.State, limitRow int) {
	inks := BarInks{theme.InkP99, theme.InkP95, theme.InkP50, theme.InkBroken95, theme.InkBroken50}
	for x := range p.plot.W {
		if c := s.History.At(x); c != nil {
			if fc := p.Row.Column(c); fc.Count > 0 {
				p.plot.Bar(x, min(seconds(fc.P99), p.plot.Top), seconds(fc.P95), seconds(fc.P50), limitRow, inks)
			}
		}
	}
}

// failures hangs the share of its requests that failed from the top of each second's column, as part of its height:
// latencies speak of those alone that were answered.
func (p *LatencyChart) failures(s *view.State) {
	for x := range p.plot.W {
		if c := s.History.At(x); c != nil {
			fc := p.Row.Column(c)
			p.plot.Hang(x, fc.FailedShare())
		}
	}
}

// axis labels the values and draws the objective, or says that it is out of the picture.
func (p *LatencyChart) axis(s *view.State, limitRow int, inside, empty bool) {
	g, st, right := p.plot.Grid, s.Styles, p.plot.X-1
	lineStyle := grid.Style{Fg: theme.InkLine}
	if p.broken {
		lineStyle = st.Bad
	}
	label := func(row int, d time.Duration, style grid.Style) {
		g.TextRight(right, row, Gutter-1, units.LatencyBound(d), style)
	}
	if p.plot.Top > 0 && p.plot.H > 2 {
		g.TextRight(right, p.plot.Y+p.plot.H-1, Gutter-1, "0", st.Dim)
		for _, part := range AxisParts(p.plot.H) {
			row, _ := p.plot.Row(p.plot.Top * part)
			if row != limitRow {
				label(row, time.Duration(p.plot.Top*part*float64(time.Second)), st.Dim)
			}
		}
	}
	switch {
	case inside:
		p.plot.Level(limitRow, '╌', lineStyle)
		g.Fill(p.plot.X-Gutter, limitRow, Gutter, 1, ' ', grid.Style{})
		label(limitRow, p.limit, lineStyle)
	case p.limit > 0:
		p.say(0, "↑ objective at "+units.LatencyBound(p.limit), st.Dim)
	case s.Began():
		p.say(0, "no objective on this latency", st.Dim)
	}
	if empty {
		p.say(p.plot.H/2, emptyText(p.Row, s), st.Dim)
	}
}

// emptyText says why a chart has no latency in view.
func emptyText(row view.LatencyRow, s *view.State) string {
	switch reason := row.Off(s); {
	case reason != "":
		return "off: " + reason
	case s.LastSecond.Load.Windows == nil:
		return "waiting for the first second"
	}
	return "no answers in view"
}

// say writes a remark at the left of the plot.
func (p *LatencyChart) say(row int, text string, style grid.Style) {
	p.plot.Grid.Text(p.plot.X+1, p.plot.Y+row, p.plot.W-1, text, style)
}

// AxisParts are the parts of the scale that get a label beside 0.
func AxisParts(height int) []float64 {
	switch {
	case height >= 14:
		return []float64{1, 0.75, 0.5, 0.25}
	case height >= 7:
		return []float64{1, 0.5}
	default:
		return []float64{1}
	}
}
