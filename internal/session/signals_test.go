package session

import (
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/load/metric"
)

// watchedFault is a fault whose expectations wait for the platform's monitoring, with what became of them.
type watchedFault struct {
	*outcomes
	began   time.Time
	verdict map[event.Signal]event.Finding
	found   map[string][]evidence.Finding
	unread  bool
	back    *event.PlatformRecovered
}

func watchFault(t *testing.T, m Monitoring, before func(*outcomes), expect ...chaos.Expectation) *watchedFault {
	t.Helper()
	w := &watchedFault{verdict: map[event.Signal]event.Finding{}, found: map[string][]evidence.Finding{}}
	w.outcomes = &outcomes{
		config: Config{Monitoring: m},
		emit: func(_ event.Actor, data any) {
			switch d := data.(type) {
			case event.ExpectationDecided:
				w.verdict[d.Finding.Signal] = d.Finding
			case event.PlatformRecovered:
				w.back = &d
			}
		},
		states: func() []chaos.Status { return nil },
		infoOf: func(string) chaos.Info { return chaos.Info{ID: "drill", Title: "Drill", Expect: expect} },
		about:  func(name string) []evidence.Finding { return w.found[name] }, alertsUnread: func() bool { return w.unread },
		faults: map[string]*faultOutcome{}, newest: map[string]map[string]evidence.Sample{},
		missing: map[string]time.Time{}, firing: map[string]map[string]bool{},
	}
	if before != nil {
		before(w.outcomes)
	}
	ref := event.Injection{Fault: "drill", Title: "Drill", Run: 1}
	w.track(event.FaultStarted{Injection: ref}, true)
	w.track(event.FaultActive{Injection: ref}, true)
	w.began = w.faults["drill"].begun
	return w
}

// revert ends the fault after so long, and lets the time pass in which something may still be seen.
func (w *watchedFault) revert(after time.Duration) {
	w.mu.Lock()
	f := w.faults["drill"]
	f.reverted = w.began.Add(after)
	w.mu.Unlock()
	w.observe(metric.Observation{Window: metric.Window{Start: f.reverted.Add(signalDelay), Length: time.Second}}, nil)
}

func (w *watchedFault) is(t *testing.T, signal event.Signal, want event.ExpectationVerdict, reason string) {
	t.Helper()
	if got := w.verdict[signal]; got.Verdict != want || got.Reason != reason {
		t.Errorf("%s: %s (%s), want %s (%s)", signal, got.Verdict, got.Reason, want, reason)
	}
}

var (
	fallbacks = chaos.Expectation{Signal: event.CounterIncreases, Name: "llm_fallbacks_total", Text: "falls back"}
	queue     = chaos.Expectation{Signal: event.MetricBelow, Name: "automation_queue_depth", Bound: 50, Text: "queue stays below 50"}
	fires     = chaos.Expectation{Signal: event.AlertFires, Name: "HighLatencyLLM", Text: "alert fires"}
	inTime    = chaos.Expectation{Signal: event.AlertFires, Name: "HighLatencyLLM", Within: time.Minute, Text: "alert fires in time"}
	reads     = Monitoring{Metrics: true, Alerts: true}
)

func value(name, tenant string, at time.Time, v float64) evidence.Sample {
	return evidence.Sample{Source: "prometheus", Panel: name, Labels: evidence.Labels{"tenant_id": tenant}, At: at, Value: v}
}

