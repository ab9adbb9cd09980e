package report

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
)

// Expectations that were not met are said in the first lines.
func TestExpectationsLine(t *testing.T) {
	finding := func(text string, v event.ExpectationVerdict, reason string) event.Finding {
		return event.Finding{Text: text, Verdict: v, Reason: reason}
	}
	pass, fail := finding("recovers within 2 min", event.ExpectationMet, "took 8 s"), finding("objectives hold", event.ExpectationFailed, "p95 broke")
	unknown, strange := finding("an alert fires", event.ExpectationUnknown, "no alerts"), finding("something", "perhaps", "")
	for _, c := range []struct {
		findings []event.Finding
		want     string
	}{
		{nil, ""},
		{[]event.Finding{pass}, "✓ 1 of 1 expectation met."},
		{[]event.Finding{pass, pass}, "✓ 2 of 2 expectations met."},
		{[]event.Finding{pass, unknown, fail, fail}, "✗ 2 of 4 expectations not met: LLM latency, objectives hold: p95 broke; and 1 more. 1 met; 1 could not be judged (LLM latency, an alert fires: no alerts)."},
		{[]event.Finding{fail}, "✗ 1 of 1 expectation not met: LLM latency, objectives hold: p95 broke. 0 met."},
		{[]event.Finding{pass, strange}, "? 1 of 2 expectations met; 1 could not be judged (LLM latency, something)."},
	} {
		if got := expectationsLine([]injection{{timeline.Injection{Label: "LLM latency", Findings: c.findings}}}).text(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	calm := func(m *event.RunStarted) { m.Objectives = []string{"http_req_failed: rate<0.01"} }
	s := drills()
	s.change = calm
	r := documentsOf(t, s.write(t))
	if r.verdict.Answer != slo.Failed || r.verdict.Exit != slo.ExitNotReverted {
		t.Errorf("verdict %s, exit code %d", r.verdict.Answer, r.verdict.Exit)
	}
	for _, text := range []string{r.report, r.terminal} {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if first := strings.Join(lines[:min(26, len(lines))], "\n"); !strings.Contains(first, "2 of 6 expectations not met:") || !strings.Contains(first, "NOT REVERTED") {
			t.Errorf("the first lines do not say what failed:\n%s", first)
		}
	}
}

// A fault that was reverted late, or kept as it is, is told as what it is.
func TestRevertStatus(t *testing.T) {
	redis := inject(1, "Redis outage")
	kept := happened(30, event.RoleSquall, event.FaultReverted{Injection: redis, Cause: event.CauseAbandoned})
	on, off := on(10, 1, "Redis outage"), off(30, 1, "Redis outage")
	stuck := happened(20, event.RoleSquall, event.FaultNotReverted{Injection: redis})
	for _, c := range []struct {
		name    string
		events  []event.Event
		killed  bool
		has     []string
		hasNone []string
	}{
		{"stuck", []event.Event{on, stuck}, false, []string{"| ✗ NOT REVERTED |", "**✗ NOT REVERTED**: Redis outage.", "> **Not reverted.** Redis outage: no reason was given", "> **Not reverted: Redis outage.**"}, nil},
		{"stuck at first", []event.Event{on, stuck, off}, false, []string{"| ✓ verified |"}, []string{"NOT REVERTED", "Not reverted"}},
		{"kept", []event.Event{on, stuck, kept}, false, []string{"| ✗ NO, kept as it is |", "**! Kept as it is**: Redis outage.", "decided to keep the target as it is"}, []string{"✓ verified", "NOT REVERTED"}},
		{"killed", []event.Event{on}, true, []string{"| ✗ still on when data stopped |", "| at least 30 s |", "**Faults were on.**"}, []string{"NOT REVERTED"}},
		{"off is not in the journal", []event.Event{on}, false, []string{"| ? not in the journal |"}, []string{"verified"}},
		{"begin is not in the journal", []event.Event{off}, false, []string{"| before 00:30.0 |", "Its beginning could not be read"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			run, err := Load(synthetic{seconds: 40, quiet: true, killed: c.killed, events: c.events}.write(t))
			if err != nil {
				t.Fatal(err)
			}
			text := markdown(document(run))
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			for _, unwanted := range c.hasNone {
				if strings.Contains(text, unwanted) {
					t.Errorf("%q is in\n%s", unwanted, text)
				}
			}
		})
	}
}

// A run whose faults were all refused says so at the top, and so does one that a stop rule halted.
func TestFirstLinesNameRefusalsAndStopRules(t *testing.T) {
	refused := &Run{totals: load.Registry().NewTotals(), files: &rundir.Run{}, timeline: timeline.Of([]event.Event{refusedDrill(1), refusedDrill(2)})}
	if lines := faultLines(refused); len(lines) != 1 || lines[0].text() != "No fault was injected: 2 faults were refused. The section on faults says why." {
		t.Errorf("lines %v", lines)
	}
	stopped := &Run{totals: load.Registry().NewTotals(), files: &rundir.Run{}, timeline: timeline.Of([]event.Event{
		happened(65, event.RoleStopRule, event.StopRuleMet{Title: "gateway latency p(95)>3000", For: 10, Measured: "3.2 s"}), happened(70, event.RoleOperator, event.RunEnded{}),
	})}
	notes := caveats(stopped)
	if len(notes) != 1 || notes[0].text() != "Stop rule. At 01:05: gateway latency p(95)>3000 for 10 s was met (3.2 s)." {
		t.Errorf("notes %v", notes)
	}
}

// The built-in objectives are about the time outside faults, spikes and their recovery; those that
// somebody asked for about the whole run. What the built-in ones came to over all stands beside it.
func TestBuiltInObjectivesAreJudgedOutsideFaults(t *testing.T) {
	for _, builtIn := range []bool{true, false} {
		s := synthetic{seconds: 120, quiet: true, events: drillLLM(1, 30, 70), slow: slowdowns{{30, 78, 30}}, change: func(start *event.RunStarted) {
			start.BuiltIn, start.Objectives = builtIn, []string{"gateway_latency: p(95)<1500"}
		}}
		r := documentsOf(t, s.write(t))
		got := r.verdict.Run.Objectives[0]
		text := r.report
		if builtIn {
			if r.verdict.Exit != slo.ExitPassed || got.Whole == nil || got.Whole.Value <= 1500 || got.Value >= 1500 || !strings.Contains(text, "| Outside faults | Samples | Whole run | Verdict |") || !strings.Contains(text, "objectives: 1 held") {
				t.Errorf("built in: exit code %d, %+v\n%s", r.verdict.Exit, got, text)
			}
			continue
		}
		if r.verdict.Exit != slo.ExitFailed || got.Whole != nil || got.Value <= 1500 {
			t.Errorf("asked for: exit code %d, %+v", r.verdict.Exit, got)
		}
	}
}

// An objective can be narrowed to the time outside faults, or to that of one fault.
func TestObjectivesWithAScope(t *testing.T) {
	s := synthetic{seconds: 120, quiet: true, events: drillLLM(1, 30, 70), slow: slowdowns{{30, 78, 30}}, change: func(start *event.RunStarted) {
		start.Objectives = []string{
			"gateway_latency: p(95)<1500 outside faults", "gateway_latency: p(95)<1500 during llm_latency",
			"gateway_latency: p(95)<60000 during llm_latency", "gateway_latency: p(95)<1500 during redis_outage", "gateway_latency: count>10",
		}
	}}
	r := documentsOf(t, s.write(t))
	var got []string
	for _, o := range r.verdict.Run.Objectives {
		got = append(got, o.State.String())
	}
	if want := []string{"pass", "fail", "pass", "unknown", "pass"}; !slices.Equal(got, want) || r.verdict.Exit != slo.ExitFailed {
		t.Errorf("%v and exit code %d, want %v", got, r.verdict.Exit, want)
	}
	for _, want := range []string{
		"`gateway_latency: p(95)<1500 during llm_latency` came to ", "| Measured | Samples | Whole run | Verdict |", "unknown: redis_outage was never on",
		"**During LLM latency**", "; objectives: 1 held, 1 failed", "; objectives: 1 held.",
	} {
		if !strings.Contains(r.report, want) {
			t.Errorf("no %q in\n%s", want, r.report)
		}
	}
	if !strings.Contains(r.terminal, " s over the whole run") || strings.Contains(r.terminal, "outside faults; ") {
		t.Errorf("the terminal says\n%s", r.terminal)
	}
	var summary struct {
		Metrics map[string]struct{ Thresholds map[string]bool }
	}
	if err := json.Unmarshal([]byte(r.summary), &summary); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"p(95)<1500 outside faults": false, "p(95)<1500 during llm_latency": true, "p(95)<60000 during llm_latency": false,
		"p(95)<1500 during redis_outage": true, "count>10": false,
	}
	if got := summary.Metrics["gateway_latency"].Thresholds; !maps.Equal(got, want) {
		t.Errorf("thresholds %v, want %v", got, want)
	}
}

// A fault that could not be injected has no time that it was on for, and nothing to recover from.
func TestFaultThatCouldNotBeInjected(t *testing.T) {
	i := inject(1, "LLM latency")
	r := documentsOf(t, synthetic{seconds: 30, quiet: true, events: []event.Event{
		on(10, 1, "LLM latency"),
		happened(11, event.RoleSquall, event.FaultReverting{Injection: i, Cause: event.CauseFailed, Detail: "it could not be injected: HTTP 405"}),
		happened(12, event.RoleSquall, event.FaultReverted{Injection: i, Cause: event.CauseFailed}),
	}}.write(t))
	text := r.report
	for _, want := range []string{"**✗ FAILED**: a fault that was asked for was not injected: LLM latency", "**During LLM latency**: it could not be injected.", "**Recovered**: LLM latency was not injected.", "Nothing of LLM latency is left; this was verified", "**No fault was injected**: 1 fault was not applied (LLM latency)."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if none := "\"chaos_events_triggered\": {\n            \"count\": 0,"; !strings.Contains(r.summary, none) {
		t.Errorf("what was not applied is counted:\n%s", r.summary)
	}
	if r.verdict.Exit != slo.ExitError {
		t.Errorf("exit code %d", r.verdict.Exit)
	}
}
