package metric

import "time"

// Summary is what a run has measured up to its last closed window. It is plain data and shared: readers
// must not write to its slices.
type Summary struct {
	Windows []Window      // closed seconds, oldest first, at most HistoryWindows
	Recent  []Stats       // by flow: the last RecentWindows seconds, merged
	Total   []Stats       // by flow: since the start, merged
	All     Stats         // every flow since the start, merged
	Totals  []SeriesTotal // series that have samples
	Errors  []ErrorTotal
	Checks  []Check
	Health  Health // of the last closed window
	// SaturatedWindows counts the seconds whose numbers may be the generator's own fault.
	SaturatedWindows int
	Away             time.Duration // how long the generator did not run, since the start
	Skipped          uint64        // sends that fell due then, and were not made
}

// RecentOf is a flow's last seconds; zero before the first has closed.
func (s *Summary) RecentOf(f *Flow) Stats {
	if f.id >= len(s.Recent) {
		return Stats{}
	}
	return s.Recent[f.id]
}
