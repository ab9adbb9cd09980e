package report

import (
	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// phase is a phase of the run with what was measured in it.
type phase struct {
	timeline.Phase

	counts   []metric.Counts  // by flow
	latency  []*hdr.Histogram // by flow
	vus      int              // most at once, in the seconds that lie in it whole
	whole    int              // number of these
	measured float64          // length of the seconds that are counted in it
}

// phasesOf are the phases of a run of the given length, with nothing measured yet.
func phasesOf(line *timeline.Timeline, length float64) []phase {
	cut := line.Phases(length)
	all := make([]phase, len(cut))
	for i, p := range cut {
		n := len(load.Registry().Flows())
		all[i] = phase{Phase: p, counts: make([]metric.Counts, n), latency: make([]*hdr.Histogram, n)}
	}
	return all
}

// phaseAt finds the phase of a moment.
func phaseAt(phases []phase, at float64) *phase {
	for i := range phases {
		if p := &phases[i]; at >= p.From && at < p.To || i == len(phases)-1 && at >= p.From {
			return p
		}
	}
	return nil
}

// epsilon forgives the last digits of times that were written down, in seconds.
const epsilon = 1e-3

// add counts a closed window.
func (p *phase) add(s rundir.Second, counts []metric.Counts) {
	p.measured += s.Length
	// The level of a second that two phases share may be the other's.
	if s.At >= p.From-epsilon && s.End() <= p.To+epsilon {
		p.whole++
		p.vus = max(p.vus, s.VUs)
	}
	for f, c := range counts {
		p.counts[f].Count += c.Count
		p.counts[f].Failed += c.Failed
	}
}

// total sums the flows.
func (p *phase) total() (sum metric.Counts) {
	for _, c := range p.counts {
		sum.Count += c.Count
		sum.Failed += c.Failed
	}
	return sum
}
