package report

import (
	"cmp"
	"fmt"
	"slices"

	"xinbot.ir/squall/internal/rundir"
)

// strain is a stretch of a run in which something was done to the platform: a spike that the
// operator set off, or a fault.
type strain struct {
	label    string
	fault    bool
	spike    bool    // more load; of the operator or of the channel spike
	from, to float64 // seconds since the start; to is the end of the data while it is on

	begin, end int // indexes of the events that began and ended it; end is -1 while it is on
}

// strainsOf are the strains of a run of the given length, in the order in which they began.
func strainsOf(events []rundir.Event, injections []*injection, length float64) []strain {
	all := spikesOf(events, injections, length)
	for _, i := range injections {
		all = append(all, strain{label: i.label, fault: true, spike: i.spikes(), from: i.on.at, to: i.to(length), begin: i.begin, end: i.end})
	}
	slices.SortStableFunc(all, func(a, b strain) int { return cmp.Compare(a.begin, b.begin) })
	return all
}

// spikesOf are the spikes that no fault set off. A halt ends one without an event of its own.
func spikesOf(events []rundir.Event, injections []*injection, length float64) []strain {
	var all []strain
	ours := spikesOfFaults(events, injections)
	on := false
	for index, e := range events {
		switch {
		case e.Kind == rundir.SpikeOn && !on && !ours[index]:
			on = true
			all = append(all, strain{label: fmt.Sprintf("spike %d", len(all)+1), spike: true, from: e.At, to: max(length, e.At), begin: index, end: -1})
		case on && !ours[index] && (e.Kind == rundir.SpikeOff || e.Kind == rundir.Halted):
			on = false
			last := &all[len(all)-1]
			last.to, last.end = e.At, index
		}
	}
	return all
}

// spikesOfFaults are the indexes of the events by which a channel spike, while it was on as a fault,
// began and ended its spike. They are one thing with the fault: one phase, one mark, one chaos event.
func spikesOfFaults(events []rundir.Event, injections []*injection) map[int]bool {
	ours := map[int]bool{}
	for _, i := range injections {
		on := false
		for index := i.begin; i.spikes() && index < len(events) && (i.end < 0 || index < i.end); index++ {
			switch events[index].Kind {
			case rundir.SpikeOn:
				on, ours[index] = true, true
			case rundir.SpikeOff:
				on, ours[index] = false, on
			}
		}
	}
	return ours
}

// chaosEvents counts what the k6 script counts in chaos_events_triggered: what was done to the
// platform, be it a spike or a fault. A channel spike that is injected as a fault is one.
func chaosEvents(strains []strain) uint64 { return uint64(len(strains)) }
