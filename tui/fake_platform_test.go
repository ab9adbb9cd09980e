package tui

import (
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/session"
)

// panelStates are the platform's own metrics, read every five seconds but for the last panel, which loses its series after a
// minute: what they show follows from the time of the run.
func (s *fakeSession) panelStates() (states []session.PanelState) {
	for i, p := range s.panels {
		state := session.PanelState{Panel: p}
		for at := 5 * time.Second; at <= s.elapsed; at += 5 * time.Second {
			if i == len(s.panels)-1 && at > time.Minute {
				break
			}
			slow := 0.0 // how far the fault of the platform day has come
			if at > 40*time.Second {
				slow = min((at-40*time.Second).Seconds()/40, 1)
			}
			value := []float64{0.3 + slow, 290 - 40*slow, 2 + 7*slow, 0}[i%4]
			state.Points = append(state.Points, session.Point{At: at.Seconds(), Value: value})
		}
		states = append(states, state)
	}
	return states
}

// alert tells of an alert of the platform's that has another state.
func (s *fakeSession) alert(name string, state event.AlertState, fired, resolved time.Duration) {
	d := event.AlertChanged{Source: "alertmanager", Alert: name, State: state, ActiveAt: s.started.Add(s.elapsed)}
	if fired > 0 {
		d.FiredAt = s.started.Add(fired)
	}
	if resolved > 0 {
		d.ResolvedAt = s.started.Add(resolved)
	}
	s.event("alertmanager", d)
}

// platformDay is a fault that the platform's own metrics and alerts show, while one of its panels loses its series.
func platformDay(s *fakeSession) {
	s.panels, s.alerts = slices.Clone(evidence.Panels()), true
	s.advance(20)
	s.alert("WorkerRestarted", event.AlertFiring, 12*time.Second, 0)
	s.advance(15)
	s.alert("WorkerRestarted", event.AlertResolved, 12*time.Second, 35*time.Second)
	s.advance(5)
	s.applied("llm_latency", 2*time.Minute)
	s.fallback = 0.25
	s.advance(25)
	s.event("scrape", event.SourceGap{
		Source: "scrape", Panel: "automation_queue_depth", Title: "Automation queue depth",
		Reason: "it has no series", Remedy: "is its service read by the monitoring, and has it run?",
	})
	s.advance(15)
	s.alert("HighLatencyLLM", event.AlertFiring, 79*time.Second, 0)
	s.alert("IngestionBacklog", event.AlertPending, 0, 0)
	s.judged("llm_latency", event.ExpectationMet, "grew by 64")
	s.advance(30)
}

// judged decides the first expectation of a fault; the others go on.
func (s *fakeSession) judged(id string, v event.ExpectationVerdict, reason string) {
	for i := range s.chaos.faults {
		if f := &s.chaos.faults[i]; f.Info.ID == id {
			f.Findings = slices.Clone(f.Findings)
			if len(f.Findings) > 0 {
				f.Findings[0].Verdict, f.Findings[0].Reason = v, reason
			}
		}
	}
}
