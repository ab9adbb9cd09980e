package report

import (
	"fmt"
	"slices"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// phase is a stretch of a run during which the operator wanted one thing. A second belongs to the
// phase that its middle lies in.
type phase struct {
	name     string // baseline, spike 1, recovery 1, paused, ..
	kind     phaseKind
	from, to float64 // seconds since the start

	seconds  int // closed windows in it
	counts   [load.NumFlows]load.Counts
	latency  [load.NumFlows]*hdr.Histogram
	vus      int // most at once
	measured float64
}

// phaseKind decides how a phase is drawn.
type phaseKind uint8

const (
	calm     phaseKind = iota // baseline, recovery: not shaded
	stressed                  // a spike (and later a fault): shaded
	aside                     // paused or halted: shaded grey
)

const pausedPhase = "paused"

// derivation walks through the events and cuts the run into phases.
type derivation struct {
	phases  []phase
	spikes  int
	resumes phase // what goes on after a pause
}

func (d *derivation) current() *phase { return &d.phases[len(d.phases)-1] }

// begin ends the current phase at a moment and begins another.
func (d *derivation) begin(at float64, name string, kind phaseKind) {
	d.current().to = at
	d.phases = append(d.phases, phase{name: name, kind: kind, from: at})
}

// transitions says which events begin a phase. A kind of event that is not here begins none; a
// fault that wants phases of its own adds its rows.
func transitions() map[rundir.Kind]func(*derivation, rundir.Event) {
	return map[rundir.Kind]func(*derivation, rundir.Event){
		rundir.SpikeOn: func(d *derivation, e rundir.Event) {
			d.spikes++
			name := fmt.Sprintf("spike %d", d.spikes)
			if d.current().name == pausedPhase { // it is felt when the pause ends
				d.resumes = phase{name: name, kind: stressed}
				return
			}
			d.begin(e.At, name, stressed)
		},
		rundir.SpikeOff: func(d *derivation, e rundir.Event) {
			switch {
			case d.current().kind == stressed:
				d.begin(e.At, fmt.Sprintf("recovery %d", d.spikes), calm)
			case d.current().name == pausedPhase && d.resumes.kind == stressed:
				d.resumes = phase{name: fmt.Sprintf("recovery %d", d.spikes), kind: calm}
			}
		},
		rundir.Paused: func(d *derivation, e rundir.Event) {
			if d.current().name != pausedPhase {
				d.resumes = *d.current()
				d.begin(e.At, pausedPhase, aside)
			}
		},
		rundir.Resumed: func(d *derivation, e rundir.Event) {
			if d.current().name == pausedPhase {
				d.begin(e.At, continued(d.resumes, d.phases), d.resumes.kind)
			}
		},
		rundir.Halted: func(d *derivation, e rundir.Event) {
			d.resumes = phase{}
			d.begin(e.At, "halted", aside)
		},
		rundir.Unblocked: func(d *derivation, e rundir.Event) {
			d.begin(e.At, "after halt", calm)
		},
	}
}

// phasesOf cuts a run of the given length into phases. Those that last no time are left out.
func phasesOf(events []rundir.Event, length float64) []phase {
	table := transitions()
	d := &derivation{phases: []phase{{name: "baseline"}}, resumes: phase{name: "baseline"}}
	for _, e := range events {
		if begin, ok := table[e.Kind]; ok {
			begin(d, e)
		}
	}
	d.current().to = length
	var kept []phase
	for _, p := range d.phases {
		if p.to > p.from {
			kept = append(kept, p)
		}
	}
	return kept
}

// continued names a phase that goes on after a pause, so that its two parts can be told apart.
func continued(p phase, before []phase) string {
	if slices.ContainsFunc(before, func(b phase) bool { return b.name == p.name }) {
		return p.name + ", continued"
	}
	return p.name
}

// phaseAt finds the phase of a moment.
func phaseAt(phases []phase, at float64) *phase {
	for i := range phases {
		if p := &phases[i]; at >= p.from && at < p.to || i == len(phases)-1 && at >= p.from {
			return p
		}
	}
	return nil
}

// add counts a closed window.
func (p *phase) add(s rundir.Second, counts [load.NumFlows]load.Counts) {
	p.seconds++
	p.measured += s.Length
	p.vus = max(p.vus, s.VUs)
	for f, c := range counts {
		p.counts[f].Count += c.Count
		p.counts[f].Failed += c.Failed
	}
}

// total sums the flows.
func (p *phase) total() (sum load.Counts) {
	for _, c := range p.counts {
		sum.Count += c.Count
		sum.Failed += c.Failed
	}
	return sum
}
