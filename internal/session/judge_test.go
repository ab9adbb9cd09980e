package session

import (
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
)

// An objective about the time outside faults is not judged while one is on, and one about a fault only then. The recovery is
// judged: by it the clock of the recovery stops.
func TestObjectivesAreJudgedInTheirTime(t *testing.T) {
	var objectives []slo.Objective
	for _, text := range []string{"gateway_latency: p(95)<500", "gateway_latency: p(95)<500 outside faults", "gateway_latency: p(95)<500 during llm_latency"} {
		objective, err := slo.ParseObjective(load.Registry(), text)
		if err != nil {
			t.Fatal(err)
		}
		objectives = append(objectives, objective)
	}
	fault := event.Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}
	line := new(timeline.Timeline)
	line.Apply(event.Event{At: 10, Data: event.FaultStarted{Injection: fault}})
	line.Apply(event.Event{At: 10, Data: event.FaultActive{Injection: fault}})
	line.Apply(event.Event{At: 20, Data: event.FaultReverted{Injection: fault}})
	s := &Session{config: Config{Objectives: objectives}}
	o := load.Registry().NewObservation()
	o.Total, o.Recent = load.Registry().NewTotals(), load.Registry().NewTotals()
	for at, want := range map[float64][3]bool{5: {false, false, true}, 15: {false, true, false}, 21: {false, false, true}} {
		live, _ := s.judge(o, line, at, slo.NewParts(load.Registry(), objectives))
		for i, v := range live {
			if v.OutOfScope != want[i] {
				t.Errorf("at %v s, %s: out of scope is %v (%s)", at, v.Objective.Title(), v.OutOfScope, v.Reason)
			}
		}
	}
}