func TestCountersThatAreExpectedToGrow(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*outcomes)
		during []float64 // one reading every five seconds
		late   []float64 // behind the revert
		want   event.ExpectationVerdict
		reason string
	}{
		"grows":                           {func(o *outcomes) { o.sample(value("llm_fallbacks_total", "a", time.Now(), 7)) }, []float64{7, 9}, nil, event.ExpectationMet, "grew by 2"},
		"stays":                           {func(o *outcomes) { o.sample(value("llm_fallbacks_total", "a", time.Now(), 7)) }, []float64{7, 7}, nil, event.ExpectationFailed, "llm_fallbacks_total did not grow"},
		"is seen to grow a reading later": {func(o *outcomes) { o.sample(value("llm_fallbacks_total", "a", time.Now(), 7)) }, []float64{7}, []float64{8}, event.ExpectationMet, "grew by 1"},
		"appears": {func(o *outcomes) {
			o.gap(evidence.Gap{Panel: "llm_fallbacks_total", From: time.Now(), Problem: evidence.Problem{Cause: evidence.NoSeries}})
		}, []float64{3}, nil, event.ExpectationMet, "grew by 3"},
		"was not read before": {nil, []float64{3, 3}, nil, event.ExpectationFailed, "llm_fallbacks_total did not grow"},
		"was never read":      {nil, nil, nil, event.ExpectationUnknown, "no value of llm_fallbacks_total was read"},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchFault(t, reads, c.before, fallbacks)
			for i, v := range c.during {
				w.sample(value("llm_fallbacks_total", "a", w.began.Add(time.Duration(i+1)*5*time.Second), v))
			}
			w.mu.Lock()
			w.faults["drill"].reverted = w.began.Add(30 * time.Second)
			w.mu.Unlock()
			for i, v := range c.late {
				w.sample(value("llm_fallbacks_total", "a", w.began.Add(30*time.Second+time.Duration(i+1)*5*time.Second), v))
			}
			w.revert(30 * time.Second)
			w.is(t, event.CounterIncreases, c.want, c.reason)
		})
	}
}

func TestMetricsThatAreExpectedToStayBelow(t *testing.T) {
	w := watchFault(t, reads, nil, queue)
	w.sample(value("automation_queue_depth", "a", w.began.Add(5*time.Second), 12))
	w.sample(value("automation_queue_depth", "b", w.began.Add(5*time.Second), 31))
	w.revert(time.Minute)
	w.is(t, event.MetricBelow, event.ExpectationMet, "was at most 31 (tenant_id b)")

	w = watchFault(t, reads, nil, queue)
	w.sample(value("automation_queue_depth", "a", w.began.Add(-time.Second), 90)) // before the fault
	w.sample(value("automation_queue_depth", "a", w.began.Add(5*time.Second), 50))
	w.is(t, event.MetricBelow, event.ExpectationFailed, "was 50 (tenant_id a)")

	w = watchFault(t, reads, nil, queue)
	w.found["automation_queue_depth"] = []evidence.Finding{{Kind: evidence.MetricMissing, Source: "prometheus", Subject: "automation_queue_depth"}}
	w.revert(time.Minute)
	w.is(t, event.MetricBelow, event.ExpectationUnknown, "metric automation_queue_depth has no series")
}

func TestAlertsThatAreExpected(t *testing.T) {
	firing := func(at time.Time) evidence.Alert {
		return evidence.Alert{Source: "prometheus", Name: "HighLatencyLLM", State: evidence.Firing, FiredAt: at, FiredExact: true}
	}
	w := watchFault(t, reads, nil, fires)
	w.alert(evidence.Alert{Source: "prometheus", Name: "HighLatencyLLM", State: evidence.Pending})
	if len(w.verdict) > 0 {
		t.Error("a pending alert decides")
	}
	w.alert(firing(w.began.Add(42 * time.Second)))
	w.is(t, event.AlertFires, event.ExpectationMet, "it fired after 42 s")

	w = watchFault(t, reads, nil, fires)
	seen := firing(w.began.Add(42 * time.Second))
	seen.FiredExact = false
	w.alert(seen)
	w.is(t, event.AlertFires, event.ExpectationMet, "it was seen to fire after 42 s")

	w = watchFault(t, reads, nil, inTime)
	w.alert(firing(w.began.Add(75 * time.Second)))
	w.is(t, event.AlertFires, event.ExpectationFailed, "it fired after 1 min 15 s")

	w = watchFault(t, reads, nil, fires)
	w.revert(2 * time.Minute)
	w.is(t, event.AlertFires, event.ExpectationFailed, "it did not fire within 2 min")

	w = watchFault(t, reads, func(o *outcomes) { o.alert(firing(time.Now().Add(-time.Hour))) }, fires)
	w.revert(2 * time.Minute)
	w.is(t, event.AlertFires, event.ExpectationUnknown, "it fired already when the fault began")

	w = watchFault(t, reads, nil, fires)
	w.found["HighLatencyLLM"] = []evidence.Finding{{Kind: evidence.AlertUndefined, Source: "prometheus", Subject: "HighLatencyLLM"}}
	w.revert(2 * time.Minute)
	w.is(t, event.AlertFires, event.ExpectationUnknown, "alert HighLatencyLLM is not defined: it can never fire")
	if checks := w.signalChecks(chaos.Info{Expect: []chaos.Expectation{fires}}); len(checks) != 1 || checks[0].Answer != chaos.Warns {
		t.Errorf("before the drill: %+v", checks)
	}

	w = watchFault(t, reads, nil, fires)
	w.unread = true
	w.revert(2 * time.Minute)
	w.is(t, event.AlertFires, event.ExpectationUnknown, "alerts could not be read")

	w = watchFault(t, Monitoring{}, nil, fires, queue)
	w.is(t, event.AlertFires, event.ExpectationUnknown, "nobody tells of alerts: give --prometheus, --alertmanager or --alert-receiver")
	w.is(t, event.MetricBelow, event.ExpectationUnknown, "nobody reads the platform's metrics: give --prometheus or --scrape")
}

