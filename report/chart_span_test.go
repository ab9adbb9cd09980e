package report

import (
	"testing"

	"xinbot.ir/squall/internal/event"
)

// shaded is the colour of a chart's background under a moment.
func shaded(c *canvas, p *axes, at, y float64) uint32 {
	return pixels(c, p.x(at)-0.3, y, p.x(at)+0.3, y+0.6)[0]
}

func over(back uint32, shade role) uint32 {
	n := shade.color()
	mix := func(shift int, v uint8) uint32 {
		under := float64(back >> shift & 0xff)
		return uint32(under+(float64(v)-under)*float64(n.A)/255+0.5) << shift
	}
	return mix(16, n.R) | mix(8, n.G) | mix(0, n.B)
}

func near(a, b uint32) bool {
	for shift := 0; shift < 24; shift += 8 {
		if d := int(a>>shift&0xff) - int(b>>shift&0xff); d < -2 || d > 2 {
			return false
		}
	}
	return true
}

// Every chart shades a fault from its beginning to its end, to the end of the data when it has none,
// and twice where two overlap.
func TestFaultsAreShadedOnEveryChart(t *testing.T) {
	events := []event.Event{
		on(10, 1, "LLM latency"), on(20, 2, "Redis outage"), off(30, 1, "LLM latency"),
		happened(1, event.RoleKubernetes, event.WorkloadScaled{Workload: "deployment a/b", Ready: 1, Wanted: 1}),
	}
	run, err := Load(synthetic{seconds: 60, quiet: true, killed: true, events: events}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	run.errors = []errorTotal{{class: "timeout", count: 1}} // so that there is a chart of them
	drawn := 0
	for _, f := range chartsOf(run) {
		c := drawPNG(run, f)
		p := axesOf(run, f, c)
		once := over(0xffffff, faultRole)
		// Just above the time axis of the lowest panel, between its marks and below its lines.
		y := p.bottom + 3
		for at, want := range map[float64]uint32{5.5: 0xffffff, 15.5: once, 25.5: over(once, faultRole), 45.5: once, 59.5: once} {
			if got := shaded(c, p, at, y); !near(got, want) {
				t.Errorf("%s is %06x at %v s, want %06x", f.name, got, at, want)
			}
		}
		drawn++
	}
	if drawn != 6 {
		t.Errorf("%d charts, want 6", drawn)
	}
}

// The names of two faults that overlap stand below each other, that of a short one sticks out.
func TestNamesOfFaultsDoNotMeet(t *testing.T) {
	events := []event.Event{
		on(10, 1, "LLM latency"), on(11, 2, "Redis outage"), off(12, 2, "Redis outage"), off(50, 1, "LLM latency"),
	}
	run, err := Load(synthetic{seconds: 120, quiet: true, killed: true, events: events}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	ink := func(run *Run, lane int) int {
		named := newCanvas(pngLayout.of(run).heightOf(emptyChart()))
		p := axesOf(run, emptyChart(), named)
		p.drawSpans()
		p.drawSpanNames()
		top := p.top - 12*float64(lane)
		dark := 0
		for _, px := range pixels(named, p.x(11)+2, top-11, p.x(11)+60, top-2) {
			if px>>8&0xff < 0xa0 {
				dark++
			}
		}
		return dark
	}
	if ink(run, 0) < 50 || ink(run, 1) < 50 || ink(run, 2) > 0 {
		t.Errorf("ink of %d, %d and %d pixels in the three lanes, want some in two", ink(run, 0), ink(run, 1), ink(run, 2))
	}
	c := emptyChart()
	if a := axesOf(run, c, newCanvas(400)); a.y(c.panels[0].high) > a.top-2*a.laneHeight() {
		t.Error("the highest value stands among the names")
	}
}
