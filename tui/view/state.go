// Package view is what the console draws from: the newest snapshot, and what follows from it for charts that share
// one time axis. Nothing in it draws.
package view

import (
	"slices"
	"time"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/theme"
)

// State is what panels draw from.
type State struct {
	Now            session.Snapshot // the newest
	Typing         bool             // keys are text
	LastSecond     session.Snapshot // as the last second closed: numbers come from here, so that they can be read
	VerdictVersion int              // moves when the verdicts do
	History        History
	Marks          Marks
	Styles         *theme.Styles
	Zone           *time.Location
	TimeRange      TimeRange
	Chart          int           // latency chart that has the focus
	Heatmap        bool          // latency charts show how many requests took how long
	Clock          time.Time     // now
	Progress       int           // tenth of the second that is open, 0 to 9
	Message        FooterMessage // the echo or error in the footer
	Width          int           // of the screen
	Height         int
}

// FindFault is a fault of the newest snapshot and its place; nil when there is none of that name.
func (s *State) FindFault(id string) (f *session.FaultState, place int) {
	for i := range s.Now.Faults {
		if f := &s.Now.Faults[i]; f.Info.ID == id {
			return f, i
		}
	}
	return nil, -1
}

// LastWindow is the newest closed second of a snapshot; nil before the first.
func LastWindow(s *session.Snapshot) *metric.Window {
	if n := len(s.Load.Windows); n > 0 {
		return &s.Load.Windows[n-1]
	}
	return nil
}

// Began reports whether a second has closed and been judged: before that nothing is known to be absent.
func (s *State) Began() bool { return len(s.LastSecond.Load.Windows) > 0 || len(s.LastSecond.Live) > 0 }

// Verdicts are those on the last seconds; of an objective that they have too few samples for, that on the whole run.
func (s *State) Verdicts() []slo.Result {
	now, overall := s.LastSecond.Live, s.LastSecond.Overall
	for i, v := range now {
		if v.State == slo.Unknown && i < len(overall) && overall[i].Objective == v.Objective && overall[i].State != slo.Unknown {
			now = slices.Clone(now)
			now[i] = overall[i]
		}
	}
	return now
}

// Recent sums the last seconds of a run.
type Recent struct {
	seconds          float64
	Requests, failed uint64
	Missed           uint64
	Flows            []uint64 // by flow: requests that ended
	broken           []uint64 // of these, failed by the platform
	answered         []uint64 // of these, with a latency
	Errors           [metric.NumErrorClasses]uint64
}

// SumRecent sums the last n closed seconds.
func (s *State) SumRecent(n int) (r Recent) {
	windows, series, flows := s.LastSecond.Load.Windows, load.Registry().Series(), len(load.Registry().Flows())
	r.Flows, r.broken, r.answered = make([]uint64, flows), make([]uint64, flows), make([]uint64, flows)
	for i := max(0, len(windows)-n); i < len(windows); i++ {
		w := &windows[i]
		r.seconds += w.Length.Seconds()
		for id, counts := range w.Series {
			f := series[id].Flow.ID()
			r.Requests += counts.Count
			r.failed += counts.Failed
			r.Flows[f] += counts.Count
			r.broken[f] += counts.Failed
		}
		for f := range w.Flows {
			r.answered[f] += w.Flows[f].Count
		}
		r.Missed += w.Missed
		for class, count := range w.Errors {
			r.Errors[class] += count
		}
	}
	return r
}

// AwayLately is how long the generator did not run within the last seconds.
func (s *State) AwayLately() (d time.Duration) {
	windows := s.LastSecond.Load.Windows
	for i := max(0, len(windows)-metric.RecentWindows); i < len(windows); i++ {
		d += windows[i].Away
	}
	return d
}

// PerSecond is a count over the summed seconds.
func (r Recent) PerSecond(n uint64) float64 {
	if r.seconds == 0 {
		return 0
	}
	return float64(n) / r.seconds
}

// FailedShare is the share of requests that failed, and whether there were any.
func (r Recent) FailedShare() (share float64, known bool) {
	if r.Requests == 0 {
		return 0, false
	}
	return float64(r.failed) / float64(r.Requests), true
}

// FooterMessage is the echo of a key or an error, shown once.
type FooterMessage struct {
	Text  string
	Bad   bool
	Until time.Time
}

// FlowFailed is the share of a flow's requests that the platform failed; 0 without any.
func (r Recent) FlowFailed(f *metric.Flow) float64 {
	if r.Flows[f.ID()] == 0 {
		return 0
	}
	return float64(r.broken[f.ID()]) / float64(r.Flows[f.ID()])
}

// FlowRate is the requests per second of some flows.
func (r Recent) FlowRate(flows []*metric.Flow) float64 {
	var n uint64
	for _, f := range flows {
		n += r.Flows[f.ID()]
	}
	return r.PerSecond(n)
}