// A metric that had no series as the run began, and has one now, is no longer missing.
func TestAMetricThatHasComeIsNotMissing(t *testing.T) {
	missing := evidence.Finding{Kind: evidence.MetricMissing, Source: "prometheus", Subject: "llm_fallbacks_total"}
	m := newMonitor(Monitoring{Panels: []evidence.Panel{evidence.MetricPanel("llm_fallbacks_total")}}, time.Now(), nil)
	m.findings = []evidence.Finding{missing}
	if found := m.about("llm_fallbacks_total"); len(found) != 1 || found[0] != missing {
		t.Errorf("before: %+v", found)
	}
	m.Sample(value("llm_fallbacks_total", "a", time.Now(), 1))
	if found := m.about("llm_fallbacks_total"); len(found) != 0 {
		t.Errorf("it has come, and %+v", found)
	}
}

// That a latency rises is judged with the answer whether the fault had an effect, and only where a latency could be.
func TestLatenciesThatAreExpectedToRise(t *testing.T) {
	rises := chaos.Expectation{Signal: event.LatencyRises, Text: "API latency rises"}
	slower := event.Movement{What: "Upload p95", Unit: "µs", Before: 200_000, During: 1_100_000}
	for name, c := range map[string]struct {
		effect  event.EffectJudged
		verdict event.ExpectationVerdict
		reason  string
	}{
		"rose":         {event.EffectJudged{Effect: event.EffectSeen, Slower: &slower, Latencies: 2}, event.ExpectationMet, "Upload p95 200 ms → 1.10 s"},
		"did not":      {event.EffectJudged{Effect: event.NoEffect, Latencies: 2, Tolerance: 0.05}, event.ExpectationFailed, "no latency rose by more than 5 % for certain"},
		"not judged":   {event.EffectJudged{Effect: event.EffectSeen}, event.ExpectationUnknown, "too little traffic to judge a latency"},
		"not compared": {event.EffectJudged{Effect: event.EffectUnknown, Reason: "other faults were on"}, event.ExpectationUnknown, "other faults were on"},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchFault(t, reads, nil, rises)
			w.revert(time.Minute)
			if len(w.verdict) > 0 {
				t.Fatalf("decided before the answer: %v", w.verdict)
			}
			c.effect.Injection = w.faults["drill"].ref()
			_, then := w.judgeEffect(c.effect)
			then()
			w.is(t, event.LatencyRises, c.verdict, c.reason)
		})
	}
	w := watchFault(t, reads, nil, rises)
	w.track(event.FaultReverted{Injection: w.faults["drill"].ref(), Cause: event.CauseEndedByOthers}, true)
	w.is(t, event.LatencyRises, event.ExpectationUnknown, endedByOthers)
}
