package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
)

// evidence is a run, read and added up: what sections are made from. Latencies are microseconds
// in histograms.
type evidence struct {
	run        *rundir.Run
	line       *timeline.Timeline // what the events mean
	injections []injection
	length     float64 // seconds, as far as there is data

	totals  *load.Totals                   // latency from the time a send was due
	outside *load.Totals                   // the same outside faults, spikes and their recovery
	service [load.NumSeries]*hdr.Histogram // from the time it was sent; open model only
	open    bool                           // the open model was used at some time
	phases  []phase
	tracks  []*track // one per latency chart
	errors  []errorTotal
	clamped uint64
	// uncounted is the number of seconds that have latencies and no counts, if so many that nothing
	// can be said about the whole run.
	uncounted int

	saturated []rundir.Second // seconds whose numbers may be our own fault
	vus       levels
	wanted    levels

	unreadable []string // objectives that could not be parsed, and why
	verdict    slo.Verdict
	ledger     ledger
}

// levels is how a level moved over the run.
type levels struct{ last, low, high int }

func (l *levels) add(v int, first bool) {
	l.last = v
	l.high = max(l.high, v)
	if first || v < l.low {
		l.low = v
	}
}

// gather reads a run directory to its end and adds everything up.
func gather(dir string) (*evidence, error) {
	run, err := rundir.Open(dir)
	if err != nil {
		return nil, err
	}
	e := &evidence{run: run, line: timeline.Of(run.Events), length: run.Length(), totals: new(load.Totals), outside: new(load.Totals)}
	e.injections = injectionsOf(e.line)
	e.phases = phasesOf(e.line, e.length)
	e.ledger = readLedger(run)
	e.addSeconds()
	e.tracks = tracksOf(e)
	if err := e.addHistograms(); err != nil {
		return nil, err
	}
	e.totals.Chaos = uint64(len(e.injections)) // as the k6 script counts: what was done to the platform, be it a spike or a fault
	e.judge()
	return e, nil
}

// seriesIDs finds series by tag.
func seriesIDs() map[string]load.SeriesID {
	ids := make(map[string]load.SeriesID)
	for id, s := range load.AllSeries() {
		ids[s.String()] = load.SeriesID(id)
	}
	return ids
}

func (e *evidence) addSeconds() {
	ids, all := seriesIDs(), load.AllSeries()
	type key struct {
		series, class string
		status        int
	}
	errors := map[key]*errorTotal{}
	checks := map[string]*load.Check{}
	for i, s := range e.run.Seconds {
		e.totals.Seconds += s.Length
		e.totals.Missed += s.Missed
		e.clamped += s.Clamped
		e.vus.add(s.VUs, i == 0)
		e.wanted.add(s.WantedVUs, i == 0)
		e.open = e.open || s.Rate > 0
		if s.Saturated != "" {
			e.saturated = append(e.saturated, s)
		}
		calm := e.line.Outside(s.At + s.Length/2)
		if calm {
			e.outside.Seconds += s.Length
			e.outside.Missed += s.Missed
		}
		var flows [load.NumFlows]load.Counts
		for tag, c := range s.Series {
			id, known := ids[tag]
			if !known {
				e.warn("requests of the unknown series " + tag + " were left out")
				continue
			}
			sums := []*load.Counts{&e.totals.Counts[id], &flows[all[id].Flow]}
			if calm {
				sums = append(sums, &e.outside.Counts[id])
			}
			for _, sum := range sums {
				sum.Count += c[0]
				sum.Failed += c[1]
			}
		}
		for _, x := range s.Errors {
			k := key{x.Series, x.Class, x.Status}
			if errors[k] == nil {
				errors[k] = &errorTotal{x.Series, x.Class, x.Status, 0, ""}
			}
			errors[k].count += x.Count
			errors[k].sample = cmp.Or(errors[k].sample, x.Sample)
		}
		for name, c := range s.Checks {
			if checks[name] == nil {
				checks[name] = &load.Check{Name: name}
			}
			checks[name].Passes += c[0]
			checks[name].Fails += c[1]
			if calm {
				e.outside.AddCheck(load.Check{Name: name, Passes: c[0], Fails: c[1]})
			}
		}
		if p := phaseAt(e.phases, s.At+s.Length/2); p != nil {
			p.add(s, flows)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		e.totals.Checks = append(e.totals.Checks, *checks[name])
	}
	for _, x := range errors {
		e.errors = append(e.errors, *x)
	}
	slices.SortFunc(e.errors, func(a, b errorTotal) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.series, b.series), cmp.Compare(a.class, b.class), cmp.Compare(a.status, b.status))
	})
}

