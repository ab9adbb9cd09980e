package report

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot/vg"

	"xinbot.ir/squall/internal/slo"
)

// chartFile is a chart beside the report.
type chartFile struct {
	name string // charts/gateway_latency.png
	alt  string
	draw func(*Run) *chart
}

const chartsDir = "charts"

// chartFiles are the charts that the evidence gives something to draw for.
func chartFiles(run *Run) []chartFile {
	var files []chartFile
	add := func(name, alt string, draw func(*Run) *chart) {
		files = append(files, chartFile{chartsDir + "/" + name + ".png", alt, draw})
	}
	for _, t := range run.series {
		if len(t.points) > 0 {
			add(t.metric, t.title+": p50, p95 and p99 over time", func(run *Run) *chart { return latencyChart(run, t) })
		}
	}
	if len(run.files.Seconds) > 0 {
		add("load", "Requests per second and virtual users over time", loadChart)
	}
	if len(run.timeline.Workloads) > 0 {
		add("scaling", "Pods of each workload over time", scalingChart)
	}
	if len(run.errors) > 0 {
		add("errors", "Errors per second by kind over time", errorChart)
	}
	return files
}

// saveCharts writes every chart below dir. What cannot be written is warned of in the report, which
// is worth more than its pictures.
func saveCharts(run *Run, dir string) {
	for _, f := range chartFiles(run) {
		if err := f.draw(run).save(filepath.Join(dir, filepath.FromSlash(f.name))); err != nil {
			run.warn("chart " + f.name + " is missing: " + err.Error())
		}
	}
}

func chartsSection(run *Run) []block {
	var blocks []block
	for _, f := range chartFiles(run) {
		blocks = append(blocks, picture{f.name, f.alt})
	}
	if len(blocks) == 0 {
		return nil
	}
	legend := "Shaded: spikes in amber, paused or halted in grey. "
	if len(run.injectionsWhere(func(i injection) bool { return !i.NotApplied() && !i.Spike() })) > 0 {
		legend = "Shaded: spikes in amber, other faults in violet, darker where they overlap, paused or halted in grey. "
	}
	legend += "Numbers are the marks of the timeline below. Dashed red: objectives. A gap is time in which nothing was measured."
	if len(run.saturated) > 0 {
		legend += " Black bars on the time axis: the generator was saturated."
	}
	return append(blocks, paragraph{plain(legend)})
}

// logFrom is the ratio of the highest p99 to the usual p50 from which a latency chart is
// logarithmic: on a plain scale the usual would be a flat line.
const logFrom = 80

func latencyChart(run *Run, t *latencySeries) *chart {
	const height = 270
	c := newChart(height)
	var times, p50, p95, p99 []float64
	for _, pt := range t.points {
		times, p50 = append(times, min(pt.at, run.length)), append(p50, pt.p50)
		p95, p99 = append(p95, pt.p95), append(p99, pt.p99)
	}
	var lines []slo.Objective
	high := slices.Max(p99)
	worst, usual := high, median(p50)
	for _, v := range run.verdict.Run.Objectives {
		if o := v.Objective; o.Metric == t.metric && o.Channel == "" && o.Scope.During == "" && o.Latency() {
			lines = append(lines, o)
			high = max(high, o.Bound)
		}
	}
	p := c.panel(underPanel+6, height-topMargin, run.length, high*headroom(run))
	scale := ""
	ticks := valueTicks(p.high)
	if worst > logFrom*usual && usual > 0 {
		p.log, p.low, p.high = true, slices.Min(p50)/1.5, high*1.5
		ticks, scale = logTicks(p.low, p.high), " · logarithmic scale"
	}
	keys := []key{
		{name: "p50", style: stroke(c.p50, 1.6)}, {name: "p95", style: stroke(c.p95, 2)}, {name: "p99", style: stroke(c.p99, 1)},
	}
	from := ""
	if run.open {
		from = ", from the time each send was due"
	}
	if len(lines) == 0 {
		scale += " · no objective is set for it"
	} else {
		keys = append(keys, key{name: "objective", style: stroke(c.objective, 1.1, 5, 3)})
	}
	c.head(t.title, fmt.Sprintf("percentiles of each %s%s · %s%s", intervalText(t.interval), from, plural(t.total, "request", "requests"), scale), keys)
	p.drawSpans(run)
	p.valueAxis(ticks, latencyLabel)
	p.drawMarks(run, true)
	p.drawSpanNames(run)
	gap := 1.5 * t.interval
	p.drawLine(stroke(c.p99, 1), gap, times, p99, true)
	p.drawLine(stroke(c.p95, 2), gap, times, p95, true)
	p.drawLine(stroke(c.p50, 1.6), gap, times, p50, true)
	for _, o := range lines {
		p.drawThreshold(o.Bound, o.Expression()+" ms")
	}
	p.drawSaturated(run.saturated)
	p.timeAxis(true)
	return c
}

