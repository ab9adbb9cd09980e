package tui

import (
	"math"
	"time"

	"github.com/NimbleMarkets/ntcharts/canvas"
	"github.com/NimbleMarkets/ntcharts/canvas/graph"
	"github.com/NimbleMarkets/ntcharts/canvas/runes"

	"xinbot.ir/squall/tui/grid"
)

// plot is the rectangle of a chart in which data is drawn: one cell column per history column,
// values from 0 at the bottom to top at the upper edge.
type plot struct {
	g          *grid.Grid
	x, y, w, h int
	top        float64
	mono       bool
}

// eighths is the height of a value in eighths of a cell. A value above zero is at least one: what is
// there must not vanish.
func (p *plot) eighths(v float64) int {
	if v <= 0 || p.top <= 0 {
		return 0
	}
	return min(max(int(math.Round(v/p.top*float64(p.h*8))), 1), p.h*8)
}

// row is the grid row at a value, and whether it is inside the picture.
func (p *plot) row(v float64) (int, bool) {
	if p.top <= 0 || v > p.top {
		return 0, false
	}
	return p.y + p.h - 1 - min(int(v/p.top*float64(p.h)), p.h-1), true
}

// barInks are the colours of one bar: a pale part that reaches highest, the bar itself and the part
// inside it, and both where they are above the objective.
type barInks struct{ pale, outer, inner, outerBroken, innerBroken grid.Ink }

// bar draws three values within one another, in eighths of a cell. Above the row limitRow the bar
// changes colour; limitRow < 0 means there is no limit. Without colours the pale part is left out.
func (p *plot) bar(x int, pale, outer, inner float64, limitRow int, inks barInks) {
	top, out, in := p.eighths(pale), p.eighths(outer), p.eighths(inner)
	if p.mono {
		top = out
	}
	for cell := 0; cell*8 < max(top, out); cell++ {
		y := p.y + p.h - 1 - cell
		part := func(n int) int { return min(max(n-cell*8, 0), 8) }
		outerInk, innerInk := inks.outer, inks.inner
		broken := y < limitRow
		if broken {
			outerInk, innerInk = inks.outerBroken, inks.innerBroken
		}
		if p.mono {
			p.g.Set(p.x+x, y, monoBar(part(out), part(in), cell == 0, broken), grid.Style{})
			continue
		}
		r, style := barCell(part(top), part(out), part(in), inks.pale, outerInk, innerInk)
		p.g.Set(p.x+x, y, r, style)
	}
}

// barCell is one cell of a bar. A cell shows two colours: where all three meet, the inner part gives
// way to the outer one, which objectives are about.
func barCell(pale, outer, inner int, paleInk, outerInk, innerInk grid.Ink) (rune, grid.Style) {
	block := func(n int) rune { return runes.LowerBlockElementFromFloat64(float64(n) / 8) }
	switch {
	case inner == 8:
		return '█', grid.Style{Fg: innerInk}
	case inner > 0 && outer == 8:
		return block(inner), grid.Style{Fg: innerInk, Bg: outerInk}
	case outer == 8:
		return '█', grid.Style{Fg: outerInk}
	case outer > 0 && pale == 8:
		return block(outer), grid.Style{Fg: outerInk, Bg: paleInk}
	case outer > 0:
		return block(outer), grid.Style{Fg: outerInk}
	default:
		return block(pale), grid.Style{Fg: paleInk}
	}
}

// monoBar tells the two parts of a bar apart by their texture: the inner part is solid. What fits one
// cell is solid too, as high as the outer value: nothing vanishes.
func monoBar(outer, inner int, foot, broken bool) rune {
	switch {
	case foot && outer < 8:
		return runes.LowerBlockElementFromFloat64(float64(outer) / 8)
	case inner > 0:
		return runes.LowerBlockElementFromFloat64(float64(inner) / 8)
	case outer < 3:
		return 0
	case broken:
		return '▓'
	default:
		return '░'
	}
}

