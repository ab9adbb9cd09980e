package metric

import (
	"runtime"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// aggregate is what is added up between two moments: the raw material of every number.
type aggregate struct {
	registry *Registry

	latency []*hdr.Histogram // by series
	service []*hdr.Histogram
	trends  [NumTrends]*hdr.Histogram // of the window alone
	density []Density                 // by flow; of the window alone
	counts  []Counts
	errors  map[ErrorKey]errorCount
	checks  []flowChecks // by flow
	clamped uint64
	away    bool // the generator did not run for a part of the window
}

type errorCount struct {
	count uint64
	texts Texts
}

func (e *errorCount) add(other errorCount) {
	e.count += other.count
	for _, text := range other.texts {
		e.texts.Add(text.Text, text.Count)
	}
}

// mostErrorKinds bounds what is told apart by status: a server may answer with any number.
const mostErrorKinds = 1000

// errorKey is the key that an error is counted under.
func (a *aggregate) errorKey(key ErrorKey) ErrorKey {
	if _, known := a.errors[key]; !known && len(a.errors) >= mostErrorKinds {
		key.Status = 0
	}
	return key
}

// flowChecks are the answers of a flow that a check was made of; Failed of Count did not hold.
type flowChecks struct{ status, body Counts }

func newAggregate(registry *Registry) *aggregate {
	n := len(registry.Series())
	return &aggregate{
		registry: registry,
		latency:  make([]*hdr.Histogram, n), service: make([]*hdr.Histogram, n), counts: make([]Counts, n),
		errors: map[ErrorKey]errorCount{}, checks: make([]flowChecks, len(registry.Flows())), density: make([]Density, len(registry.Flows())),
	}
}

// add counts one outcome. An outcome of our own making (LocalLimit, Interrupted, Away) has no latency:
// it says nothing of the platform.
func (a *aggregate) add(o *Outcome, open bool) {
	if o.Class != OK {
		key := ErrorKey{o.Series, o.Class, 0}
		if o.Class == BadStatus {
			key.Status = o.Status
		}
		key = a.errorKey(key)
		e := a.errors[key]
		e.count++
		e.texts.Add(o.Detail, 1)
		a.errors[key] = e
		if !o.Class.Failed() {
			return
		}
		if !a.registry.series[o.Series].Flow.Diagnostic {
			a.counts[o.Series].Failed++
		}
	}
	a.counts[o.Series].Count++
	a.check(o)
	if !o.Class.Measured() || o.Away {
		return
	}
	a.clamped += record(&a.latency[o.Series], o.Done.Sub(o.Due))
	a.density[a.registry.series[o.Series].Flow.id][BinOf(o.Done.Sub(o.Due))]++
	a.addTrends(o)
	if open {
		a.clamped += record(&a.service[o.Series], o.Done.Sub(o.Sent))
	}
}

// addTrends counts what was taken of a request beside its latency.
func (a *aggregate) addTrends(o *Outcome) {
	if o.Parted {
		for t := range NumParts {
			if d := o.Parts[t]; d > 0 || !t.Seldom() {
				record(&a.trends[t], d)
			}
		}
	}
	if o.Iteration > 0 {
		record(&a.trends[Iteration], o.Iteration)
	}
	if o.Class != OK {
		record(&a.trends[Unexpected], o.Done.Sub(o.Due))
	}
}

func (a *aggregate) check(o *Outcome) {
	flow := a.registry.series[o.Series].Flow
	made := &a.checks[flow.id]
	made.status.Count++
	if o.Status != flow.Status {
		made.status.Failed++
		return
	}
	if flow.BodyCheck == "" {
		return
	}
	made.body.Count++
	if !o.Body {
		made.body.Failed++
	}
}

// record adds a duration to a histogram that is made on first use, and returns 1 if the value had
// to be clamped to the histogram's bounds.
func record(h **hdr.Histogram, d time.Duration) uint64 {
	if *h == nil {
		*h = NewHistogram()
	}
	micros := d.Microseconds()
	bounded := min(max(micros, LowestMicros), HighestMicros)
	// Cannot fail: the value is within the bounds.
	_ = (*h).RecordValue(bounded)
	if micros > HighestMicros || d < 0 {
		return 1
	}
	return 0
}

// merge adds what other holds.
func (a *aggregate) merge(other *aggregate) {
	for id := range a.counts {
		mergeHistogram(&a.latency[id], other.latency[id])
		mergeHistogram(&a.service[id], other.service[id])
		a.counts[id].add(other.counts[id])
	}
	for key, e := range other.errors {
		key = a.errorKey(key)
		sum := a.errors[key]
		sum.add(e)
		a.errors[key] = sum
	}
	for i, c := range other.checks {
		a.checks[i].status.add(c.status)
		a.checks[i].body.add(c.body)
	}
	a.clamped += other.clamped
}

// mergeWindow adds what is kept of a window alone: the trends and densities that other holds.
func (a *aggregate) mergeWindow(other *aggregate) {
	for t := range a.trends {
		mergeHistogram(&a.trends[t], other.trends[t])
	}
	for f := range a.density {
		for bin, n := range other.density[f] {
			a.density[f][bin] += n
		}
	}
}

func mergeHistogram(into **hdr.Histogram, from *hdr.Histogram) {
	if from == nil || from.TotalCount() == 0 {
		return
	}
	if *into == nil {
		*into = NewHistogram()
	}
	// Nothing can be dropped: all histograms have the same bounds.
	(*into).Merge(from)
	runtime.Gosched() // merging one takes some 50 µs, all of them together would hold up due sends
}

// reset empties the measures and keeps their memory.
func (a *aggregate) reset() {
	for id := range a.counts {
		if h := a.latency[id]; h != nil && h.TotalCount() > 0 {
			h.Reset()
		}
		if h := a.service[id]; h != nil && h.TotalCount() > 0 {
			h.Reset()
		}
	}
	for _, h := range a.trends {
		if h != nil && h.TotalCount() > 0 {
			h.Reset()
		}
	}
	clear(a.errors)
	clear(a.counts)
	clear(a.checks)
	clear(a.density)
	a.clamped = 0
}

// swapIn replaces what m holds by the window's latencies, counts and checks, the part that recent
// windows are asked for. The latencies change hands, for copying a histogram is slow; the window
// gets the old ones, to be emptied by the next drain.
func (a *aggregate) swapIn(window *aggregate) {
	a.latency, window.latency = window.latency, a.latency
	copy(a.counts, window.counts)
	copy(a.checks, window.checks)
}

func (a *aggregate) totals() *Totals {
	return &Totals{Latency: slices.Clone(a.latency), Counts: slices.Clone(a.counts), Checks: a.checkTotals(), registry: a.registry}
}

// all merges every flow.
func (a *aggregate) all() Stats {
	sum := NewHistogram()
	var ended Counts
	for id := range a.counts {
		if h := a.latency[id]; h != nil {
			sum.Merge(h)
		}
		ended.add(a.counts[id])
	}
	s := Statistics(sum)
	s.Requests, s.Failed = ended.Count, ended.Failed
	return s
}
