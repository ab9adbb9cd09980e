package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// logFrom is the ratio of the highest p99 to the usual p50 from which a latency chart is
// logarithmic: on a plain scale the usual would be a flat line.
const logFrom = 80

// latencyCharts draw the percentiles of each latency metric.
func latencyCharts(run *Run) (all []chart) {
	for _, t := range run.series {
		if len(t.points) > 0 {
			all = append(all, latencyChart(run, t))
		}
	}
	return all
}

func latencyChart(run *Run, t *latencySeries) chart {
	values := func(of func(point) float64) []float64 {
		all := make([]float64, len(t.points))
		for i, pt := range t.points {
			all[i] = of(pt)
		}
		return all
	}
	times := values(func(pt point) float64 { return min(pt.at, run.length) })
	p50, p95, p99 := values(func(pt point) float64 { return pt.p50 }), values(func(pt point) float64 { return pt.p95 }), values(func(pt point) float64 { return pt.p99 })
	high := slices.Max(p99)
	worst, usual := high, median(p50)
	gap := 1.5 * t.interval
	second := chartLine{name: "p95", role: p95Role, gap: gap, times: times, values: p95, dots: true}
	if t.banded() {
		second.low, second.high = values(func(pt point) float64 { return pt.low }), values(func(pt point) float64 { return pt.high })
		high = max(high, highest(second.high...))
	}
	var bounds []chartBound
	for _, v := range run.verdict.Run.Objectives {
		if o := v.Objective; o.Metric == t.metric && o.Channel == "" && o.Scope == (slo.Scope{}) && o.Latency() {
			bounds = append(bounds, chartBound{o.Bound, o.Expression() + " ms"})
			high = max(high, o.Bound)
		}
	}
	p := chartPanel{
		height: 176, high: 1.1 * high, label: latencyLabel, bounds: bounds,
		lines: []chartLine{
			{name: "p99", role: p99Role, gap: gap, times: times, values: p99, dots: true},
			second,
			{name: "p50", role: p50Role, gap: gap, times: times, values: p50, dots: true},
		},
	}
	scale := ""
	p.ticks = valueTicks(p.high)
	if worst > logFrom*usual && usual > 0 {
		p.log, p.low, p.high = true, slices.Min(p50)/1.5, high*1.5
		p.ticks, scale = logTicks(p.low, p.high), " · logarithmic scale"
	}
	keys := []chartKey{{name: "p50", role: p50Role}, {name: "p95", role: p95Role}, {name: "p99", role: p99Role}}
	from := ""
	if run.open {
		from = ", from the time each send was due"
	}
	if len(bounds) == 0 {
		scale += " · no objective is set for it"
	} else {
		keys = append(keys, chartKey{name: "objective", role: objectiveRole})
	}
	return chart{
		name: t.metric, title: t.title, alt: t.title + ": p50, p95 and p99 over time", keys: keys, panels: []chartPanel{p}, values: t.values(run),
		explanation: fmt.Sprintf("percentiles of each %s%s · %s%s", intervalText(t.interval), from, units.Counted(t.total, "request", "requests"), scale),
	}
}

// values are the numbers of the chart. As in every table a percentile of too few samples is a dash; the
// maximum is what is drawn in its place.
func (t *latencySeries) values(run *Run) chartValues {
	v := chartValues{columns: []string{"p50", "p95", "p99", "Max", "Requests"}}
	if t.banded() {
		v.columns = append(v.columns, "p95 of single seconds")
	}
	for _, pt := range t.points {
		value := func(ms float64, fewest uint64) string {
			if pt.count < fewest {
				return absent
			}
			return milliseconds(ms)
		}
		cells := []string{
			value(pt.p50, metric.FewestSamples(50)), value(pt.p95, metric.FewestSamples(95)), value(pt.p99, metric.FewestSamples(99)), value(pt.max, 1),
			units.Count(pt.count),
		}
		if t.banded() {
			cells = append(cells, rangeText(pt.low, pt.high, milliseconds))
		}
		v.rows = append(v.rows, chartRow{from: max(0, pt.at-t.interval/2), to: min(pt.at+t.interval/2, run.length), cells: cells})
	}
	return v
}

// banded reports whether a stretch has more than one second that can be told by itself.
func (t *latencySeries) banded() bool {
	return slices.ContainsFunc(t.points, func(pt point) bool { return !math.IsNaN(pt.low) })
}

func milliseconds(ms float64) string {
	return units.Latency(time.Duration(ms * float64(time.Millisecond)))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
