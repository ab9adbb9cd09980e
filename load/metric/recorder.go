package metric

import (
	"sync"
	"time"
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

	Parts     Parts         // of a request that was answered
	Parted    bool          // there are parts
	Iteration time.Duration // that ended, with this request or before it; 0: none
	Away      bool          // the generator did not run while this was under way: it has no latency that says anything of the platform
}

// Shard is one share of the recorder. Virtual users are spread over the shards, so a lock is
// rarely contended and held only for one histogram update.
type Shard struct {
	mu   sync.Mutex
	open *aggregate
	_    [64]byte // keeps neighbours off each other's cache line
}

// Record counts an outcome. In the open model it has a service time beside its latency.
func (s *Shard) Record(o *Outcome, openModel bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open.add(o, openModel)
}

// Recorder collects outcomes in shards and hands them over, merged, once a window.
type Recorder struct {
	shards []Shard
	spare  *aggregate // swapped with a shard's open measures, so traffic never waits for a merge
}

// NewRecorder makes a recorder with as many shards as goroutines can run at once.
func NewRecorder(registry *Registry, shards int) *Recorder {
	r := &Recorder{shards: make([]Shard, shards), spare: newAggregate(registry)}
	for i := range r.shards {
		r.shards[i].open = newAggregate(registry)
	}
	return r
}

// Shard is the share that a worker with this number records in.
func (r *Recorder) Shard(n uint64) *Shard { return &r.shards[n%uint64(len(r.shards))] }

// drain merges everything recorded since the last drain into window, which it empties first. One
// goroutine only.
func (r *Recorder) drain(window *aggregate) {
	window.reset()
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		s.open, r.spare = r.spare, s.open
		s.mu.Unlock()
		window.merge(r.spare)
		window.mergeWindow(r.spare)
		r.spare.reset()
	}
}
