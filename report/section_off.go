package report

import (
	"slices"
	"strings"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// flowOff is a flow that did not run, or no longer from a moment on.
type flowOff struct {
	flow string // its name in the journal; "" when the event does not say
	why  string
	at   float64 // seconds since the start; 0: it never ran
}

// flowsOff are the flows that the run was started without, and those that turned out later not to
// run. The journal says the first kind twice.
func flowsOff(run *rundir.Run) []flowOff {
	var all []flowOff
	for _, name := range sortedKeys(run.Meta.FlowsOff) {
		all = append(all, flowOff{flow: name, why: run.Meta.FlowsOff[name]})
	}
	for _, ev := range run.Events {
		if ev.Kind != rundir.FlowOff {
			continue
		}
		off := flowOff{flow: flowIn(ev.Text), why: ev.Text, at: ev.At}
		if _, known := run.Meta.FlowsOff[off.flow]; known {
			continue
		}
		if _, why, found := strings.Cut(ev.Text, ": "); found && off.flow != "" {
			off.why = why
		}
		all = append(all, off)
	}
	return all
}

// flowIn finds the flow that the text of an event begins with: "Rule toggling is off: ..".
func flowIn(text string) string {
	first, _, _ := strings.Cut(strings.ToLower(text), " ")
	for f := range load.Flow(load.NumFlows) {
		if name := f.String(); strings.TrimSuffix(first, "s") == strings.TrimSuffix(name, "s") {
			return name
		}
	}
	return ""
}

// flowsOffSection names what did not run and why, so that nobody reads an absence as a zero.
func flowsOffSection(e *evidence) []block {
	var items []line
	for _, off := range flowsOff(e.run) {
		var item line
		if off.flow != "" {
			item = strong(title(off.flow)).then(plain(": "))
		}
		item = item.then(plain(off.why))
		if off.at > 0 {
			item = item.then(plain(" (found at ", clockTenths(off.at), ")"))
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil
	}
	return []block{list{items}}
}

// title is the title of a flow by its name in the journal.
func title(flow string) string {
	for f := range load.Flow(load.NumFlows) {
		if f.String() == flow {
			return flowTitle(f)
		}
	}
	return flow
}

// warnings are what the operator was warned about at the start, each once.
func warnings(run *rundir.Run) []string {
	var all []string
	for _, ev := range run.Events {
		if ev.Kind == rundir.Warning && !slices.Contains(all, ev.Text) {
			all = append(all, ev.Text)
		}
	}
	return all
}

func warningsSection(e *evidence) []block {
	var items []line
	for _, w := range warnings(e.run) {
		items = append(items, plain(w))
	}
	if len(items) == 0 {
		return nil
	}
	return []block{list{items}}
}
