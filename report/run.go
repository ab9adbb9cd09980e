package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Run is a run, read, added up and judged: what documents are made from. Latencies are microseconds
// in histograms.
type Run struct {
	files      *rundir.Run
	timeline   *timeline.Timeline // what the events mean
	injections []injection
	repeats    []repeats
	length     float64 // seconds, as far as there is data

	totals         *metric.Totals   // latency from the time a send was due
	parts          slo.Parts        // the same in the parts of the run that objectives are about
	service        []*hdr.Histogram // from the time it was sent; open model only
	trends         [metric.NumTrends]*hdr.Histogram
	sent, received uint64 // bytes
	open           bool   // the open model was used at some time
	cuts           []stretch
	phases         []*phase
	panels         []*panelTotals    // of the platform's own metrics
	evidence       []rundir.Evidence // files that the sources wrote
	evidenceErr    error             // why their index cannot be read
	workloads      []*workloadTotals
	gonePods       []rundir.GonePod
	series         []*latencySeries // one per latency chart
	errors         []errorTotal
	clamped        uint64
	// uncounted is the number of seconds that have latencies and no counts, if so many that nothing
	// can be said about the whole run.
	uncounted int

	saturated []rundir.Second // seconds whose numbers may be our own fault
	vus       levels
	wanted    levels

	objectives []slo.Objective
	unreadable []string // objectives that could not be parsed, and why
	verdict    slo.Verdict
	ledger     ledgerState
}

// hasUsers reports whether there were virtual users: the open model has none.
func (run *Run) hasUsers() bool { return run.vus.high > 0 || run.wanted.high > 0 }

// levels is how a level moved over the run.
type levels struct{ last, low, high int }

func (l *levels) add(v int, first bool) {
	l.last = v
	l.high = max(l.high, v)
	if first || v < l.low {
		l.low = v
	}
}

// Load reads a run directory to its end, adds everything up and judges it. It works on a run that ended,
// was killed, or is still going on, and copes with files that are missing or torn; an error means that
// dir holds no run, or one that cannot be read.
func Load(dir string) (*Run, error) {
	files, err := rundir.Open(dir)
	if err != nil {
		return nil, err
	}
	run := &Run{
		files: files, timeline: timeline.Of(files.Events), length: files.Length(),
		totals: load.Registry().NewTotals(), service: make([]*hdr.Histogram, len(load.Registry().Series())),
	}
	run.readObjectives()
	run.parts = slo.NewParts(load.Registry(), run.objectives)
	run.injections = injectionsOf(run.timeline)
	run.repeats = repeatsOf(run)
	run.cutPhases()
	run.ledger = readLedger(files)
	run.addSeconds()
	run.series = latencySeriesOf(run)
	if err := run.addHistograms(); err != nil {
		return nil, err
	}
	if err := run.addSamples(); err != nil {
		return nil, err
	}
	if err := run.addWorkloads(); err != nil {
		return nil, err
	}
	run.evidence, run.evidenceErr = rundir.LoadEvidence(dir)
	if err := run.addRotations(); err != nil {
		return nil, err
	}
	run.totals.Chaos = uint64(run.timeline.Injected()) // as the k6 script counts: what was done to the platform, be it a spike or a fault
	run.judge()
	return run, nil
}

// Verdict is what the run came to.
func (run *Run) Verdict() slo.Verdict { return run.verdict }

// seriesIDs finds series by tag.
func seriesIDs() map[string]metric.SeriesID {
	ids := make(map[string]metric.SeriesID)
	for id, s := range load.Registry().Series() {
		ids[s.String()] = metric.SeriesID(id)
	}
	return ids
}

// trendTags finds trends by tag.
func trendTags() map[string]metric.Trend {
	tags := map[string]metric.Trend{}
	for t := range metric.NumTrends {
		tags[t.Metric()] = t
	}
	return tags
}

// away is for how many seconds the generator did not run, how many sends fell due then, and when it was first.
func (run *Run) away() (seconds float64, skipped uint64, first float64) {
	for _, s := range run.files.Seconds {
		if s.Away > 0 && seconds == 0 {
			first = s.At
		}
		seconds, skipped = seconds+s.Away, skipped+s.Skipped
	}
	return seconds, skipped, first
}