func intervalText(seconds float64) string {
	if seconds == 1 {
		return "second"
	}
	if seconds < 60 {
		return fmt.Sprintf("%.0f seconds", seconds)
	}
	if seconds == 60 {
		return "minute"
	}
	return fmt.Sprintf("%.0f minutes", seconds/60)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// interval is a stretch of consecutive seconds, added up for a chart.
type interval struct {
	at, length  float64
	requests    uint64
	errors      map[string]uint64 // by class
	rate        float64           // wanted, the most
	vus, wanted int               // the most
}

// intervals adds up the seconds of a run in stretches, at most most of them.
func intervals(run *Run, most float64) []interval {
	cell := math.Ceil(max(1, run.length/most))
	var all []interval
	current := -1
	for _, s := range run.files.Seconds {
		if index := min(int(run.second(s.At)/cell), lastInterval(run.length+run.startOffset(), cell)); index != current {
			current = index
			all = append(all, interval{at: max(0, (float64(index)+0.5)*cell-run.startOffset()), errors: map[string]uint64{}})
		}
		last := &all[len(all)-1]
		last.length += s.Length
		last.rate, last.vus, last.wanted = max(last.rate, s.Rate), max(last.vus, s.VUs), max(last.wanted, s.WantedVUs)
		for _, c := range s.Series {
			last.requests += c[0]
		}
		for _, x := range s.Errors {
			last.errors[x.Class] += x.Count
		}
	}
	return all
}

// level is something that was wanted and achieved, one panel of the load chart.
type level struct {
	name           string
	height         vg.Length
	achieved, want []float64
}

func loadChart(run *Run) *chart {
	const nameRow = 18
	all := intervals(run, mostIntervals)
	times := valuesOf(all, func(s interval) float64 { return min(s.at, run.length) })
	rate := level{name: "requests per second", height: 150, achieved: valuesOf(all, func(s interval) float64 { return float64(s.requests) / s.length })}
	if run.open {
		rate.want = valuesOf(all, wantedRate)
	}
	levels := []level{rate}
	if run.vus.high > 0 || run.wanted.high > 0 {
		levels = append(levels, level{
			name: "virtual users", height: 100,
			achieved: valuesOf(all, func(s interval) float64 { return float64(s.vus) }),
			want:     valuesOf(all, func(s interval) float64 { return float64(s.wanted) }),
		})
	}
	height := vg.Length(topMargin + underPanel - 8)
	for _, l := range levels {
		height += l.height + nameRow
	}
	c := newChart(height)
	achieved, wanted := stroke(c.level, 1.8), stroke(c.wanted, 1.2, 3, 2)
	c.head("Load", "all flows together", []key{{name: "achieved", style: achieved}, {name: "wanted", style: wanted}})
	top := height - topMargin + 8
	for i, l := range levels {
		first, last := i == 0, i == len(levels)-1
		top -= nameRow
		p := c.panel(top-l.height, top, run.length, highest(slices.Concat(l.achieved, l.want)...)*1.15)
		p.drawName(l.name, first)
		p.drawSpans(run)
		p.valueAxis(valueTicks(p.high), tickLabel)
		p.drawMarks(run, first)
		if first {
			p.drawSpanNames(run)
		}
		// A second without requests is a zero here, and not a gap.
		if l.want != nil {
			p.drawLine(wanted, run.length, times, l.want, false)
		}
		p.drawLine(achieved, run.length, times, l.achieved, false)
		p.drawSaturated(run.saturated)
		p.timeAxis(last)
		top -= l.height
	}
	return c
}

// wantedRate is not a number where none was wanted, which is a gap and not a zero: virtual users have
// no rate.
func wantedRate(s interval) float64 {
	if s.rate == 0 {
		return math.NaN()
	}
	return s.rate
}

// highest is the highest of values, gaps left aside.
func highest(values ...float64) (high float64) {
	for _, v := range values {
		if v > high {
			high = v
		}
	}
	return high
}

func valuesOf(all []interval, of func(interval) float64) []float64 {
	values := make([]float64, len(all))
	for i, s := range all {
		values[i] = of(s)
	}
	return values
}
