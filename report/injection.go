package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
)

// injection is one fault of a run, from the moment that the journal announced it until it was taken
// back. It is put together from the events that share its number. What did not happen is nil.
type injection struct {
	label string // its title, numbered from its second time on: "LLM latency 2"; the same in every table and chart
	lost  bool   // the event that announced it could not be read: on is the first that could

	on        step
	active    *step
	undo      *step // the first attempt, with the reason why it ended
	off       *step // verified, or kept as it is
	stuck     *step // the last attempt that failed; nil once it is off
	recovered *step
	changes   []step
	findings  []chaos.Finding // decided expectations

	begin, end int // indexes of the first and last of its events among the run's; end is -1 while it is on
}

// step is one event of a fault.
type step struct {
	at   float64 // seconds since the start
	by   string
	data rundir.Fault
}

// kept tells whether the fault ended without having been taken back.
func (i *injection) kept() bool { return i.off != nil && i.off.data.Reason == chaos.ReasonKept }

// leftBehind tells whether what the fault changed was still changed when squall gave up.
func (i *injection) leftBehind() bool { return i.stuck != nil && i.off == nil }

// spikes tells whether the fault is the channel spike, which sets the load's own spike off.
func (i *injection) spikes() bool { return i.on.data.Fault == rundir.ChannelSpike }

// to is when the fault was off again, or the end of the data, in seconds.
func (i *injection) to(length float64) float64 {
	if i.off != nil {
		return i.off.at
	}
	return max(length, i.on.at)
}

// faultHistory is what the journal says of faults.
type faultHistory struct {
	injections []*injection // in the order in which they began
	refused    []step
	unread     int // events of faults whose data could not be read
}

// stepsOf says what the events of a fault mean to its injection. A kind that is not here means
// nothing.
func stepsOf() map[rundir.Kind]func(*injection, step) {
	return map[rundir.Kind]func(*injection, step){
		rundir.FaultOn:      func(*injection, step) {},
		rundir.FaultActive:  func(i *injection, s step) { i.active = &s },
		rundir.FaultChanged: func(i *injection, s step) { i.changes = append(i.changes, s) },
		rundir.FaultUndo: func(i *injection, s step) {
			if i.undo == nil {
				i.undo = &s
			}
		},
		rundir.FaultOff:   func(i *injection, s step) { i.off, i.stuck = &s, nil },
		rundir.FaultStuck: func(i *injection, s step) { i.stuck = &s },
		rundir.FaultRecovered: func(i *injection, s step) {
			i.recovered = &s
			if i.off == nil { // its event was lost: the clock starts only once it is off
				i.off, i.stuck = &s, nil
			}
		},
	}
}

// faultsOf puts the injections of a run together.
func faultsOf(events []rundir.Event) faultHistory {
	var h faultHistory
	byRun, times, means := map[int]*injection{}, map[string]int{}, stepsOf()
	find := func(index int, s step) *injection {
		if i := byRun[s.data.Run]; i != nil {
			return i
		}
		title := cmp.Or(s.data.Title, s.data.Fault, "fault")
		times[title]++
		i := &injection{label: numbered(title, times[title]), on: s, begin: index, end: -1, lost: events[index].Kind != rundir.FaultOn}
		byRun[s.data.Run] = i
		h.injections = append(h.injections, i)
		return i
	}
	for index, e := range events {
		meaning, known := means[e.Kind]
		if !known && e.Kind != rundir.FaultRefused && e.Kind != rundir.Expectation {
			continue
		}
		s := step{at: e.At, by: e.By}
		var expected rundir.Expected
		if json.Unmarshal(e.Data, &s.data) != nil || e.Kind == rundir.Expectation && json.Unmarshal(e.Data, &expected) != nil {
			h.unread++
			continue
		}
		switch {
		case e.Kind == rundir.FaultRefused:
			h.refused = append(h.refused, s)
		case s.data.Run <= 0:
			h.unread++
		case e.Kind == rundir.Expectation:
			find(index, s).decide(expected.Finding)
		default:
			i := find(index, s)
			on := i.off == nil
			meaning(i, s)
			if on && i.off != nil {
				i.end = index
			}
		}
	}
	return h
}

// decide notes the verdict on an expectation; a later one replaces an earlier one.
func (i *injection) decide(f chaos.Finding) {
	if at := slices.IndexFunc(i.findings, func(had chaos.Finding) bool { return had.Text == f.Text }); at >= 0 {
		i.findings[at] = f
		return
	}
	i.findings = append(i.findings, f)
}

// labels names injections in one line.
func labels(all []*injection) string {
	var names []string
	for _, i := range all {
		names = append(names, i.label)
	}
	return strings.Join(names, ", ")
}

// which are the injections that a test holds for.
func (h faultHistory) which(test func(*injection) bool) (some []*injection) {
	for _, i := range h.injections {
		if test(i) {
			some = append(some, i)
		}
	}
	return some
}

// numbered names the n-th of several things that have one name.
func numbered(name string, n int) string {
	if n <= 1 {
		return name
	}
	return fmt.Sprintf("%s %d", name, n)
}
