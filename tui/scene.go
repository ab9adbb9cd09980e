package tui

import (
	"time"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// panel is one part of the screen. SetSize comes before the first Sync; View is valid until the
// next Sync and always has exactly the size that was set.
type panel interface {
	Title() string // for the rule above it; "" when it has none
	SetSize(w, h int)
	Sync(s *scene)
	View() *grid.Grid
}

// scene is what panels draw from.
type scene struct {
	now     session.Snapshot // the newest
	calm    session.Snapshot // as the last second closed: numbers come from here, so that they can be read
	judged  int              // moves when the verdicts do
	history history
	story   story
	styles  *styles
	zone    *time.Location
	span    timeRange
	picked  int           // latency chart that has the focus
	clock   time.Time     // now
	beat    int           // tenth of the second that is open, 0 to 9
	tables  *sceneTables  // constant tables, built once
	message footerMessage // the echo or error in the footer
	width   int           // of the screen
	height  int
}

// sceneTables are tables that load builds anew at each call.
type sceneTables struct {
	series   [load.NumSeries]load.Series
	channels [load.NumChannels]string
	classes  [load.NumErrorClasses]string
}

func newTables() *sceneTables {
	t := &sceneTables{series: load.AllSeries()}
	for c := range t.channels {
		t.channels[c] = load.Channel(c).String()
	}
	for c := range t.classes {
		t.classes[c] = load.ErrorClass(c).String()
	}
	return t
}

// sheet is the size and the drawing that every panel has.
type sheet struct{ g grid.Grid }

// SetSize gives the panel its size and blanks it.
func (s *sheet) SetSize(w, h int) { s.g.Resize(w, h) }

// View is the drawing of the last Sync.
func (s *sheet) View() *grid.Grid { return &s.g }

// findFault is a fault of the newest snapshot and its place; nil when there is none of that name.
func (s *scene) findFault(id string) (f *session.FaultState, place int) {
	for i := range s.now.Faults {
		if f := &s.now.Faults[i]; f.Info.ID == id {
			return f, i
		}
	}
	return nil, -1
}

// lastWindow is the newest closed second of a snapshot; nil before the first.
func lastWindow(s *session.Snapshot) *load.Window {
	if n := len(s.Load.Windows); n > 0 {
		return &s.Load.Windows[n-1]
	}
	return nil
}

// began tells whether a second has closed and been judged: before that nothing is known to be absent.
func (s *scene) began() bool { return len(s.calm.Load.Windows) > 0 || len(s.calm.Live) > 0 }

// recent sums the last seconds of a run.
type recent struct {
	seconds          float64
	requests, failed uint64
	missed           uint64
	flows            [load.NumFlows]uint64 // requests that ended
	broken           [load.NumFlows]uint64 // of these, failed by the platform
	answered         [load.NumFlows]uint64 // of these, with a latency
	errors           [load.NumErrorClasses]uint64
}

// lately sums the last n closed seconds.
func (s *scene) lately(n int) (r recent) {
	windows := s.calm.Load.Windows
	for i := max(0, len(windows)-n); i < len(windows); i++ {
		w := &windows[i]
		r.seconds += w.Length.Seconds()
		for id, counts := range w.Series {
			f := s.tables.series[id].Flow
			r.requests += counts.Count
			r.failed += counts.Failed
			r.flows[f] += counts.Count
			r.broken[f] += counts.Failed
		}
		for f := range w.Flows {
			r.answered[f] += w.Flows[f].Count
		}
		r.missed += w.Missed
		for class, count := range w.Errors {
			r.errors[class] += count
		}
	}
	return r
}

// perSecond is a count over the summed seconds.
func (r recent) perSecond(n uint64) float64 {
	if r.seconds == 0 {
		return 0
	}
	return float64(n) / r.seconds
}

// failedShare is the share of requests that failed, and whether there were any.
func (r recent) failedShare() (share float64, known bool) {
	if r.requests == 0 {
		return 0, false
	}
	return float64(r.failed) / float64(r.requests), true
}