// addHistograms merges every histogram of the run into its series, its phase and its chart. The
// histograms of a second that has no counts belong to requests that nobody counted, and are left out
// with them.
func (e *evidence) addHistograms() error {
	ids, all := seriesIDs(), load.AllSeries()
	counted, uncounted := map[string]bool{}, map[string]float64{}
	for _, s := range e.run.Seconds {
		counted[moment(s.At)] = true
	}
	err := e.run.EachHistogram(func(tag string, at, length float64, h rundir.Bars) error {
		middle := at + length/2
		if m := moment(at); !counted[m] {
			uncounted[m] = at
			return nil
		}
		tag, service := strings.CutSuffix(tag, rundir.ServiceSuffix)
		id, known := ids[tag]
		if !known {
			e.warn("latencies of the unknown series " + tag + " were left out")
			return nil
		}
		if service {
			e.open = true
			e.merge(&e.service[id], h)
			return nil
		}
		e.merge(&e.totals.Latency[id], h)
		if e.line.Outside(middle) {
			e.merge(&e.outside.Latency[id], h)
		}
		flow := all[id].Flow
		if p := phaseAt(e.phases, middle); p != nil {
			e.merge(&p.latency[flow], h)
		}
		for _, t := range e.tracks {
			if t.metric == flow.Metric() {
				t.add(middle, h)
			}
		}
		return nil
	})
	for _, t := range e.tracks {
		t.close()
	}
	e.tell(uncounted)
	return err
}

// tell says that seconds have latencies and no counts. A kill may leave one such second at the end,
// which changes nothing; any other means that counts were lost.
func (e *evidence) tell(uncounted map[string]float64) {
	n := len(e.run.Seconds)
	if len(uncounted) == 0 {
		return
	}
	if len(uncounted) == 1 && n > 0 && e.line.End == nil {
		for _, at := range uncounted {
			if at > e.run.Seconds[n-1].At {
				e.warn("latencies after the last counted second were left out")
				return
			}
		}
	}
	e.uncounted = len(uncounted)
}

// moment is a time as the histogram log writes it.
func moment(seconds float64) string { return strconv.FormatFloat(seconds, 'f', 3, 64) }

// merge adds one histogram to another, which is made when it is first needed.
func (e *evidence) merge(into **hdr.Histogram, h rundir.Bars) {
	if *into == nil {
		*into = load.NewHistogram()
	}
	if h.AddTo(*into) > 0 {
		e.warn("latencies outside the bounds of this version's histograms were left out")
	}
}

func (e *evidence) warn(text string) {
	if !slices.Contains(e.run.Warnings, text) {
		e.run.Warnings = append(e.run.Warnings, text)
	}
}

// requests counts every request that ended.
func (e *evidence) requests() load.Counts {
	failed, total := e.totals.Rate("http_req_failed", "")
	return load.Counts{Count: total, Failed: failed}
}

// flowCounts sums the series of a flow.
func (e *evidence) flowCounts(f load.Flow) (sum load.Counts) {
	for id, s := range load.AllSeries() {
		if s.Flow == f {
			sum.Count += e.totals.Counts[id].Count
			sum.Failed += e.totals.Counts[id].Failed
		}
	}
	return sum
}

// merged merges the histograms of a flow; nil without samples.
func merged(series [load.NumSeries]*hdr.Histogram, f load.Flow) *hdr.Histogram {
	var sum *hdr.Histogram
	for id, s := range load.AllSeries() {
		if s.Flow != f || series[id] == nil {
			continue
		}
		if sum == nil {
			sum = load.NewHistogram()
		}
		sum.Merge(series[id])
	}
	return sum
}

// flowTitle is a flow's name at the head of a row.
func flowTitle(f load.Flow) string {
	titles := [load.NumFlows]string{
		load.Gateway:    "Gateway",
		load.Ingestion:  "Ingestion",
		load.Automation: "Automation",
		load.Rules:      "Rule toggling",
		load.Knowledge:  "Knowledge upload",
	}
	return titles[f]
}

// ended says when and why the run ended, in one sentence.
func (e *evidence) ended() string {
	if e.line.End == nil {
		return fmt.Sprintf("The run did not end properly, or had not ended when this was written: data stops at %s.", clock(e.length))
	}
	why := e.line.End.Data.CauseText()
	if e.line.End.Data.Cause == event.EndAsked {
		why = "by the " + e.line.End.By.String()
	}
	return fmt.Sprintf("Ended at %s: %s.", clock(e.length), why)
}
