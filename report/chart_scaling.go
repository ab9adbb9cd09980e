package report

import (
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"xinbot.ir/squall/internal/timeline"
)

// mostScalings is how many workloads the chart of pods has room for; the table has them all.
const mostScalings = 8

// scalingChart draws the pods of each workload as steps, ready and wanted.
func scalingChart(run *Run) *chart {
	const nameRow, panelHeight = 18, 74
	all := run.timeline.Workloads[:min(len(run.timeline.Workloads), mostScalings)]
	height := vg.Length(topMargin+underPanel-8) + vg.Length(len(all)*(nameRow+panelHeight))
	c := newChart(height)
	ready, wanted := stroke(c.level, 1.8), stroke(c.wanted, 1.2, 3, 2)
	c.head("Scaling", "pods of each workload", []key{{name: "ready", style: ready}, {name: "wanted", style: wanted}})
	top := height - topMargin + 8
	for i, s := range all {
		first, last := i == 0, i == len(all)-1
		top -= nameRow
		times, readySteps, wantedSteps := stepLine(s.Points, run.length)
		p := c.panel(top-panelHeight, top, run.length, 1.2*max(1, slices.Max(readySteps), slices.Max(wantedSteps), float64(s.Max)))
		p.drawName(s.Workload, first)
		p.drawSpans(run)
		p.valueAxis(wholeTicks(p.high), tickLabel)
		p.drawMarks(run, first)
		if first {
			p.drawSpanNames(run)
		}
		p.drawLine(wanted, math.Inf(1), times, wantedSteps, false)
		p.drawLine(ready, math.Inf(1), times, readySteps, false)
		p.drawSaturated(run.saturated)
		p.timeAxis(last)
		top -= panelHeight
	}
	return c
}

// stepLine are the corners of the two stairs that points make, drawn on to the end of the run.
func stepLine(points []timeline.Pods, length float64) (times, ready, wanted []float64) {
	add := func(at float64, p timeline.Pods) {
		times, ready, wanted = append(times, at), append(ready, float64(p.Ready)), append(wanted, float64(p.Wanted))
	}
	for i, p := range points {
		if i > 0 {
			add(p.At, points[i-1])
		}
		add(p.At, p)
	}
	add(max(length, points[len(points)-1].At), points[len(points)-1])
	return times, ready, wanted
}

// wholeTicks are few round values; there is no half a pod.
func wholeTicks(high float64) []float64 {
	for _, step := range []float64{1, 2, 5, 10, 20, 50, 100, 200, 500} {
		if high/step <= 5 {
			return steps(step, high)
		}
	}
	return valueTicks(high)
}
