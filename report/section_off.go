package report

import (
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
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
func flowsOff(line *timeline.Timeline) []flowOff {
	var all []flowOff
	for _, name := range sortedKeys(line.Start.FlowsOff) {
		all = append(all, flowOff{flow: name, why: line.Start.FlowsOff[name]})
	}
	for _, off := range line.FlowsOff {
		if _, known := line.Start.FlowsOff[off.Data.Flow]; !known {
			all = append(all, flowOff{flow: off.Data.Flow, why: off.Data.Reason, at: off.At})
		}
	}
	return all
}

// flowsOffSection names what did not run and why, so that an absence is not read as a zero, and what of the metrics did not
// arrive at who was to have them.
func flowsOffSection(run *Run) []block {
	var items []line
	for _, off := range flowsOff(run.timeline) {
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
	for _, e := range run.files.Events {
		if d, is := e.Data.(event.MetricsExported); is && d.State == event.ExportEnded && (d.Failed > 0 || d.Rejected > 0) {
			items = append(items, strong("Export of metrics").then(plain(": ", e.Text())))
		}
	}
	if len(items) == 0 {
		return nil
	}
	return []block{list{items}}
}

// title is the title of a flow by its name in the journal.
func title(flow string) string {
	for _, f := range load.Registry().Flows() {
		if f.String() == flow {
			return f.Title
		}
	}
	return flow
}

func warningsSection(run *Run) []block {
	var items []line
	for _, w := range run.timeline.Warnings {
		items = append(items, plain(w))
	}
	if len(items) == 0 {
		return nil
	}
	return []block{list{items}}
}
