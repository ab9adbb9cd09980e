package timeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/event"
)

// PhaseKind is what a phase is for.
type PhaseKind uint8

// The kinds.
const (
	Baseline  PhaseKind = iota // nothing was done yet
	Disturbed                  // a fault or a spike is on
	Recovery                   // nothing is on any more
	Idle                       // paused or halted
)

// Phase is a part of a run during which one thing was done to the platform, or several at once, or
// nothing. A second belongs to the phase that its middle lies in.
type Phase struct {
	Name     string // baseline, LLM latency + Redis outage, recovery 2, paused, ..
	Kind     PhaseKind
	Runs     []int   // injections that are on
	From, To float64 // the last one ends [Open]
}

// Phases cuts a run of the given length, in seconds, into phases. Those that last no time are left out.
func (t *Timeline) Phases(length float64) []Phase {
	all := slices.Clone(t.phases.list)
	if len(all) == 0 {
		all = []Phase{{Name: "baseline"}}
	}
	all[len(all)-1].To = length
	return slices.DeleteFunc(all, func(p Phase) bool { return p.To <= p.From })
}

// phases walks through the events and cuts the run. A pause interrupts whatever is going on; what
// changes meanwhile is felt when the pause ends. What a halt reverts, a fault above all, is felt until
// it is off; the halted phase begins then.
type phases struct {
	list []Phase
	on   []active // what is on, in the order in which it began
	rest Phase    // the phase when nothing is on

	paused, halted            bool
	pauses, halts, recoveries int

	current string         // name of the phase that goes on, before it was numbered
	seen    map[string]int // how often each name had a phase

	told    []event.Event // what the phases were made of
	without map[int]bool  // injections that turned out not to have been applied
}

type active struct {
	run   int
	label string
}

func (p *phases) apply(e event.Event, t *Timeline) {
	if about, ok := e.Data.(interface{ Ref() event.Injection }); ok {
		if p.without[about.Ref().Run] {
			return
		}
		p.told = append(p.told, e)
	}
	switch e.Data.(type) {
	case event.Paused, event.Resumed, event.Halted, event.HaltReleased:
		p.told = append(p.told, e)
	}
	if p.seen == nil {
		p.seen = map[string]int{}
		p.rest = Phase{Name: "baseline", Kind: Baseline}
		p.turn(0)
	}
	switch e.Data.(type) {
	case event.Paused:
		if !p.paused {
			p.paused = true
			p.pauses++
		}
	case event.Resumed:
		p.paused = false
	case event.Halted:
		if !p.halted {
			p.halted = true
			p.halts++
		}
	case event.HaltReleased:
		if p.halted {
			p.halted, p.rest = false, Phase{Name: numbered("after halt", p.halts), Kind: Recovery}
		}
	}
	if about, ok := e.Data.(interface{ Ref() event.Injection }); ok && about.Ref().Run > 0 {
		if i := t.lookup(about.Ref().Run); i != nil && i.NotApplied() && !p.without[i.Run] {
			p.cutAgain(i.Run, t)
			return
		}
		p.disturb(t.lookup(about.Ref().Run), e.At)
	}
	p.turn(e.At)
}

// cutAgain makes the phases anew without an injection that could not be applied: nothing was done to the platform.
func (p *phases) cutAgain(run int, t *Timeline) {
	without := maps.Clone(p.without)
	if without == nil {
		without = map[int]bool{}
	}
	without[run] = true
	told := p.told
	*p = phases{without: without}
	for _, e := range told {
		p.apply(e, t)
	}
}

func (t *Timeline) lookup(run int) *Injection {
	for n := len(t.Injections) - 1; n >= 0; n-- {
		if t.Injections[n].Run == run {
			return &t.Injections[n]
		}
	}
	return nil
}

// disturb begins or ends, at a moment, what an injection is on for. What became of it later may be known already.
func (p *phases) disturb(i *Injection, at float64) {
	if i == nil {
		return
	}
	n := slices.IndexFunc(p.on, func(a active) bool { return a.run == i.Run })
	switch over := i.Reverted != nil && at >= i.Reverted.At; {
	case !over && n < 0:
		p.on = append(slices.Clone(p.on), active{i.Run, i.Label})
	case over && n >= 0:
		p.on = slices.Delete(slices.Clone(p.on), n, n+1)
		if len(p.on) == 0 && !p.halted {
			p.recoveries++
			p.rest = Phase{Name: fmt.Sprintf("recovery %d", p.recoveries), Kind: Recovery}
		}
	}
}

// phase is the one that should go on now.
func (p *phases) phase() Phase {
	switch {
	case p.paused:
		return Phase{Name: numbered("paused", p.pauses), Kind: Idle}
	case len(p.on) > 0:
		next := Phase{Kind: Disturbed}
		var labels []string
		for _, a := range p.on {
			labels, next.Runs = append(labels, a.label), append(next.Runs, a.run)
		}
		next.Name = strings.Join(labels, " + ")
		return next
	case p.halted:
		return Phase{Name: numbered("halted", p.halts), Kind: Idle}
	}
	return p.rest
}

// turn ends the current phase at a moment and begins the next, if it is another. A phase that goes on
// after an interruption is named so, to tell its parts apart.
func (p *phases) turn(at float64) {
	next := p.phase()
	if next.Name == p.current {
		return
	}
	p.current = next.Name
	if p.seen[next.Name]++; p.seen[next.Name] > 1 {
		next.Name += ", " + numbered("continued", p.seen[next.Name]-1)
	}
	if n := len(p.list); n > 0 {
		last := &p.list[n-1]
		at = max(at, last.From)
		last.To = at
	}
	next.From, next.To = at, Open
	p.list = append(p.list, next)
}