// line draws values as a Braille line through the cells that are still blank and, if over is set,
// through full bars too. A value of 0 or less is a gap. What is above the picture gets an arrow at
// its upper edge.
func (p *plot) line(values []float64, style grid.Style, over bool) {
	if p.w <= 0 || p.h <= 0 || p.top <= 0 {
		return
	}
	dots := graph.NewBrailleGrid(p.w, p.h, 0, float64(p.w*2-1), 0, p.top)
	var before canvas.Point
	joined := false
	for x, v := range values {
		if v <= 0 {
			joined = false
			continue
		}
		if v > p.top {
			p.g.Set(p.x+x, p.y, '↑', style)
		}
		at := dots.GridPoint(canvas.Float64Point{X: float64(x * 2), Y: min(v, p.top)})
		if joined {
			for _, point := range graph.GetLinePoints(before, at) {
				dots.Set(point)
			}
		} else {
			dots.Set(at)
		}
		dots.Set(canvas.Point{X: at.X + 1, Y: at.Y})
		before, joined = canvas.Point{X: at.X + 1, Y: at.Y}, true
	}
	for y, row := range dots.BraillePatterns() {
		for x, r := range row {
			if r == runes.BrailleBlockOffset {
				continue
			}
			switch c := p.g.At(p.x+x, p.y+y); {
			case c.Rune == 0:
				p.g.Set(p.x+x, p.y+y, r, style)
			case over && c.Rune == '█' && !p.mono:
				p.g.Set(p.x+x, p.y+y, r, grid.Style{Fg: inkLine, Bg: c.Style.Fg})
			}
		}
	}
}

// overflow marks the values that are above the picture.
func (p *plot) overflow(values []float64, style grid.Style) {
	for x, v := range values {
		if v > p.top && p.top > 0 {
			bg := p.g.At(p.x+x, p.y).Style.Fg
			p.g.Set(p.x+x, p.y, '↑', style.On(bg))
		}
	}
}

// level draws a horizontal line at a value, over bars too: they keep their colour behind it.
func (p *plot) level(row int, sign rune, style grid.Style) {
	for x := p.x; x < p.x+p.w; x++ {
		c := p.g.At(x, row)
		switch {
		case c.Rune == '↑', runes.IsBraillePattern(c.Rune) && x%2 == 0:
			continue // a line of dots along the level: both stay in sight
		case c.Rune == '█' && !p.mono:
			p.g.Set(x, row, sign, style.On(c.Style.Fg))
		case c.Rune != 0 && c.Style.Bg != 0:
			p.g.Set(x, row, sign, style.On(c.Style.Bg))
		default:
			p.g.Set(x, row, sign, style)
		}
	}
}

// guide draws a faint upright line through the blank cells of a column.
func (p *plot) guide(x int, style grid.Style) {
	if x < 0 || x >= p.w {
		return
	}
	for y := p.y; y < p.y+p.h; y++ {
		if p.g.At(p.x+x, y).Rune == 0 {
			p.g.Set(p.x+x, y, '┊', style)
		}
	}
}

// niceTop rounds the top of a scale up, so that the axis reads well and does not move each second.
func niceTop(v float64) float64 {
	if v <= 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	magnitude := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range [...]float64{1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
		if v <= step*magnitude*(1+1e-9) {
			return step * magnitude
		}
	}
	return 10 * magnitude
}

// hbar draws a horizontal bar of a share 0 to 1 in halves of a cell: a heavy line, so that bars in
// neighbouring rows stay apart. A share above 0 is at least one half.
func hbar(g *grid.Grid, x, y, w int, share float64, fill, rest grid.Style) {
	n := int(math.Round(min(max(share, 0), 1) * float64(w*2)))
	if share > 0 {
		n = max(n, 1)
	}
	for i := range w {
		switch {
		case n >= 2*i+2:
			g.Set(x+i, y, '━', fill)
		case n == 2*i+1:
			g.Set(x+i, y, '╸', fill)
		default:
			g.Set(x+i, y, '─', rest)
		}
	}
}

// seconds is a duration as a chart value.
func seconds(d time.Duration) float64 { return d.Seconds() }
