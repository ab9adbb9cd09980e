package compare

import (
	"maps"
	"slices"
	"time"
)

// Run is a run as far as it can be compared.
type Run struct {
	Name       string // as the user named it
	Conditions Conditions
	Parts      []Part   // the phases of the run, or all of it
	Notes      []string // what a reader must know of its data, a sentence each
}

// Conditions is what a run was made under.
type Conditions struct {
	Known    bool // false: the journal does not hold how the run was started
	ID       string
	Started  time.Time
	Length   float64 // seconds with data
	Killed   bool    // it was killed, or goes on
	Missing  string  // why its counts cannot be relied on; "" if they can
	Target   string
	Gateway  string // address
	Embedded bool   // the demo platform
	Model    string // closed or open
	Think    string // think times in their order
	Workload string
	Tenants  int
	Brands   int
	Mix      map[string]float64 // channel -> share that was asked for at the start
	MixSet   int                // how often it was changed during the run
	Version  string             // of squall
	Machine  string             // that the load came from
	Requests uint64
	Failed   uint64
	Clamped  uint64 // latencies beyond the bounds of histograms
}

// Part is a part of a run in which one thing was done to the platform, or nothing.
type Part struct {
	Name     string // baseline, LLM latency, recovery from LLM latency, ..
	Settings string // what the faults in it were set to; parts with other settings are other experiments
	Seconds  float64
	VUs      float64 // virtual users, on average; 0 in the open model
	Wanted   float64 // arrivals per second that were asked for, on average; 0 in the closed model
	LeftOut  int     // seconds without which it is, as the generator was saturated or away
	Kept     int     // the other seconds
	Lag      float64 // how late the generator's timers fired, in µs: the median over the seconds of their 95th percentiles
	Missed   uint64  // sends that were due and never made
	Step     float64 // length of a cell in seconds
	Series   []Series
}

// Series is what was measured of a flow, or of one channel of a flow.
type Series struct {
	Flow    string // name
	Title   string // of the flow
	Channel string // "": all of the flow
	Cells   []Cell // over the part, in order
}

// Name is the series' tag, such as gateway or gateway/webchat.
func (s Series) Name() string {
	if s.Channel == "" {
		return s.Flow
	}
	return s.Flow + "/" + s.Channel
}

// Label is the series in words.
func (s Series) Label() string {
	if s.Channel == "" {
		return s.Title
	}
	return s.Title + ", " + s.Channel
}

// Cell is a second, or a few consecutive seconds of a long part.
type Cell struct {
	Count, Failed uint64
	Latency       []Bar // ascending
}

// Bar is how often latencies of one bucket occurred.
type Bar struct {
	Micros int64 // the highest of the bucket, as percentiles are read
	Count  int64
}

// micros is the latency, no less than can be told from nothing: values are compared by their logarithm.
func (b Bar) micros() int64 { return max(1, b.Micros) }

// MostCells is how many cells a part has at most. Seconds of a longer part are put together, so that hours can be
// resampled in a moment.
const MostCells = 600

func (p Part) series(name string) (Series, bool) {
	for _, s := range p.Series {
		if s.Name() == name {
			return s, true
		}
	}
	return Series{}, false
}

func (r Run) part(name string) (Part, bool) {
	for _, p := range r.Parts {
		if p.Name == name {
			return p, true
		}
	}
	return Part{}, false
}

// Whole puts the channels of a flow together.
func Whole(channels []Series) Series {
	whole := Series{Flow: channels[0].Flow, Title: channels[0].Title, Cells: make([]Cell, len(channels[0].Cells))}
	for n := range whole.Cells {
		sum := map[int64]int64{}
		for _, c := range channels {
			whole.Cells[n].Count += c.Cells[n].Count
			whole.Cells[n].Failed += c.Cells[n].Failed
			for _, b := range c.Cells[n].Latency {
				sum[b.Micros] += b.Count
			}
		}
		for _, v := range slices.Sorted(maps.Keys(sum)) {
			whole.Cells[n].Latency = append(whole.Cells[n].Latency, Bar{v, sum[v]})
		}
	}
	return whole
}
