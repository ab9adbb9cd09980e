package report

import (
	"cmp"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// phase is what was measured in a phase of the run, or in all phases in which repeats of the same faults were on.
type phase struct {
	name     string
	from, to float64 // of the first to the last
	times    int
	runs     map[int]bool // injections that are on

	counts   []metric.Counts  // by flow
	latency  []*hdr.Histogram // by flow
	vus      int              // most at once, in the seconds that lie in it whole
	whole    int              // number of these
	measured float64          // length of the seconds that are counted in it
}

// stretch is a stretch of the run, and the phase that it belongs to.
type stretch struct {
	timeline.Phase
	in *phase
}

// cutPhases cuts the run into phases with nothing measured yet. Those of repeats are one.
func (run *Run) cutPhases() {
	names := map[int]string{} // of groups, by injection
	for _, r := range run.repeats {
		for _, i := range r.all {
			names[i.Run] = r.name()
		}
	}
	at := map[string]*phase{}
	for _, p := range run.timeline.Phases(run.length) {
		name := p.Name
		if len(run.injections) > mostSingle {
			name = groupName(p, names)
		}
		in := at[name]
		if in == nil {
			n := len(load.Registry().Flows())
			in = &phase{name: name, from: p.From, runs: map[int]bool{}, counts: make([]metric.Counts, n), latency: make([]*hdr.Histogram, n)}
			at[name] = in
			run.phases = append(run.phases, in)
		}
		in.to = p.To
		in.times++
		for _, r := range p.Runs {
			in.runs[r] = true
		}
		run.cuts = append(run.cuts, stretch{p, in})
	}
}

// groupName is the name under which phases are put together: what is on in them.
func groupName(p timeline.Phase, names map[int]string) string {
	switch p.Kind {
	case timeline.Recovery:
		return "recovery"
	case timeline.Disturbed:
		var on []string
		for _, r := range p.Runs {
			on = append(on, names[r])
		}
		slices.Sort(on)
		return strings.Join(on, " + ")
	}
	return p.Name
}

// cutAt finds the stretch of a moment.
func (run *Run) cutAt(at float64) (stretch, bool) {
	n, exact := slices.BinarySearchFunc(run.cuts, at, func(c stretch, at float64) int { return cmp.Compare(c.From, at) })
	if !exact {
		n-- // the last that begins before
	}
	if n < 0 || at >= run.cuts[n].To && n < len(run.cuts)-1 {
		return stretch{}, false
	}
	return run.cuts[n], true
}

// epsilon forgives the last digits of times that were written down, in seconds.
const epsilon = 1e-3

// add counts a closed window.
func (c stretch) add(s rundir.Second, counts []metric.Counts) {
	p := c.in
	p.measured += s.Length
	// The level of a second that two phases share may be the other's.
	if s.At >= c.From-epsilon && s.End() <= c.To+epsilon {
		p.whole++
		p.vus = max(p.vus, s.VUs)
	}
	for f, n := range counts {
		p.counts[f].Count += n.Count
		p.counts[f].Failed += n.Failed
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

// label is the phase's name, and how often there was such a phase where the name does not say it.
func (p *phase) label() string {
	if p.times == 1 || len(p.runs) > 0 {
		return p.name
	}
	return p.name + ", " + units.Counted(uint64(p.times), "phase", "phases")
}
