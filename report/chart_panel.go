package report

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/units"
)

// panel is one pair of axes on a chart: time in seconds to the right, a value upwards.
type panel struct {
	*chart
	bottom, top vg.Length // of the plotting area
	seconds     float64   // the time axis ends here
	low, high   float64   // of the value axis
	log         bool
}

// panel lays axes between two heights. Values run from 0 to high.
func (c *chart) panel(bottom, top vg.Length, seconds, high float64) *panel {
	return &panel{chart: c, bottom: bottom, top: top, seconds: max(seconds, 1), high: max(high, 1e-9)}
}

func (p *panel) left() vg.Length  { return leftMargin }
func (p *panel) right() vg.Length { return chartWidth - rightMargin }

func (p *panel) x(seconds float64) vg.Length {
	return p.left() + (p.right()-p.left())*vg.Length(min(1, max(0, seconds/p.seconds)))
}

func (p *panel) y(v float64) vg.Length {
	share := (v - p.low) / (p.high - p.low)
	if p.log {
		share = math.Log(max(v, p.low)/p.low) / math.Log(p.high/p.low)
	}
	return p.bottom + (p.top-p.bottom)*vg.Length(min(1, max(0, share)))
}

// valueAxis draws the grid and the labels of the value axis.
func (p *panel) valueAxis(ticks []float64, label func(float64) string) {
	for _, v := range ticks {
		y := p.y(v)
		p.StrokeLine2(stroke(p.grid, 0.6), p.left(), y, p.right(), y)
		p.write(textStyle(8.5, p.faint, false), draw.XRight, p.left()-6, y-3, label(v))
	}
}

// drawName stands above the panel at its left, over the numbers of marks if there are any.
func (p *panel) drawName(text string, marked bool) {
	y := p.top + 4
	if marked {
		y += 12
	}
	p.write(textStyle(8.5, p.ink, true), draw.XLeft, p.left(), y, text)
}

// timeAxis draws the time axis, with its labels if it is the lowest.
func (p *panel) timeAxis(labels bool) {
	p.StrokeLine2(stroke(p.faint, 0.8), p.left(), p.bottom, p.right(), p.bottom)
	if !labels {
		return
	}
	for _, t := range timeTicks(p.seconds) {
		x := p.x(t)
		p.StrokeLine2(stroke(p.faint, 0.8), x, p.bottom, x, p.bottom-3)
		p.write(textStyle(8.5, p.faint, false), draw.XCenter, x, p.bottom-14, clock(t))
	}
}

// drawMarks draws a hair for each numbered event, and its number where there is room.
func (p *panel) drawMarks(run *Run, numbered bool) {
	style := textStyle(7.5, p.faint, false)
	numbers, free := marks(run), p.left()-20
	for i, e := range run.files.Events {
		n := numbers[i]
		if n == 0 {
			continue
		}
		x := p.x(e.At)
		p.StrokeLine2(stroke(p.faint, 0.5, 1.5, 1.5), x, p.bottom, x, p.top)
		label := strconv.Itoa(n)
		if half := style.Width(label) / 2; numbered && x-half > free {
			p.write(style, draw.XCenter, x, p.top+3, label)
			free = x + half + 2
		}
	}
}

// drawSaturated puts a bar on the time axis where the generator was at its own limit.
func (p *panel) drawSaturated(seconds []rundir.Second) {
	for _, s := range seconds {
		p.rectangle(p.ink, p.x(s.At), p.bottom, max(p.x(s.End()), p.x(s.At)+1), p.bottom+3)
	}
}

// drawLine draws a line through points, broken where nothing was measured for longer than gap, and at
// values that are not numbers.
// Points that stand alone are dots, and with dots so is every point when there are few.
func (p *panel) drawLine(s draw.LineStyle, gap float64, times, values []float64, dots bool) {
	const few = 60
	var run []vg.Point
	flush := func() {
		if len(run) == 1 || dots && len(times) <= few {
			for _, at := range run {
				p.DrawGlyphNoClip(draw.GlyphStyle{Color: s.Color, Radius: max(1.6, s.Width), Shape: draw.CircleGlyph{}}, at)
			}
		}
		if len(run) > 1 {
			p.StrokeLines(s, run)
		}
		run = nil
	}
	for i, t := range times {
		if math.IsNaN(values[i]) {
			flush()
			continue
		}
		if i > 0 && t-times[i-1] > gap {
			flush()
		}
		run = append(run, vg.Point{X: p.x(t), Y: p.y(values[i])})
	}
	flush()
}

// drawThreshold draws an objective across the panel, named at its right end.
func (p *panel) drawThreshold(value float64, name string) {
	y := p.y(value)
	p.StrokeLine2(stroke(p.objective, 1.1, 5, 3), p.left(), y, p.right(), y)
	p.write(textStyle(8.5, p.objective, true), draw.XRight, p.right()-2, y+3, name)
}

// timeTicks are round moments, at most ten of them.
func timeTicks(seconds float64) []float64 {
	step := 1.0
	for _, s := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400} {
		if step = s; seconds/s <= 10 {
			break
		}
	}
	for seconds/step > 10 {
		step *= 2
	}
	return steps(step, seconds)
}

// valueTicks are about five round values from 0.
func valueTicks(high float64) []float64 {
	magnitude := math.Pow(10, math.Floor(math.Log10(high/5)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if high/(m*magnitude) <= 6 {
			return steps(m*magnitude, high)
		}
	}
	return steps(10*magnitude, high)
}

func steps(step, high float64) []float64 {
	var ticks []float64
	for i := 0; float64(i)*step <= high*1.0001; i++ {
		ticks = append(ticks, float64(i)*step)
	}
	return ticks
}

// logTicks are 1, 2 and 5 of every power of ten between two values, or 1 alone if they are many.
func logTicks(low, high float64) []float64 {
	var all, tens []float64
	for m := math.Pow(10, math.Floor(math.Log10(low))); m <= high; m *= 10 {
		for _, d := range []float64{1, 2, 5} {
			if v := m * d; v >= low*0.999 && v <= high {
				all = append(all, v)
				if d == 1 {
					tens = append(tens, v)
				}
			}
		}
	}
	if len(all) > 10 {
		return tens
	}
	return all
}

// tickLabel writes a tick's value without needless zeros.
func tickLabel(v float64) string { return units.Decimal(round(v), -1) }

func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// latencyLabel writes milliseconds, in seconds from one second on.
func latencyLabel(ms float64) string {
	switch {
	case ms == 0:
		return "0"
	case ms >= 1000:
		return tickLabel(ms/1000) + " s"
	}
	return fmt.Sprintf("%s ms", tickLabel(ms))
}
