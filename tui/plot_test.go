package tui

import (
	"testing"

	"xinbot.ir/squall/tui/grid"
)

// drawn draws one bar in a chart of two rows and returns its cells from the top.
func drawn(mono bool, pale, outer, inner float64, limitRow int) [2]grid.Cell {
	g := grid.New(1, 2)
	p := plot{g: g, w: 1, h: 2, top: 16, mono: mono}
	p.bar(0, pale, outer, inner, limitRow, barInks{inkP99, inkP95, inkP50, inkBroken95, inkBroken50})
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
		{"too small to see is seen", 0.001, 0.001, 0.001, -1, [2]grid.Cell{blank, cell('▁', inkP95, 0)}},
		{"inside one another", 16, 10, 4, -1, [2]grid.Cell{cell('▂', inkP95, inkP99), cell('▄', inkP50, inkP95)}},
		{"full", 16, 16, 16, -1, [2]grid.Cell{cell('█', inkP50, 0), cell('█', inkP50, 0)}},
		{"above the objective", 16, 16, 8, 1, [2]grid.Cell{cell('█', inkBroken95, 0), cell('█', inkP50, 0)}},
		{"only the pale part is above", 16, 8, 4, 1, [2]grid.Cell{cell('█', inkP99, 0), cell('▄', inkP50, inkP95)}},
		{"beyond the picture", 99, 99, 99, -1, [2]grid.Cell{cell('█', inkP50, 0), cell('█', inkP50, 0)}},
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