func (run *Run) addSeconds() {
	ids, all := seriesIDs(), load.Registry().Series()
	type key struct {
		series, class string
		status        int
	}
	errors := map[key]*errorTotal{}
	checks := map[string]*metric.Check{}
	for i, s := range run.files.Seconds {
		run.totals.Seconds += s.Length
		run.totals.Missed += s.Missed
		run.clamped += s.Clamped
		run.sent += s.Sent
		run.received += s.Received
		run.vus.add(s.VUs, i == 0)
		run.wanted.add(s.WantedVUs, i == 0)
		run.open = run.open || s.Rate > 0
		if s.Saturated != "" {
			run.saturated = append(run.saturated, s)
		}
		parts := run.parts.At(run.timeline, s.At+s.Length/2)
		for _, part := range parts {
			part.Seconds += s.Length
			part.Missed += s.Missed
		}
		flows := make([]metric.Counts, len(load.Registry().Flows()))
		for tag, c := range s.Series {
			id, known := ids[tag]
			if !known {
				run.warn("requests of the unknown series " + tag + " were left out")
				continue
			}
			sums := []*metric.Counts{&run.totals.Counts[id], &flows[all[id].Flow.ID()]}
			for _, part := range parts {
				sums = append(sums, &part.Counts[id])
			}
			for _, sum := range sums {
				sum.Count += c[0]
				sum.Failed += c[1]
			}
		}
		for _, x := range s.Errors {
			k := key{x.Series, x.Class, x.Status}
			if errors[k] == nil {
				errors[k] = &errorTotal{series: x.Series, class: x.Class, status: x.Status}
			}
			errors[k].count += x.Count
			errors[k].texts.Add(x.Sample, x.Count-x.Times)
			errors[k].texts.Add(x.Most, x.Times)
		}
		for name, c := range s.Checks {
			if checks[name] == nil {
				checks[name] = &metric.Check{Name: name}
			}
			checks[name].Passes += c[0]
			checks[name].Fails += c[1]
			for _, part := range parts {
				part.AddCheck(metric.Check{Name: name, Passes: c[0], Fails: c[1]})
			}
		}
		if p, is := run.cutAt(s.At + s.Length/2); is {
			p.add(s, flows)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		run.totals.Checks = append(run.totals.Checks, *checks[name])
	}
	for _, x := range errors {
		run.errors = append(run.errors, *x)
	}
	slices.SortFunc(run.errors, func(a, b errorTotal) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.series, b.series), cmp.Compare(a.class, b.class), cmp.Compare(a.status, b.status))
	})
}

// addHistograms merges every histogram of the run into its series, its phase and its chart. The
// histograms of a second that has no counts belong to requests that were not counted, and are left out
// with them.
func (run *Run) addHistograms() error {
	ids, all := seriesIDs(), load.Registry().Series()
	counted, uncounted := map[string]bool{}, map[string]float64{}
	for _, s := range run.files.Seconds {
		counted[hlogTime(s.At)] = true
	}
	trends := trendTags()
	of, parts := math.Inf(-1), []*metric.Totals(nil)
	err := run.files.EachHistogram(func(tag string, at, length float64, h rundir.Bars) error {
		if t, is := trends[tag]; is {
			run.merge(&run.trends[t], h)
			return nil
		}
		middle := at + length/2
		if m := hlogTime(at); !counted[m] {
			uncounted[m] = at
			return nil
		}
		tag, service := strings.CutSuffix(tag, rundir.ServiceSuffix)
		id, known := ids[tag]
		if !known {
			run.warn("latencies of the unknown series " + tag + " were left out")
			return nil
		}
		if service {
			run.open = true
			run.merge(&run.service[id], h)
			return nil
		}
		run.merge(&run.totals.Latency[id], h)
		if middle != of { // the histograms of a second follow each other
			of, parts = middle, run.parts.At(run.timeline, middle)
		}
		for _, part := range parts {
			run.merge(&part.Latency[id], h)
		}
		flow := all[id].Flow
		if p, is := run.cutAt(middle); is {
			run.merge(&p.in.latency[flow.ID()], h)
		}
		for _, t := range run.series {
			if t.metric == flow.Metric {
				t.add(run.second(at), h)
			}
		}
		return nil
	})
	for _, t := range run.series {
		t.close()
	}
	run.noteUncounted(uncounted)
	return err
}

