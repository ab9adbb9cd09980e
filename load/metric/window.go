package metric

import "time"

// Stats summarises one merged histogram. A request has a latency when it was answered, whatever
// the status, or when it timed out (then it is the time waited); one that was refused or reset has
// none. Every duration is zero when Count is zero, which means "not measured" and must be shown as
// a gap, never as zero milliseconds.
type Stats struct {
	Requests uint64 // requests that ended, with or without a latency
	Failed   uint64 // of these, failed by the platform
	Count    uint64 // latencies measured
	Min      time.Duration
	Mean     time.Duration
	P50      time.Duration
	P90      time.Duration
	P95      time.Duration
	P99      time.Duration
	Max      time.Duration
}

// Window is one closed second of a run, by the wall clock: see [Second]. Its latencies count from the time
// a send was due (closed model: the time it was sent).
type Window struct {
	Start     time.Time
	Length    time.Duration
	Flows     []Stats                 // by flow
	Density   []SparseDensity         // by flow; nil: not known, as of a window that was read from the disk
	Series    []Counts                // by series
	Errors    [NumErrorClasses]uint64 // [OK] is left zero
	WantedVUs int                     // intended now, ramp included
	VUs       int                     // achieved
	Rate      float64                 // arrivals per second intended now, ramp included; 0 in the closed model
	Missed    uint64                  // sends that were due and never made, those of Skipped left out
	Away      time.Duration           // how long the generator did not run: suspended, starved, or the machine asleep
	Skipped   uint64                  // sends that fell due then, and were not made
	Sent      uint64                  // bytes, those of connecting and TLS included
	Received  uint64                  // bytes
	InFlight  int
	Health    Health
}

// shortestWindow is the least that a window covers, the last of a run excepted.
const shortestWindow = 250 * time.Millisecond

// Second is the whole second of the wall clock that a window is of when it began at start. Windows close at
// whole seconds, a moment late as timers are, so that those of several generators can be merged. One that
// would be shorter than a quarter of a second is made part of the next.
func Second(start time.Time) time.Time { return start.Add(shortestWindow).Truncate(time.Second) }

// NewWindow returns a window in which nothing was measured.
func (r *Registry) NewWindow() Window {
	return Window{Flows: make([]Stats, len(r.flows)), Series: make([]Counts, len(r.series))}
}

// Counts is what a series adds to a window beside its histogram.
type Counts struct{ Count, Failed uint64 }

func (c *Counts) add(other Counts) {
	c.Count += other.Count
	c.Failed += other.Failed
}

// Requests is the number of requests that ended in the window.
func (w Window) Requests() (n uint64) {
	for _, s := range w.Series {
		n += s.Count
	}
	return n
}

// Failed is the number of requests of the window that the platform failed.
func (w Window) Failed() (n uint64) {
	for _, s := range w.Series {
		n += s.Failed
	}
	return n
}

// Health is how well the generator itself did in a window.
type Health struct {
	Lag       time.Duration // 95th percentile of how late its timers fired
	CPU       float64       // processor time used over processor time available, 0 to 1
	Saturated bool          // the numbers of this window may be the generator's own fault
	Reason    string        // why, in words for the screen; "" when not saturated
}

// SeriesTotal is a series since the start of the run.
type SeriesTotal struct {
	Series  Series
	Latency Stats // from the time the send was due
	Service Stats // from the time it was really sent; equal to Latency in the closed model
}

// ErrorTotal is one line of the error table since the start of the run.
type ErrorTotal struct {
	Series Series
	Class  ErrorClass
	Status int // HTTP status of a BadStatus, else 0; also 0 for the statuses beyond those that are told apart
	Count  uint64
	Sample string    // what the first such error said, without secrets; "" when it said nothing
	Most   TextCount // what they said most often
}

// Check is a response check in k6's sense: how often a property of the answer held.
type Check struct {
	Name   string
	Passes uint64
	Fails  uint64
}

// Sizes of what a run keeps in memory; with them memory is constant however long it runs.
const (
	HistoryWindows = 7200 // two hours of seconds
	RecentWindows  = 10
)
