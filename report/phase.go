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

	counts   [load.NumFlows]load.Counts
	latency  [load.NumFlows]*hdr.Histogram
	vus      int     // most at once, in the seconds that lie in it whole
	whole    int     // number of these
	measured float64 // length of the seconds that are counted in it
}

// phaseKind decides how a phase is drawn.
type phaseKind uint8

const (
	calm     phaseKind = iota // baseline, recovery: not shaded
	stressed                  // a spike (and later a fault): shaded
	aside                     // paused or halted: shaded grey
)

// derivation walks through the events and cuts the run into phases. A pause interrupts the phase
// that the operator wants; what is wanted may change meanwhile and is felt when the pause ends.
type derivation struct {
	phases []phase
	wanted phase
	paused bool
	spikes int
}

// want changes the wanted phase at a moment.
func (d *derivation) want(at float64, name string, kind phaseKind) {
	d.wanted = phase{name: name, kind: kind}
	if !d.paused {
		d.begin(at, d.wanted)
	}
}

// begin ends the current phase at a moment and begins another.
func (d *derivation) begin(at float64, p phase) {
	if n := len(d.phases); n > 0 {
		d.phases[n-1].to = at
	}
	p.from = at
	d.phases = append(d.phases, p)
}

// pause begins or ends a pause. A phase that goes on after it is named so, to tell its parts apart.
func (d *derivation) pause(at float64, on bool) {
	switch {
	case on == d.paused:
		return
	case on:
		d.paused = true
		d.begin(at, phase{name: "paused", kind: aside})
	default:
		d.paused = false
		next := d.wanted
		if slices.ContainsFunc(d.phases, func(p phase) bool { return p.name == next.name }) {
			next.name += ", continued"
		}
		d.begin(at, next)
	}
}

// transitions says which events begin a phase. A kind of event that is not here begins none; a
// fault that wants phases of its own adds its rows.
func transitions() map[rundir.Kind]func(*derivation, float64) {
	return map[rundir.Kind]func(*derivation, float64){
		rundir.SpikeOn: func(d *derivation, at float64) {
			d.spikes++
			d.want(at, fmt.Sprintf("spike %d", d.spikes), stressed)
		},
		rundir.SpikeOff: func(d *derivation, at float64) {
			if d.wanted.kind == stressed { // a halt has ended it already
				d.want(at, fmt.Sprintf("recovery %d", d.spikes), calm)
			}
		},
		rundir.Paused:    func(d *derivation, at float64) { d.pause(at, true) },
		rundir.Resumed:   func(d *derivation, at float64) { d.pause(at, false) },
		rundir.Halted:    func(d *derivation, at float64) { d.want(at, "halted", aside) },
		rundir.Unblocked: func(d *derivation, at float64) { d.want(at, "after halt", calm) },
	}
}

// phasesOf cuts a run of the given length into phases. Those that last no time are left out.
func phasesOf(events []rundir.Event, length float64) []phase {
	table := transitions()
	d := new(derivation)
	d.want(0, "baseline", calm)
	for _, e := range events {
		if begin, ok := table[e.Kind]; ok {
			begin(d, e.At)
		}
	}
	d.phases[len(d.phases)-1].to = length
	return slices.DeleteFunc(d.phases, func(p phase) bool { return p.to <= p.from })
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

// edge forgives the last digits of times that were written down, in seconds.
const edge = 1e-3

// add counts a closed window.
func (p *phase) add(s rundir.Second, counts [load.NumFlows]load.Counts) {
	p.measured += s.Length
	// The level of a second that two phases share may be the other's.
	if s.At >= p.from-edge && s.End() <= p.to+edge {
		p.whole++
		p.vus = max(p.vus, s.VUs)
	}
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
