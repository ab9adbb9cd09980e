package report

import (
	"image"
	"math"
	"testing"

	"gonum.org/v1/plot/vg"

	"xinbot.ir/squall/internal/event"
)

// pixels are those of a rectangle, in points from the lower left corner.
func pixels(c *chart, x0, y0, x1, y1 vg.Length) []uint32 {
	at := func(v vg.Length) int { return int(math.Round(float64(v) * chartDPI / 72)) }
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
	plain := latencyChart(run, run.series[0])
	run.files.Events = append(run.files.Events, happened(104, event.RoleOperator, event.Noted{Note: "x"}))
	marked := latencyChart(run, run.series[0])
	p := plain.panel(underPanel+6, plain.height-topMargin, run.length, 1)
	x, name := p.x(100.4), textStyle(8, p.faint, false).Width("Channel spike")
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
	loadChart(run)
	c := newChart(200)
	p := c.panel(20, 180, 10, 10)
	p.drawLine(stroke(c.objective, 2), 10, []float64{1, 4, 5, 8, 9}, []float64{5, 5, math.NaN(), 5, 5}, false)
	seen := func(at float64) bool {
		for _, px := range pixels(c, p.x(at)-2, p.bottom, p.x(at)+2, p.top) {
			if px != 0xffffff {
				return true
			}
		}
		return false
	}
	if !seen(2) || seen(6) || !seen(8.5) {
		t.Errorf("the line is drawn at 2 s (%v), at 6 s (%v, a gap) and at 8.5 s (%v)", seen(2), seen(6), seen(8.5))
	}
}
