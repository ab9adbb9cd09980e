package report

import (
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// latencySeries is the course of one latency metric: percentiles of consecutive stretches of time, each
// from the merged histogram of its stretch.
type latencySeries struct {
	metric   string
	title    string
	interval float64 // length of a stretch in seconds
	lead     float64 // of the run
	points   []point
	total    uint64 // requests

	histogram *hdr.Histogram // of the stretch being read
	current   int            // its index
	last      int            // index of the last stretch

	// Of each second within the stretch, where a stretch is longer than one; nil otherwise.
	seconds   *hdr.Histogram
	second    float64 // the one being read
	low, high float64 // p95 of single seconds so far; NaN: none had enough samples to tell
}

// point is one stretch of a track. Values are milliseconds.
type point struct {
	at                 float64 // middle of the stretch
	p50, p95, p99, max float64
	low, high          float64 // p95 of single seconds; NaN: none had enough samples
	count              uint64
}

// How finely charts are drawn. A stretch is as short as these allow: a chart has at most mostIntervals
// of them, and a stretch should hold fairSamples on average, or its percentiles would be the
// samples themselves; but a run is never drawn in fewer than fewestCells.
const (
	mostIntervals   = 450
	goodSamples     = 20
	fewestIntervals = 24
)

// latencySeriesOf makes the tracks of the latency metrics that have samples.
func latencySeriesOf(run *Run) []*latencySeries {
	var tracks []*latencySeries
	for _, t := range []latencySeries{
		{metric: load.Gateway.Metric, title: "Gateway latency"},
		{metric: load.Ingestion.Metric, title: "Orchestrator latency"},
		{metric: load.Automation.Metric, title: "Automation latency"},
	} {
		var samples uint64
		for _, f := range load.Registry().Flows() {
			if f.Metric == t.metric {
				samples += run.flowCounts(f).Count
			}
		}
		if samples == 0 {
			continue
		}
		t.interval = intervalLength(run.length, samples)
		t.last, t.lead = lastInterval(run.length+run.startOffset(), t.interval), run.startOffset()
		t.total, t.histogram = samples, metric.NewHistogram()
		t.low, t.high = math.NaN(), math.NaN()
		if t.interval > 1 {
			t.seconds = metric.NewHistogram()
		}
		tracks = append(tracks, &t)
	}
	return tracks
}

// intervalLength is how long a stretch should be, from a ladder of round lengths.
func intervalLength(seconds float64, samples uint64) float64 {
	ladder := []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400}
	for i, cell := range ladder {
		last := i == len(ladder)-1
		if last || seconds/ladder[i+1] < fewestIntervals && seconds/cell <= mostIntervals {
			return cell
		}
		if seconds/cell <= mostIntervals && float64(samples)*cell/seconds >= goodSamples {
			return cell
		}
	}
	return ladder[len(ladder)-1]
}

// lastInterval is the index of the last stretch. The rest of a run that fills less than half of another,
// which is the draining at its end, counts in the last: alone it would hold the slowest few.
func lastInterval(seconds, cell float64) int { return max(0, int(math.Round(seconds/cell))-1) }

// add takes the histogram of a second, counted from the run's first. They come in order of time.
func (t *latencySeries) add(second float64, h rundir.Bars) {
	if second != t.second {
		t.closeSecond()
		t.second = second
	}
	if cell := min(int(second/t.interval), t.last); cell != t.current {
		t.close()
		t.current = cell
	}
	h.AddTo(t.histogram)
	if t.seconds != nil {
		h.AddTo(t.seconds)
	}
}

// closeSecond ends the current second. One with too few samples for a p95 says nothing.
func (t *latencySeries) closeSecond() {
	if t.seconds == nil || t.seconds.TotalCount() == 0 {
		return
	}
	if uint64(t.seconds.TotalCount()) >= metric.FewestSamples(95) {
		p95 := float64(metric.Percentile(t.seconds, 95)) / 1000
		if math.IsNaN(t.low) {
			t.low, t.high = p95, p95
		}
		t.low, t.high = min(t.low, p95), max(t.high, p95)
	}
	t.seconds.Reset()
}

// close ends the current stretch. A stretch without samples leaves a gap.
func (t *latencySeries) close() {
	t.closeSecond()
	if t.histogram.TotalCount() == 0 {
		return
	}
	at := func(p float64) float64 { return float64(metric.Percentile(t.histogram, p)) / 1000 }
	t.points = append(t.points, point{
		at: max(0, (float64(t.current)+0.5)*t.interval-t.lead), p50: at(50), p95: at(95), p99: at(99), max: at(100),
		low: t.low, high: t.high, count: uint64(t.histogram.TotalCount()),
	})
	t.histogram.Reset()
	t.low, t.high = math.NaN(), math.NaN()
}
