package report

import (
	"math"
	"slices"
	"strconv"

	"xinbot.ir/squall/internal/timeline"
)

// mostScalings is how many workloads the chart of pods has room for; the table has them all.
const mostScalings = 8

// scalingCharts draw the pods of each workload as steps, ready and wanted.
func scalingCharts(run *Run) []chart {
	if len(run.timeline.Workloads) == 0 {
		return nil
	}
	c := chart{
		name: "scaling", title: "Scaling", explanation: "pods of each workload", alt: "Pods of each workload over time",
		keys: []chartKey{{name: "ready", role: levelRole}, {name: "wanted", role: wantedRole}},
	}
	all := run.timeline.Workloads[:min(len(run.timeline.Workloads), mostScalings)]
	for _, s := range all {
		times, ready, wanted := stepLine(s.Points, run.length)
		p := chartPanel{
			name: s.Workload, height: 74, high: 1.2 * max(1, slices.Max(ready), slices.Max(wanted), float64(s.Max)), label: tickLabel,
			lines: []chartLine{
				{name: "wanted", role: wantedRole, gap: math.Inf(1), times: times, values: wanted},
				{name: "ready", role: levelRole, gap: math.Inf(1), times: times, values: ready},
			},
		}
		p.ticks = wholeTicks(p.high)
		c.panels = append(c.panels, p)
		c.values.columns = append(c.values.columns, s.Workload)
	}
	c.values.rows = scalingRows(all, run.length)
	return []chart{c}
}

// scalingRows have a row for each stretch in which no workload changed. Stretches too short to be seen are
// one, with the pods at its end.
func scalingRows(all []timeline.Workload, length float64) (rows []chartRow) {
	var moments []float64
	for _, s := range all {
		for _, p := range s.Points {
			moments = append(moments, p.At)
		}
	}
	slices.Sort(moments)
	from, shortest := moments[0], length/mostIntervals
	next := make([]int, len(all)) // the first point that is still to come
	for n, at := range moments {
		last, to := n == len(moments)-1, max(length, at)
		if !last {
			to = moments[n+1]
		}
		if !last && (to == at || to-from < shortest) {
			continue
		}
		row := chartRow{from: from, to: to}
		for i, s := range all {
			for next[i] < len(s.Points) && s.Points[next[i]].At <= at {
				next[i]++
			}
			cell := absent
			if next[i] > 0 {
				p := s.Points[next[i]-1]
				cell = strconv.Itoa(p.Ready) + " ready, " + strconv.Itoa(p.Wanted) + " wanted"
			}
			row.cells = append(row.cells, cell)
		}
		rows, from = append(rows, row), to
	}
	return rows
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
