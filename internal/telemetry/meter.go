package telemetry

import (
	"maps"
	"slices"
	"sync"
	"time"

	"xinbot.ir/squall/load/metric"
)

// Meter adds up the closed seconds of a run. It is safe for concurrent use: who reads it can hold up the adding of the next
// second while it copies, and never the traffic.
type Meter struct {
	slots slots

	mu  sync.Mutex
	sum Reading
}

// Reading is what a run has measured up to its last closed second. It does not change.
type Reading struct {
	Registry *metric.Registry // nil: no second has closed yet
	Latency  []Distribution   // by series, from the time a send was due
	Service  []Distribution   // by series, from the time it was sent; empty in the closed model
	Requests []uint64         // by series: those that ended and say something of the platform
	Errors   map[ErrorKey]uint64

	Missed, Skipped uint64 // sends
	Sent, Received  uint64 // bytes
	Away            time.Duration
	Saturated       uint64        // seconds that may be the generator's own fault
	Last            metric.Window // the newest second
}

// ErrorKey is a kind of error of a series.
type ErrorKey struct {
	Series metric.SeriesID
	Class  metric.ErrorClass
}

// NewMeter returns a meter of nothing yet.
func NewMeter() *Meter { return &Meter{slots: newSlots(), sum: Reading{Errors: map[ErrorKey]uint64{}}} }

// Observe adds a closed second. It keeps nothing of its histograms.
func (m *Meter) Observe(o metric.Observation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.sum
	if s.Registry == nil {
		n := len(o.Registry.Series())
		s.Registry, s.Latency, s.Service, s.Requests = o.Registry, make([]Distribution, n), make([]Distribution, n), make([]uint64, n)
	}
	for id := range s.Requests {
		m.slots.add(&s.Latency[id], o.Latency[id])
		m.slots.add(&s.Service[id], o.Service[id])
		s.Requests[id] += o.Window.Series[id].Count
	}
	for _, e := range o.Errors {
		s.Errors[ErrorKey{e.Series.Flow.Series(e.Series.Channel), e.Class}] += e.Count
	}
	w := o.Window
	s.Missed, s.Skipped = s.Missed+w.Missed, s.Skipped+w.Skipped
	s.Sent, s.Received, s.Away = s.Sent+w.Sent, s.Received+w.Received, s.Away+w.Away
	if w.Health.Saturated {
		s.Saturated++
	}
	s.Last = w
}

// Read copies what was added up.
func (m *Meter) Read() Reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.sum
	r.Latency, r.Service = slices.Clone(r.Latency), slices.Clone(r.Service)
	for id := range r.Latency {
		r.Latency[id], r.Service[id] = r.Latency[id].clone(), r.Service[id].clone()
	}
	r.Requests, r.Errors = slices.Clone(r.Requests), maps.Clone(r.Errors)
	return r
}
