package chart

import (
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// drawHeatmap draws the latencies of seconds of gateway requests, with an objective at 1.5 s.
func drawHeatmap(w, h int, mono bool, seconds ...map[time.Duration]uint32) *grid.Grid {
	began := time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC)
	s := &view.State{Styles: &theme.Styles{Mono: mono}, Zone: time.UTC}
	s.LastSecond.Started = began
	s.LastSecond.Live = []slo.Result{{Objective: slo.Objective{Metric: "gateway_latency", Aggregate: "p(95)", Operator: "<", Bound: 1500}, State: slo.Pass}}
	for i, second := range seconds {
		win := load.Registry().NewWindow()
		win.Start, win.Length = began.Add(time.Duration(i)*time.Second), time.Second
		win.Density = make([]metric.SparseDensity, len(win.Flows))
		counts := make([]uint32, metric.NumBins)
		for latency, n := range second {
			counts[metric.BinOf(latency)] += n
		}
		win.Density[load.Gateway.ID()].Counts = counts
		s.LastSecond.Load.Windows = append(s.LastSecond.Load.Windows, win)
	}
	s.History.Sync(began, s.LastSecond.Load.Windows, view.TimeRanges()[0], 60)
	g := grid.New(w, h)
	p := Heatmap{Row: view.LatencyRows()[0]}
	p.Draw(g, 0, 0, w, h, s)
	return g
}

// text is a row of a grid.
func text(g *grid.Grid, y int) string {
	var b strings.Builder
	for x := range g.Width() {
		if r := g.At(x, y).Rune; r > 0 {
			b.WriteRune(r)
		} else {
			b.WriteByte(' ')
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// rowOf is the row whose label on the latency axis is this.
func rowOf(t *testing.T, g *grid.Grid, label string) int {
	t.Helper()
	for y := range g.Height() {
		if row := []rune(text(g, y)); strings.TrimSpace(string(row[:min(len(row), Gutter)])) == label {
			return y
		}
	}
	t.Fatalf("no row is labelled %q", label)
	return 0
}

// Two kinds of answers are two bands, each beside its latency, with what there are more of in a denser sign.
func TestAHeatmapShowsTwoKinds(t *testing.T) {
	g := drawHeatmap(69, 20, true, map[time.Duration]uint32{50 * time.Millisecond: 100, time.Second: 1})
	column := Gutter + 59
	fast, slow := -1, -1
	for y := range g.Height() {
		switch g.At(column, y).Rune {
		case '█':
			fast = y
		case '⠂':
			slow = y
		case 0, '╌':
		default:
			t.Errorf("row %d has %q", y, g.At(column, y).Rune)
		}
	}
	if got := rowOf(t, g, "50 ms"); fast != got {
		t.Errorf("100 answers of 50 ms are in row %d, 50 ms is row %d", fast, got)
	}
	if objective := rowOf(t, g, "1.5 s"); slow <= objective || slow >= fast {
		t.Errorf("one answer of 1 s is in row %d, between the objective in row %d and row %d", slow, objective, fast)
	}
	if legend := text(g, 0); !strings.Contains(legend, "requests in a cell: ⠂ 1+") || !strings.HasSuffix(legend, "█ 50+") {
		t.Errorf("the legend is %q", legend)
	}
}

// With colours a cell has two rows.
func TestHalves(t *testing.T) {
	few, many := theme.Heat(0), theme.Heat(theme.NumHeat-1)
	for _, c := range []struct {
		upper, lower int
		sign         rune
		style        grid.Style
	}{
		{-1, -1, 0, grid.Style{}},
		{0, -1, '▀', grid.Style{Fg: few}},
		{-1, 0, '▄', grid.Style{Fg: few}},
		{4, 4, '█', grid.Style{Fg: many}},
		{0, 4, '▀', grid.Style{Fg: few, Bg: many}},
	} {
		if sign, style := halves(c.upper, c.lower); sign != c.sign || style != c.style {
			t.Errorf("%d over %d is %q %+v", c.upper, c.lower, sign, style)
		}
	}
}

func TestCountLevels(t *testing.T) {
	for _, c := range []struct {
		most uint64
		want []uint64
	}{
		{1, []uint64{1}},
		{2, []uint64{1, 2}},
		{30, []uint64{1, 2, 5, 10, 20}},
		{1000, []uint64{1, 5, 20, 50, 200}},
	} {
		if got := countLevels(c.most); !slices.Equal(got, c.want) {
			t.Errorf("up to %d: %v, want %v", c.most, got, c.want)
		}
	}
}

// Whatever the heights and ranges, every latency in view has a row within the picture, the higher the longer it is.
func TestEveryLatencyIsInThePicture(t *testing.T) {
	for _, mono := range []bool{true, false} {
		for h := 1; h < 60; h++ {
			for _, highest := range []int{0, 1, 7, 40, metric.NumBins - 1} {
				for lowest := 0; lowest <= highest; lowest += 3 {
					p := Heatmap{plot: Plot{H: h, Mono: mono}}
					p.fit(lowest, highest)
					rows, before := h*p.scale.halves, -1
					for bin := lowest; bin <= highest; bin++ {
						row := p.scale.row(bin)
						if bin < p.scale.first || row+p.scale.rows > rows || row < before {
							t.Fatalf("height %d, bins %d to %d: bin %d is in row %d of %d (%+v)", h, lowest, highest, bin, row, rows, p.scale)
						}
						before = row
					}
				}
			}
		}
	}
}