// noteUncounted notes seconds that have latencies and no counts. A kill may leave one such second at the end,
// which changes nothing; any other means that counts were lost.
func (run *Run) noteUncounted(uncounted map[string]float64) {
	n := len(run.files.Seconds)
	if len(uncounted) == 0 {
		return
	}
	if len(uncounted) == 1 && n > 0 && run.timeline.End == nil {
		for _, at := range uncounted {
			if at > run.files.Seconds[n-1].At {
				run.warn("latencies after the last counted second were left out")
				return
			}
		}
	}
	run.uncounted = len(uncounted)
}

// second is the number of the second that a window is of, counted from the first of the run: windows close
// at whole seconds of the wall clock. at is the window's beginning in seconds since the start.
func (run *Run) second(at float64) float64 {
	started := run.timeline.Started
	began := started.Add(time.Duration(at * float64(time.Second)))
	return metric.Second(began).Sub(metric.Second(started)).Seconds()
}

// startOffset is how many seconds after the beginning of its first second the run started; a little less than 0 when
// its first window is part of the next second.
func (run *Run) startOffset() float64 {
	return run.timeline.Started.Sub(metric.Second(run.timeline.Started)).Seconds()
}

// hlogTime is a time as the histogram log writes it.
func hlogTime(seconds float64) string { return strconv.FormatFloat(seconds, 'f', 3, 64) }

// merge adds one histogram to another, which is made when it is first needed.
func (run *Run) merge(into **hdr.Histogram, h rundir.Bars) {
	if *into == nil {
		*into = metric.NewHistogram()
	}
	if h.AddTo(*into) > 0 {
		run.warn("latencies outside the bounds of this version's histograms were left out")
	}
}

func (run *Run) warn(text string) {
	if !slices.Contains(run.files.Warnings, text) {
		run.files.Warnings = append(run.files.Warnings, text)
	}
}

// requests counts every request that ended.
func (run *Run) requests() metric.Counts {
	failed, total := run.totals.Rate("http_req_failed", "")
	return metric.Counts{Count: total, Failed: failed}
}

// flowCounts sums the series of a flow.
func (run *Run) flowCounts(f *metric.Flow) (sum metric.Counts) {
	for id, s := range load.Registry().Series() {
		if s.Flow == f {
			sum.Count += run.totals.Counts[id].Count
			sum.Failed += run.totals.Counts[id].Failed
		}
	}
	return sum
}

// merged merges the histograms of a flow; nil without samples.
func merged(series []*hdr.Histogram, f *metric.Flow) *hdr.Histogram {
	var sum *hdr.Histogram
	for id, s := range load.Registry().Series() {
		if s.Flow != f || series[id] == nil {
			continue
		}
		if sum == nil {
			sum = metric.NewHistogram()
		}
		sum.Merge(series[id])
	}
	return sum
}

// ended describes when and why the run ended, in one sentence.
func (run *Run) ended() string {
	if run.timeline.End == nil {
		return fmt.Sprintf("The run did not end properly, or had not ended when this was written: data stops at %s.", clock(run.length))
	}
	why := run.timeline.End.Data.CauseText()
	if run.timeline.End.Data.Cause == event.EndAsked {
		why = "by the " + run.timeline.End.By.String()
	}
	return fmt.Sprintf("Ended at %s: %s.", clock(run.length), why)
}

// unsent counts the requests that never left this machine.
func (run *Run) unsent() (n uint64) {
	for _, e := range run.errors {
		if e.class == metric.LocalLimit.String() {
			n += e.count
		}
	}
	return n
}
