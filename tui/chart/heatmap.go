package chart

import (
	"math"
	"time"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Heatmap is one latency chart's requests by time, by latency, and by how many they were. Two kinds of requests, such as
// answers and fallbacks, are two bands in it, where percentiles jump from one to the other.
type Heatmap struct {
	Row     view.LatencyRow
	plot    Plot
	scale   heatScale
	columns []metric.Density
	counts  []uint64 // least count of each level
}

// heatScale sets bins into rows: a row has several bins, or a bin several rows. With colours a cell has two rows.
type heatScale struct {
	first, bins, rows int // the lowest bin; bins of a row; rows of a bin
	halves            int // rows of a cell
}

// Draw fills the rectangle x, y, w, h of g: legend, latency axis, counts, objective.
func (p *Heatmap) Draw(g *grid.Grid, x, y, w, h int, s *view.State) {
	top := 0
	if h > fewestHeatRows {
		top = 1
	}
	p.plot = Plot{Grid: g, X: x + Gutter, Y: y + top, W: w - Gutter - ProgressColumn, H: h - top, Mono: s.Styles.Mono}
	if p.plot.W <= 0 || h <= 0 {
		return
	}
	lowest, highest := p.collect(s)
	if lowest > highest {
		g.Text(p.plot.X+1, p.plot.Y+p.plot.H/2, p.plot.W-1, emptyText(p.Row, s), s.Styles.Dim)
		p.failures(s)
		return
	}
	limit, broken := time.Duration(0), false
	if verdict, has := p.Row.Objective(s.LastSecond.Live); has {
		limit, broken = view.Bound(verdict.Objective), verdict.State == slo.Fail
	}
	if bin := metric.BinOf(limit); limit > 0 && bin >= lowest-farthestLimit && bin <= highest+farthestLimit {
		lowest, highest = min(lowest, bin), max(highest, bin)
	}
	p.fit(lowest, highest)
	p.counts = countLevels(p.most())
	p.cells()
	failed := p.failures(s)
	if top > 0 {
		p.legend(x, y, w, failed, s)
	}
	for _, m := range s.Marks.Marks {
		if m.Guide {
			p.plot.Guide(s.History.Axis.Place(m.At), s.Styles.Faint)
		}
	}
	p.axis(s, limit, broken)
}

const (
	fewestHeatRows = 4  // that leave room for a legend above
	farthestLimit  = 24 // bins, three doublings: an objective that is farther away is not in the picture
)

// collect sums the columns in view, and finds the bins between which their latencies are; none: the first is above the last.
func (p *Heatmap) collect(s *view.State) (lowest, highest int) {
	p.columns = p.columns[:0]
	lowest = metric.NumBins
	for x := range p.plot.W {
		var d metric.Density
		if c := s.History.At(x); c != nil {
			p.Row.AddDensity(&d, c)
		}
		for bin, n := range d {
			if n > 0 {
				lowest, highest = min(lowest, bin), max(highest, bin)
			}
		}
		p.columns = append(p.columns, d)
	}
	return lowest, highest
}

// fit chooses the scale. Bins stay whole, so that no row shows more than its neighbours by accident.
func (p *Heatmap) fit(lowest, highest int) {
	p.scale.halves = 2
	if p.plot.Mono {
		p.scale.halves = 1
	}
	rows, bins := p.plot.H*p.scale.halves, highest-lowest+1
	p.scale.bins = (bins + rows - 1) / rows
	p.scale.rows = max(1, rows/((bins+p.scale.bins-1)/p.scale.bins))
	shown := rows / p.scale.rows * p.scale.bins
	// What is left over is shared between both ends, in whole rows.
	p.scale.first = max(0, lowest-(shown-bins)/2/p.scale.bins*p.scale.bins)
}

// row is the row of a bin, counted from the bottom.
func (s heatScale) row(bin int) int { return (bin - s.first) / s.bins * s.rows }

// cells draws the counts.
func (p *Heatmap) cells() {
	for x := range p.columns {
		for cell := range p.plot.H {
			y := p.plot.Y + p.plot.H - 1 - cell
			lower := p.level(x, cell*p.scale.halves)
			if p.scale.halves == 1 {
				if lower >= 0 {
					p.plot.Grid.Set(p.plot.X+x, y, heatSigns[lower], grid.Style{})
				}
				continue
			}
			if r, style := halves(p.level(x, 2*cell+1), lower); r != 0 {
				p.plot.Grid.Set(p.plot.X+x, y, r, style)
			}
		}
	}
}

// halves is a cell of two rows, each of a level or blank.
func halves(upper, lower int) (rune, grid.Style) {
	switch {
	case upper < 0 && lower < 0:
		return 0, grid.Style{}
	case upper == lower:
		return '█', grid.Style{Fg: theme.Heat(upper)}
	case lower < 0:
		return '▀', grid.Style{Fg: theme.Heat(upper)}
	case upper < 0:
		return '▄', grid.Style{Fg: theme.Heat(lower)}
	}
	return '▀', grid.Style{Fg: theme.Heat(upper), Bg: theme.Heat(lower)}
}

// heatSigns are the levels without colours, from few to many.
var heatSigns = [theme.NumHeat]rune{'⠂', '░', '▒', '▓', '█'}

// count is how many requests a row of a column has.
func (p *Heatmap) count(x, row int) (n uint64) {
	from := p.scale.first + row/p.scale.rows*p.scale.bins
	for bin := from; bin < min(from+p.scale.bins, metric.NumBins); bin++ {
		n += uint64(p.columns[x][bin])
	}
	return n
}

// most is the highest count of a row.
func (p *Heatmap) most() (most uint64) {
	for x := range p.columns {
		for row := range p.plot.H * p.scale.halves {
			most = max(most, p.count(x, row))
		}
	}
	return most
}

// level is the shade of a row of a column: from 0, few, up; -1: none.
func (p *Heatmap) level(x, row int) int {
	n, level := p.count(x, row), -1
	for i, least := range p.counts {
		if n >= least {
			level = p.shade(i)
		}
	}
	return level
}

// shade spreads the levels that there are over the shades.
func (p *Heatmap) shade(level int) int {
	if len(p.counts) == 1 {
		return theme.NumHeat / 2
	}
	return level * (theme.NumHeat - 1) / (len(p.counts) - 1)
}

// countLevels are the least counts of the levels up to most: in equal steps of their logarithm, so that a few requests
// that took long are seen beside many that did not, and round.
func countLevels(most uint64) []uint64 {
	levels := []uint64{1}
	for i := 1; i < theme.NumHeat; i++ {
		v := math.Pow(NiceTop(float64(most)), float64(i)/theme.NumHeat)
		magnitude := math.Pow(10, math.Floor(math.Log10(v)))
		least := 10 * magnitude
		for _, step := range [...]float64{1, 2, 5} {
			if v < step*magnitude*math.Sqrt2 {
				least = step * magnitude
				break
			}
		}
		if n := uint64(least + 0.5); n > levels[len(levels)-1] && n <= most {
			levels = append(levels, n)
		}
	}
	return levels
}

// failures marks the columns in which requests failed at the upper edge, whether they have a latency or not, and reports
// whether there are any.
func (p *Heatmap) failures(s *view.State) (found bool) {
	edge := p.plot
	edge.H = 1
	for x := range p.plot.W {
		if c := s.History.At(x); c != nil {
			figures := p.Row.Column(c)
			found = found || figures.Failed > 0
			edge.Hang(x, figures.FailedShare())
		}
	}
	return found
}

// legend says in one row what the shades mean, as much as there is room for.
func (p *Heatmap) legend(x, y, w int, failed bool, s *view.State) {
	texts, total := make([]string, len(p.counts)), 0
	for i, n := range p.counts {
		texts[i] = units.CountShort(n) + "+"
		total += 2 + grid.Width(texts[i]) + 1
	}
	g, st, right := p.plot.Grid, s.Styles, x+w
	for _, name := range []string{"requests in a cell: ", "requests: ", ""} {
		if n := len(name); n+total <= w || name == "" {
			x += g.Text(x, y, n, name, st.Dim)
			break
		}
	}
	for i, text := range texts {
		sign, style := heatSigns[p.shade(i)], grid.Style{}
		if !p.plot.Mono {
			sign, style = '█', grid.Style{Fg: theme.Heat(p.shade(i))}
		}
		g.Set(x, y, sign, style)
		x += 2 + g.Text(x+2, y, right-x-2, text, st.Dim) + 1
	}
	if note := "▔ some failed"; failed && x+1+grid.Width(note) <= right {
		g.Text(x+1, y, right-x-1, note, st.Dim)
	}
}

// axis labels round latencies, and draws the objective or says that it is out of the picture.
func (p *Heatmap) axis(s *view.State, limit time.Duration, broken bool) {
	g, st := p.plot.Grid, s.Styles
	limitStyle := grid.Style{Fg: theme.InkLine}
	if broken {
		limitStyle = st.Bad
	}
	taken := map[int]bool{}
	label := func(d time.Duration, style grid.Style) (y int, done bool) {
		y, inside := p.place(d)
		if !inside || taken[y-1] || taken[y] || taken[y+1] {
			return 0, false
		}
		taken[y] = true
		g.TextRight(p.plot.X-1, y, Gutter-1, units.LatencyBound(d), style)
		return y, true
	}
	if limit > 0 {
		if y, inside := label(limit, limitStyle); inside {
			for x := range p.plot.W {
				switch c := g.At(p.plot.X+x, y); {
				case c.Rune == 0:
					g.Set(p.plot.X+x, y, '╌', limitStyle)
				case c.Rune == '█' && !p.plot.Mono:
					g.Set(p.plot.X+x, y, '╌', limitStyle.On(c.Style.Fg))
				}
			}
		} else {
			arrow := "↑"
			if metric.BinOf(limit) < p.scale.first {
				arrow = "↓"
			}
			g.Text(p.plot.X+1, p.plot.Y, p.plot.W-1, arrow+" objective at "+units.LatencyBound(limit), st.Dim)
		}
	}
	for _, step := range [...]time.Duration{100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond} { // powers of ten first
		for d := step; d <= 100*time.Second; d *= 10 {
			label(d, st.Dim)
		}
	}
}

// place is the grid row of a latency, and whether it is in the picture.
func (p *Heatmap) place(d time.Duration) (y int, inside bool) {
	bin := metric.BinOf(d)
	cell := p.scale.row(bin) / p.scale.halves
	return p.plot.Y + p.plot.H - 1 - cell, bin >= p.scale.first && cell < p.plot.H
}
