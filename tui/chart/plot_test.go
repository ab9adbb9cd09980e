package chart

import (
	"testing"

	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
)

// drawn draws one bar in a chart of two rows and returns its cells from the top.
func drawn(mono bool, pale, outer, inner float64, limitRow int) [2]grid.Cell {
	g := grid.New(1, 2)
	p := Plot{Grid: g, W: 1, H: 2, Top: 16, Mono: mono}
	p.Bar(0, pale, outer, inner, limitRow, BarInks{theme.InkP99, theme.InkP95, theme.InkP50, theme.InkBroken95, theme.InkBroken50})
	return [2]grid.Cell{g.At(0, 0), g.At(0, 1)}
}

func TestBars(t *testing.T) {
	cell := func(r rune, fg, bg grid.Ink) grid.Cell { return grid.Cell{Rune: r, Style: grid.Style{Fg: fg, Bg: bg}} }
	blank := grid.Cell{}
	for _, c := range []struct {
		name               string
		pale, outer, inner float64
		limitRow           int
		want               [2]grid.Cell
	}{
		{"nothing", 0, 0, 0, -1, [2]grid.Cell{blank, blank}},
		{"too small to see is seen", 0.001, 0.001, 0.001, -1, [2]grid.Cell{blank, cell('▁', theme.InkP95, 0)}},
		{"inside one another", 16, 10, 4, -1, [2]grid.Cell{cell('▂', theme.InkP95, theme.InkP99), cell('▄', theme.InkP50, theme.InkP95)}},
		{"full", 16, 16, 16, -1, [2]grid.Cell{cell('█', theme.InkP50, 0), cell('█', theme.InkP50, 0)}},
		{"above the objective", 16, 16, 8, 1, [2]grid.Cell{cell('█', theme.InkBroken95, 0), cell('█', theme.InkP50, 0)}},
		{"only the pale part is above", 16, 8, 4, 1, [2]grid.Cell{cell('█', theme.InkP99, 0), cell('▄', theme.InkP50, theme.InkP95)}},
		{"beyond the picture", 99, 99, 99, -1, [2]grid.Cell{cell('█', theme.InkP50, 0), cell('█', theme.InkP50, 0)}},
	} {
		if got := drawn(false, c.pale, c.outer, c.inner, c.limitRow); got != c.want {
			t.Errorf("%s: drew %+v, want %+v", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		name         string
		outer, inner float64
		limitRow     int
		want         [2]rune
	}{
		{"textures tell the parts apart", 16, 4, -1, [2]rune{'░', '▄'}},
		{"and what is above the objective", 16, 4, 1, [2]rune{'▓', '▄'}},
		{"too small to see is seen", 0.001, 0, -1, [2]rune{0, '▁'}},
	} {
		got := drawn(true, c.outer, c.outer, c.inner, c.limitRow)
		if got[0].Rune != c.want[0] || got[1].Rune != c.want[1] {
			t.Errorf("without colours, %s: drew %q %q", c.name, got[0].Rune, got[1].Rune)
		}
	}
}

// The share that failed hangs from the top: over blank cells a hatch, over a bar its other colour.
func TestHang(t *testing.T) {
	blank, hatch := grid.Cell{}, grid.Cell{Rune: '▒', Style: grid.Style{Fg: theme.InkBroken95}}
	bar := grid.Cell{Rune: '█', Style: grid.Style{Fg: theme.InkP95}}
	failed := grid.Cell{Rune: '█', Style: grid.Style{Fg: theme.InkBroken95}}
	line := grid.Cell{Rune: '▔', Style: grid.Style{Fg: theme.InkBroken95}}
	for _, c := range []struct {
		share float64
		want  [4]grid.Cell
	}{
		{0, [4]grid.Cell{blank, blank, bar, bar}},
		{0.001, [4]grid.Cell{line, blank, bar, bar}},
		{0.25, [4]grid.Cell{hatch, blank, bar, bar}},
		{0.7, [4]grid.Cell{hatch, hatch, failed, bar}},
		{1, [4]grid.Cell{hatch, hatch, failed, failed}},
	} {
		g := grid.New(1, 4)
		p := Plot{Grid: g, W: 1, H: 4, Top: 4}
		p.Bar(0, 2, 2, 0, -1, BarInks{theme.InkP99, theme.InkP95, theme.InkP50, theme.InkBroken95, theme.InkBroken50})
		p.Hang(0, c.share)
		if got := [4]grid.Cell{g.At(0, 0), g.At(0, 1), g.At(0, 2), g.At(0, 3)}; got != c.want {
			t.Errorf("a share of %v is drawn %+v, want %+v", c.share, got, c.want)
		}
	}
	g := grid.New(1, 2)
	p := Plot{Grid: g, W: 1, H: 2, Mono: true}
	if p.Hang(0, 1); g.At(0, 0).Rune != '╳' || g.At(0, 1).Rune != '╳' {
		t.Error("without colours there is no hatch of its own")
	}
}

func TestNiceTop(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{
		{0, 0}, {-1, 0}, {0.0006, 0.0006}, {0.00061, 0.0008}, {1.1, 1.25}, {9.1, 10}, {1000, 1000},
	} {
		if got := NiceTop(c.v); got < c.want*0.999999 || got > c.want*1.000001 {
			t.Errorf("niceTop(%v) = %v, want %v", c.v, got, c.want)
		}
	}
}
