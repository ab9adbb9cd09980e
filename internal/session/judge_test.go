package session

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// An objective about the time outside faults is not judged while one is on, nor before the platform has recovered; then
// what was slow before does not break it. One about a fault is judged only while that is on.
func TestObjectivesAreJudgedInTheirTime(t *testing.T) {
	var objectives []slo.Objective
	for _, text := range []string{"gateway_latency: p(95)<500", "gateway_latency: p(95)<500 outside faults", "gateway_latency: p(95)<500 during llm_latency"} {
		objective, err := slo.ParseObjective(load.Registry(), text)
		if err != nil {
			t.Fatal(err)
		}
		objectives = append(objectives, objective)
	}
	const begins, reverted, recovered = 10, 20, 23 // s
	fault := event.Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}
	line := new(timeline.Timeline)
	line.Apply(event.Event{At: begins, Data: event.FaultStarted{Injection: fault}})
	line.Apply(event.Event{At: begins, Data: event.FaultActive{Injection: fault}})
	line.Apply(event.Event{At: reverted, Data: event.FaultReverted{Injection: fault}})
	line.Apply(event.Event{At: recovered, Data: event.PlatformRecovered{Injection: fault}})
	s := &Session{config: Config{Objectives: objectives}}
	var calm calmTime
	var past []metric.Observation
	for second := range 40 {
		latency := 100 * time.Millisecond
		if second >= begins && second < recovered {
			latency = 2 * time.Second
		}
		o := secondOf(200, latency)
		past = append(past, o)
		o.Total, o.Recent = load.Registry().NewTotals(), load.Registry().NewTotals()
		for _, recent := range past[max(0, len(past)-metric.RecentWindows):] {
			o.Recent.Add(recent)
		}
		middle := float64(second) + 0.5
		calm.observe(o, line.Outside(middle))
		live, _ := s.judge(o, line, middle, &calm, slo.NewParts(load.Registry(), objectives))
		on, outside := second >= begins && second < reverted, second < begins || second >= recovered
		if want := second >= begins && second < recovered+metric.RecentWindows-1; (live[0].State == slo.Fail) != want {
			t.Errorf("second %d, over the whole run: %v", second, live[0].State)
		}
		if live[1].OutOfScope == outside || outside && live[1].State != slo.Pass {
			t.Errorf("second %d, outside faults: %v, out of scope is %v (%s)", second, live[1].State, live[1].OutOfScope, live[1].Reason)
		}
		if live[2].OutOfScope == on || on && live[2].State != slo.Fail {
			t.Errorf("second %d, during the fault: %v, out of scope is %v", second, live[2].State, live[2].OutOfScope)
		}
	}
}

// secondOf is a second in which the gateway answered so many messages, each in that time.
func secondOf(n int, latency time.Duration) metric.Observation {
	o := load.Registry().NewObservation()
	o.Window.Length = time.Second
	id := load.Registry().SeriesOf("gateway_latency", "")[0]
	o.Latency[id] = metric.NewHistogram()
	if err := o.Latency[id].RecordValues(latency.Microseconds(), int64(n)); err != nil {
		panic(err)
	}
	o.Window.Series[id].Count = uint64(n)
	return o
}
