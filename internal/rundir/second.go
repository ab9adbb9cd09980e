package rundir

import (
	"time"

	"xinbot.ir/squall/load/metric"
)

// NewSecond returns the line of windows.jsonl for an observation whose window began at seconds
// after the start of the run.
func NewSecond(at float64, obs metric.Observation) Second {
	win := obs.Window
	s := Second{
		At:        at,
		Length:    win.Length.Seconds(),
		WantedVUs: win.WantedVUs,
		VUs:       win.VUs,
		Rate:      win.Rate,
		Missed:    win.Missed,
		Away:      win.Away.Seconds(),
		Skipped:   win.Skipped,
		InFlight:  win.InFlight,
		Sent:      win.Sent,
		Received:  win.Received,
		LagMS:     float64(win.Health.Lag) / float64(time.Millisecond),
		CPU:       win.Health.CPU,
		Clamped:   obs.Clamped,
	}
	if win.Health.Saturated {
		s.Saturated = win.Health.Reason
		if s.Saturated == "" {
			s.Saturated = "generator saturated"
		}
	}
	for id, series := range obs.Registry.Series() {
		if c := win.Series[id]; c.Count > 0 {
			if s.Series == nil {
				s.Series = make(map[string][2]uint64)
			}
			s.Series[series.String()] = [2]uint64{c.Count, c.Failed}
		}
	}
	for _, e := range obs.Errors {
		count := ErrorCount{Series: e.Series.String(), Class: e.Class.String(), Status: e.Status, Count: e.Count, Sample: e.Sample}
		if e.Most.Text != e.Sample {
			count.Most, count.Times = e.Most.Text, e.Most.Count
		}
		s.Errors = append(s.Errors, count)
	}
	for _, c := range obs.Checks {
		if s.Checks == nil {
			s.Checks = make(map[string][2]uint64)
		}
		s.Checks[c.Name] = [2]uint64{c.Passes, c.Fails}
	}
	return s
}

// End is when the window closed, in seconds since the start of the run.
func (s Second) End() float64 { return s.At + s.Length }
