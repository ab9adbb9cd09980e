package report

import (
	"image"
	"math"
	"slices"
	"testing"

	"xinbot.ir/squall/internal/event"
)

// axesOf are the axes of the last panel of a chart in a picture.
func axesOf(run *Run, c chart, on *canvas) *axes {
	all := pngLayout.of(run).axes(on, c)
	return all[len(all)-1]
}

// emptyChart has one panel with nothing in it, as high as that of a latency.
func emptyChart() chart {
	return chart{panels: []chartPanel{{height: 176, high: 10, label: tickLabel}}}
}

// pixels are those of a rectangle, in points from the lower left corner.
func pixels(c *canvas, x0, y0, x1, y1 float64) []uint32 {
	at := func(v float64) int { return int(math.Round(v * pngDPI / 72)) }
	img := c.image.Image()
	bottom := img.Bounds().Dy()
	area := image.Rect(at(x0), bottom-at(y1), at(x1), bottom-at(y0))
	var all []uint32
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			all = append(all, r>>8<<16|g>>8<<8|b>>8)
		}
	}
	return all
}

func differing(a, b []uint32) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// A mark within the name of a spike does not cross it.
func TestNameOfAPhaseIsNotCrossed(t *testing.T) {
	run, err := Load(synthetic{seconds: 180}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	latency := latencyChart(run, run.series[0])
	plain := drawPNG(run, latency)
	run.files.Events = append(run.files.Events, happened(104, event.RoleOperator, event.Noted{Note: "x"}))
	marked := drawPNG(run, latency)
	p := axesOf(run, latency, plain)
	x, name := p.x(100.4), p.letters(8, 0).width("Channel spike")
	if p.x(104) > x+name {
		t.Fatal("the mark is not within the name")
	}
	if n := differing(pixels(plain, x+3, p.top-11, x+4+name, p.top-2), pixels(marked, x+3, p.top-11, x+4+name, p.top-2)); n > 0 {
		t.Errorf("the mark changes %d pixels of the name", n)
	}
	if differing(pixels(plain, x, p.bottom, x+name, p.top), pixels(marked, x, p.bottom, x+name, p.top)) == 0 {
		t.Error("the mark is not drawn at all")
	}
}

// Virtual users want no rate: there is no dashed line on 0 while they make the load.
func TestNoWantedRateInTheClosedModel(t *testing.T) {
	run, err := Load(synthetic{seconds: 60, openFrom: 30}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range intervals(run, mostIntervals) {
		if closed := i < 30; math.IsNaN(wantedRate(s)) != closed {
			t.Errorf("second %d wants %v requests per second", i, wantedRate(s))
		}
	}
	drawPNG(run, loadCharts(run)[0])
	c := emptyChart()
	run.length, run.cuts, run.injections = 10, nil, nil
	on := newCanvas(pngLayout.of(run).heightOf(c))
	p := axesOf(run, c, on)
	p.drawLine(chartLine{role: objectiveRole, gap: 10, times: []float64{1, 4, 5, 8, 9}, values: []float64{5, 5, math.NaN(), 5, 5}})
	seen := func(at float64) bool {
		return slices.ContainsFunc(pixels(on, p.x(at)-4, p.bottom, p.x(at)+4, p.top), func(px uint32) bool { return px != 0xffffff })
	}
	if !seen(2) || seen(6) || !seen(8.5) {
		t.Errorf("the line is drawn at 2 s (%v), at 6 s (%v, a gap) and at 8.5 s (%v)", seen(2), seen(6), seen(8.5))
	}
}

// A line is cut where nothing was measured, and where a value is not a number.
func TestGapsCutLines(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		times, values []float64
		want          [][]int
	}{
		{nil, nil, nil},
		{[]float64{1}, []float64{1}, [][]int{{0}}},
		{[]float64{1}, []float64{nan}, nil},
		{[]float64{1, 2, 3}, []float64{1, 1, 1}, [][]int{{0, 1, 2}}},
		{[]float64{1, 2, 5, 6}, []float64{1, 1, 1, 1}, [][]int{{0, 1}, {2, 3}}},
		{[]float64{1, 2, 3, 4}, []float64{1, nan, 1, nan}, [][]int{{0}, {2}}},
		{[]float64{1, 2, 9}, []float64{nan, nan, 1}, [][]int{{2}}},
	} {
		got := chartLine{gap: 1.5, times: c.times, values: c.values}.pieces()
		if !slices.EqualFunc(got, c.want, slices.Equal[[]int]) {
			t.Errorf("%v %v is cut into %v, want %v", c.times, c.values, got, c.want)
		}
	}
}
