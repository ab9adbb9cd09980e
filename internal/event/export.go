package event

import (
	"fmt"

	"xinbot.ir/squall/internal/units"
)

// ExportState is how the sending of metrics goes.
type ExportState string

// The states.
const (
	ExportBegun   ExportState = "begun"
	ExportFailing ExportState = "failing" // what was sent before arrived
	ExportWorking ExportState = "working" // again
	ExportEnded   ExportState = "ended"   // with the run
)

// MetricsExported tells how the metrics of the run are sent to a receiver while it goes on. What is sent is cumulative, so that
// each export makes up for those before it that did not arrive, but for the points in between.
type MetricsExported struct {
	To       string      `json:"to"`    // address
	Every    float64     `json:"every"` // seconds between two exports
	State    ExportState `json:"state"`
	Exports  int         `json:"exports"`            // so far
	Failed   int         `json:"failed,omitempty"`   // of these: did not arrive, or not whole
	Rejected int         `json:"rejected,omitempty"` // data points, of those that arrived
	Partial  bool        `json:"partial,omitempty"`  // the newest arrived, but for some data points
	Behind   float64     `json:"behind,omitempty"`   // working: seconds in which nothing arrived; ended: that are missing at the end
	Reason   string      `json:"reason,omitempty"`   // why it fails
}

func (d MetricsExported) text() string {
	switch d.State {
	case ExportBegun:
		return fmt.Sprintf("Metrics of this run are sent to %s every %s", d.To, seconds(d.Every))
	case ExportFailing:
		if d.Partial {
			return fmt.Sprintf("Metrics of this run do not all reach %s: %s", d.To, d.Reason)
		}
		return fmt.Sprintf("Metrics of this run do not reach %s: %s", d.To, d.Reason)
	case ExportWorking:
		return fmt.Sprintf("Metrics of this run reach %s again, after %s", d.To, seconds(d.Behind))
	}
	text := fmt.Sprintf("Metrics of this run were sent to %s %s", d.To, times(d.Exports))
	if d.Failed > 0 {
		text += fmt.Sprintf(", of these %s in vain or in part", times(d.Failed))
	}
	if d.Rejected > 0 {
		text += fmt.Sprintf("; %s data points were rejected", units.Int(d.Rejected))
	}
	switch {
	case d.Partial:
		text += "; of the last, " + d.Reason
	case d.Reason != "":
		text += fmt.Sprintf("; the last %s are missing there: %s", seconds(d.Behind), d.Reason)
	case d.Failed > 0:
		text += "; the last arrived, and with it all sums"
	}
	return text
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return units.Int(n) + " times"
}

// exportLook points out what does not arrive.
func exportLook(d MetricsExported) Look {
	switch {
	case d.State == ExportFailing || d.Reason != "":
		return warnLook
	case d.State == ExportWorking:
		return Look{Sign: '✓', Tone: Notable}
	}
	return Look{Sign: '○'}
}
