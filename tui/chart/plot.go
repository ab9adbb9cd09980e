// Package chart draws over time: bars, lines, the time axis with its marks, and spans under it.
package chart

import (
	"math"
	"time"

	"github.com/NimbleMarkets/ntcharts/canvas"
	"github.com/NimbleMarkets/ntcharts/canvas/graph"
	"github.com/NimbleMarkets/ntcharts/canvas/runes"

	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
)

// Plot is the rectangle of a chart in which data is drawn: one cell column per history column,
// values from 0 at the bottom to top at the upper edge.
type Plot struct {
	Grid       *grid.Grid
	X, Y, W, H int
	Top        float64
	Mono       bool
}

// eighths is the height of a value in eighths of a cell. A value above zero is at least one: what is
// there must not vanish.
func (p *Plot) eighths(v float64) int {
	if v <= 0 || p.Top <= 0 {
		return 0
	}
	return min(max(int(math.Round(v/p.Top*float64(p.H*8))), 1), p.H*8)
}

// Row is the grid row at a value, and whether it is inside the picture.
func (p *Plot) Row(v float64) (int, bool) {
	if p.Top <= 0 || v > p.Top {
		return 0, false
	}
	return p.Y + p.H - 1 - min(int(v/p.Top*float64(p.H)), p.H-1), true
}

// BarInks are the colours of one bar: a pale part that reaches highest, the bar itself and the part
// inside it, and both where they are above the objective.
type BarInks struct{ Pale, Outer, Inner, OuterBroken, InnerBroken grid.Ink }

// Bar draws three values within one another, in eighths of a cell. Above the row limitRow the bar
// changes colour; limitRow < 0 means there is no limit. Without colours the pale part is left out.
func (p *Plot) Bar(x int, pale, outer, inner float64, limitRow int, inks BarInks) {
	top, out, in := p.eighths(pale), p.eighths(outer), p.eighths(inner)
	if p.Mono {
		top = out
	}
	for cell := 0; cell*8 < max(top, out); cell++ {
		y := p.Y + p.H - 1 - cell
		part := func(n int) int { return min(max(n-cell*8, 0), 8) }
		outerInk, innerInk := inks.Outer, inks.Inner
		broken := y < limitRow
		if broken {
			outerInk, innerInk = inks.OuterBroken, inks.InnerBroken
		}
		if p.Mono {
			p.Grid.Set(p.X+x, y, monoBar(part(out), part(in), cell == 0, broken), grid.Style{})
			continue
		}
		r, style := barCell(part(top), part(out), part(in), inks.Pale, outerInk, innerInk)
		p.Grid.Set(p.X+x, y, r, style)
	}
}

// The signs of the share that failed, with colours and without.
const (
	hatch     = '▒'
	hatchMono = '╳'
)

// Hang draws a share, 0 to 1, from the top of a column down: a hatch over the blank cells, and what is drawn in the others
// changes its colour. A share that is less than half a cell is a line at the upper edge.
func (p *Plot) Hang(x int, share float64) {
	if share <= 0 || p.H <= 0 {
		return
	}
	cells := min(int(math.Round(share*float64(p.H))), p.H)
	sign, style := hatch, grid.Style{Fg: theme.InkBroken95}
	if p.Mono {
		sign = hatchMono
	}
	for i := range cells {
		c := p.Grid.At(p.X+x, p.Y+i)
		switch {
		case c.Rune == 0:
			p.Grid.Set(p.X+x, p.Y+i, sign, style)
		case !p.Mono:
			p.Grid.Set(p.X+x, p.Y+i, c.Rune, broken(c))
		}
	}
	if c := p.Grid.At(p.X+x, p.Y); cells == 0 && c.Rune == 0 {
		p.Grid.Set(p.X+x, p.Y, '▔', style)
	}
}

// broken is the style of a cell of a bar in the colours of a broken objective. Above the end of a bar the cell is filled,
// too.
func broken(c grid.Cell) grid.Style {
	style := c.Style
	if c.Rune != '█' && style.Bg == 0 {
		return grid.Style{Fg: theme.InkBroken50, Bg: theme.InkBroken95}
	}
	change := func(ink grid.Ink) grid.Ink {
		switch ink {
		case theme.InkP50:
			return theme.InkBroken50
		case theme.InkP95, theme.InkP99:
			return theme.InkBroken95
		}
		return ink
	}
	style.Fg, style.Bg = change(style.Fg), change(style.Bg)
	return style
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

// Line draws values as a Braille line through the cells that are still blank and, if over is set,
// through full bars too. A value of 0 or less is a gap. What is above the picture gets an arrow at
// its upper edge.
func (p *Plot) Line(values []float64, style grid.Style, over bool) {
	if p.W <= 0 || p.H <= 0 || p.Top <= 0 {
		return
	}
	dots := graph.NewBrailleGrid(p.W, p.H, 0, float64(p.W*2-1), 0, p.Top)
	var before canvas.Point
	joined := false
	for x, v := range values {
		if v <= 0 {
			joined = false
			continue
		}
		if v > p.Top {
			p.Grid.Set(p.X+x, p.Y, '↑', style)
		}
		at := dots.GridPoint(canvas.Float64Point{X: float64(x * 2), Y: min(v, p.Top)})
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
			switch c := p.Grid.At(p.X+x, p.Y+y); {
			case c.Rune == 0:
				p.Grid.Set(p.X+x, p.Y+y, r, style)
			case over && c.Rune == '█' && !p.Mono:
				p.Grid.Set(p.X+x, p.Y+y, r, grid.Style{Fg: theme.InkLine, Bg: c.Style.Fg})
			}
		}
	}
}

// overflow marks the values that are above the picture.
func (p *Plot) overflow(values []float64, style grid.Style) {
	for x, v := range values {
		if v > p.Top && p.Top > 0 {
			bg := p.Grid.At(p.X+x, p.Y).Style.Fg
			p.Grid.Set(p.X+x, p.Y, '↑', style.On(bg))
		}
	}
}

// Level draws a horizontal line at a value, over bars too: they keep their colour behind it.
func (p *Plot) Level(row int, sign rune, style grid.Style) {
	for x := p.X; x < p.X+p.W; x++ {
		c := p.Grid.At(x, row)
		switch {
		case c.Rune == '↑', runes.IsBraillePattern(c.Rune) && x%2 == 0:
			continue // a line of dots along the level: both stay in sight
		case c.Rune == hatchMono:
			continue
		case (c.Rune == '█' || c.Rune == hatch) && !p.Mono:
			p.Grid.Set(x, row, sign, style.On(c.Style.Fg))
		case c.Rune != 0 && c.Style.Bg != 0:
			p.Grid.Set(x, row, sign, style.On(c.Style.Bg))
		default:
			p.Grid.Set(x, row, sign, style)
		}
	}
}

// Guide draws a faint upright line through the blank cells of a column.
func (p *Plot) Guide(x int, style grid.Style) {
	if x < 0 || x >= p.W {
		return
	}
	for y := p.Y; y < p.Y+p.H; y++ {
		if p.Grid.At(p.X+x, y).Rune == 0 {
			p.Grid.Set(p.X+x, y, '┊', style)
		}
	}
}

// NiceTop rounds the top of a scale up, so that the axis reads well and does not move each second.
func NiceTop(v float64) float64 {
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

// HBar draws a horizontal bar of a share 0 to 1 in halves of a cell: a heavy line, so that bars in
// neighbouring rows stay apart. A share above 0 is at least one half.
func HBar(g *grid.Grid, x, y, w int, share float64, fill, rest grid.Style) {
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
