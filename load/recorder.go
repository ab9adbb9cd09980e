package load

import (
	"runtime"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Outcome is one request that ended.
type Outcome struct {
	Series SeriesID
	Due    time.Time // when it should have been sent; equal to Sent in the closed model
	Sent   time.Time
	Done   time.Time
	Class  ErrorClass
	Status int    // HTTP status, 0 without an answer
	Detail string // text of the error, without secrets; "" when there is none
	Body   bool   // the body was as promised; meaningful for the gateway only
}

// measures is what is added up between two moments: the raw material of every number.
type measures struct {
	registry *Registry

	latency []*hdr.Histogram // by series
	service []*hdr.Histogram
	counts  []Counts
	errors  map[ErrorKey]errorCount
	checks  []flowChecks // by flow
	clamped uint64
}

type errorCount struct {
	count  uint64
	sample string
}

// flowChecks are the answers of a flow that a check was made of; Failed of Count did not hold.
type flowChecks struct{ status, body Counts }

func newMeasures(registry *Registry) *measures {
	n := len(registry.Series())
	return &measures{
		registry: registry,
		latency:  make([]*hdr.Histogram, n), service: make([]*hdr.Histogram, n), counts: make([]Counts, n),
		errors: map[ErrorKey]errorCount{}, checks: make([]flowChecks, len(registry.Flows())),
	}
}

// add counts one outcome. An outcome of our own making (LocalLimit, Interrupted) has no latency:
// it says nothing of the platform.
func (m *measures) add(o *Outcome, open bool) {
	if o.Class != OK {
		key := ErrorKey{o.Series, o.Class, 0}
		if o.Class == BadStatus {
			key.Status = o.Status
		}
		e := m.errors[key]
		if e.count == 0 {
			e.sample = o.Detail
		}
		e.count++
		m.errors[key] = e
		if !o.Class.Failed() {
			return
		}
		m.counts[o.Series].Failed++
	}
	m.counts[o.Series].Count++
	m.check(o)
	if !o.Class.Measured() {
		return
	}
	m.clamped += record(&m.latency[o.Series], o.Done.Sub(o.Due))
	if open {
		m.clamped += record(&m.service[o.Series], o.Done.Sub(o.Sent))
	}
}

func (m *measures) check(o *Outcome) {
	flow := m.registry.series[o.Series].Flow
	made := &m.checks[flow.id]
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
func (m *measures) merge(other *measures) {
	for id := range m.counts {
		mergeHistogram(&m.latency[id], other.latency[id])
		mergeHistogram(&m.service[id], other.service[id])
		m.counts[id].add(other.counts[id])
	}
	for key, e := range other.errors {
		sum := m.errors[key]
		if sum.count == 0 {
			sum.sample = e.sample
		}
		sum.count += e.count
		m.errors[key] = sum
	}
	for i, c := range other.checks {
		m.checks[i].status.add(c.status)
		m.checks[i].body.add(c.body)
	}
	m.clamped += other.clamped
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
func (m *measures) reset() {
	for id := range m.counts {
		if h := m.latency[id]; h != nil && h.TotalCount() > 0 {
			h.Reset()
		}
		if h := m.service[id]; h != nil && h.TotalCount() > 0 {
			h.Reset()
		}
	}
	clear(m.errors)
	clear(m.counts)
	clear(m.checks)
	m.clamped = 0
}

// shard is one share of the recorder. Virtual users are spread over the shards, so a lock is
// rarely contended and held only for one histogram update.
type shard struct {
	mu   sync.Mutex
	open *measures
	_    [64]byte // keeps neighbours off each other's cache line
}

func (s *shard) record(o *Outcome, openModel bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open.add(o, openModel)
}

// recorder collects outcomes in shards and hands them over, merged, once a window.
type recorder struct {
	shards []shard
	spare  *measures // swapped with a shard's open measures, so traffic never waits for a merge
}

func newRecorder(registry *Registry, shards int) *recorder {
	r := &recorder{shards: make([]shard, shards), spare: newMeasures(registry)}
	for i := range r.shards {
		r.shards[i].open = newMeasures(registry)
	}
	return r
}

func (r *recorder) shard(n uint64) *shard { return &r.shards[n%uint64(len(r.shards))] }

// drain merges everything recorded since the last drain into window, which it empties first. One
// goroutine only.
func (r *recorder) drain(window *measures) {
	window.reset()
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		s.open, r.spare = r.spare, s.open
		s.mu.Unlock()
		window.merge(r.spare)
		r.spare.reset()
	}
}
