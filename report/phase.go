package report

import (
	"fmt"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// phase is a stretch of a run during which one thing was done to the platform, or several at once, or
// nothing. A second belongs to the phase that its middle lies in.
type phase struct {
	name     string // baseline, spike 1, LLM latency + Redis outage, recovery 2, paused, ..
	kind     phaseKind
	from, to float64 // seconds since the start

	counts   [load.NumFlows]load.Counts
	latency  [load.NumFlows]*hdr.Histogram
	vus      int     // most at once, in the seconds that lie in it whole
	whole    int     // number of these
	measured float64 // length of the seconds that are counted in it
}

// phaseKind says what a phase is for.
type phaseKind uint8

const (
	calm     phaseKind = iota // baseline, recovery
	stressed                  // spikes and faults
	aside                     // paused or halted: shaded grey
)

// derivation walks through the events and cuts the run into phases. A pause interrupts whatever is
// going on; what changes meanwhile is felt when the pause ends. What a halt takes back, a fault above
// all, is felt until it is off; the halted phase begins then.
type derivation struct {
	phases []phase
	on     []string // labels of the strains that are on, in the order in which they began
	rest   string   // name of the phase when nothing is on

	paused, halted            bool
	pauses, halts, recoveries int

	current string         // name of the phase that goes on, before it was numbered
	seen    map[string]int // how often each name had a phase
}

// phase is the one that should go on now.
func (d *derivation) phase() phase {
	switch {
	case d.paused:
		return phase{name: numbered("paused", d.pauses), kind: aside}
	case len(d.on) > 0:
		return phase{name: strings.Join(d.on, " + "), kind: stressed}
	case d.halted:
		return phase{name: numbered("halted", d.halts), kind: aside}
	}
	return phase{name: d.rest, kind: calm}
}

// turn ends the current phase at a moment and begins the next, if it is another. A phase that goes on
// after an interruption is named so, to tell its parts apart.
func (d *derivation) turn(at float64) {
	next := d.phase()
	if next.name == d.current {
		return
	}
	d.current = next.name
	if d.seen[next.name]++; d.seen[next.name] > 1 {
		next.name += ", " + numbered("continued", d.seen[next.name]-1)
	}
	if n := len(d.phases); n > 0 {
		last := &d.phases[n-1]
		at = max(at, last.from)
		last.to = at
	}
	next.from = at
	d.phases = append(d.phases, next)
}

// begin and end tell that a strain is on, and no longer.
func (d *derivation) begin(s strain) { d.on = append(d.on, s.label) }

func (d *derivation) end(s strain) {
	d.on = slices.DeleteFunc(d.on, func(label string) bool { return label == s.label })
	if len(d.on) == 0 && !d.halted {
		d.recoveries++
		d.rest = fmt.Sprintf("recovery %d", d.recoveries)
	}
}

// transitions says what events mean to the phases, beside the beginning and the end of strains.
func transitions() map[rundir.Kind]func(*derivation) {
	return map[rundir.Kind]func(*derivation){
		rundir.Paused: func(d *derivation) {
			if !d.paused {
				d.paused = true
				d.pauses++
			}
		},
		rundir.Resumed: func(d *derivation) { d.paused = false },
		rundir.Halted: func(d *derivation) {
			if !d.halted {
				d.halted = true
				d.halts++
			}
		},
		rundir.Unblocked: func(d *derivation) {
			if d.halted {
				d.halted, d.rest = false, numbered("after halt", d.halts)
			}
		},
	}
}

// phasesOf cuts a run of the given length into phases. Those that last no time are left out.
func phasesOf(events []rundir.Event, strains []strain, length float64) []phase {
	table := transitions()
	d := &derivation{rest: "baseline", seen: map[string]int{}}
	d.turn(0)
	for index, e := range events {
		if change, ok := table[e.Kind]; ok {
			change(d)
		}
		for _, s := range strains {
			if s.begin == index {
				d.begin(s)
			}
			if s.end == index {
				d.end(s)
			}
		}
		d.turn(e.At)
	}
	d.phases[len(d.phases)-1].to = length
	return slices.DeleteFunc(d.phases, func(p phase) bool { return p.to <= p.from })
}

// Phases cuts a run into phases, from its events and its length in seconds so far. The screen shows
// the same phases as the report.
func Phases(events []rundir.Event, length float64) []rundir.Phase {
	derived := phasesOf(events, strainsOf(events, faultsOf(events).injections, length), length)
	all := make([]rundir.Phase, len(derived))
	for i, p := range derived {
		all[i] = rundir.Phase{Name: p.name, Strained: p.kind == stressed, From: p.from, To: p.to}
	}
	return all
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
