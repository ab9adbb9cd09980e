package report

import (
	"cmp"
	"image/color"
	"maps"
	"slices"

	"gonum.org/v1/plot/vg"
)

// errorChart stacks the errors of each stretch by class, the most frequent lowest.
func errorChart(run *Run) *chart {
	const height, mostColumns = 220, 160
	c := newChart(height)
	totals := map[string]uint64{}
	for _, x := range run.errors {
		totals[x.class] += x.count
	}
	classes := slices.SortedFunc(maps.Keys(totals), func(a, b string) int {
		return cmp.Or(cmp.Compare(totals[b], totals[a]), cmp.Compare(a, b))
	})
	all := intervals(run, mostColumns)
	high := 0.0
	for _, s := range all {
		var sum uint64
		for _, n := range s.errors {
			sum += n
		}
		high = max(high, float64(sum)/s.length)
	}
	p := c.panel(underPanel+6, height-topMargin, run.length, high*1.12)
	shades := errorShades()
	var keys []key
	for i, class := range classes {
		keys = append(keys, key{name: class, style: stroke(shades[i%len(shades)], 1), filled: true})
	}
	c.head("Errors", "per second, by kind", keys)
	p.drawSpans(run)
	p.valueAxis(valueTicks(p.high), tickLabel)
	p.drawMarks(run, true)
	p.drawSpanNames(run)
	width := (p.right() - p.left()) * vg.Length(min(1, all[0].at*2/p.seconds))
	inset := min(width*0.12, 1)
	for _, s := range all {
		base := 0.0
		for i, class := range classes {
			rate := float64(s.errors[class]) / s.length
			if rate == 0 {
				continue
			}
			x := p.x(s.at)
			p.rectangle(shades[i%len(shades)], x-width/2+inset, p.y(base), min(x+width/2-inset, p.right()), p.y(base+rate))
			base += rate
		}
	}
	p.drawSaturated(run.saturated)
	p.timeAxis(true)
	return c
}

func errorShades() []color.Color {
	var shades []color.Color
	for _, hex := range []uint32{0xc62f2f, 0xe8833a, 0x7b4fa3, 0x57606a, 0xb08800, 0x1b7c83, 0x953800, 0xbf8fdb, 0x8c959f, 0x3b3f46} {
		shades = append(shades, color.NRGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255})
	}
	return shades
}
