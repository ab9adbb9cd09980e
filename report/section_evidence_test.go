package report

import (
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
)

// Whoever has the report learns of every file of the evidence, also of those that no figure is made of.
func TestEvidenceIsNamed(t *testing.T) {
	dir := synthetic{seconds: 20, quiet: true}.write(t)
	exported(t, dir, []rundir.Evidence{
		{Source: "kubernetes", File: "hpa-xin-staging-gateway-before.txt", Title: "Autoscaler xin-staging-gateway before the run"},
		{Source: "kubernetes", File: "hpa-xin-staging-gateway-after.txt", Title: "Autoscaler xin-staging-gateway after the run"},
		{Source: "grafana", File: "grafana-xin-api (1).csv", Title: "A | B"},
	}, nil)
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := markdown(document(run))
	for _, want := range []string{
		"## Evidence\n",
		"| [evidence/hpa-xin-staging-gateway-before.txt](evidence/hpa-xin-staging-gateway-before.txt) | Autoscaler xin-staging-gateway before the run | kubernetes |",
		"(evidence/hpa-xin-staging-gateway-after.txt)",
		"(evidence/grafana-xin-api%20%281%29.csv)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A rate stands beside the time that it is of, and a pass says what was expected and could not be judged.
func TestRateAndPassAreWhole(t *testing.T) {
	llm := inject(1, "LLM latency")
	run := loaded(t, synthetic{seconds: 20, quiet: true, events: []event.Event{
		happened(5, event.RoleOperator, event.FaultStarted{Injection: llm}), happened(5, event.RoleOperator, event.FaultActive{Injection: llm}),
		happened(70, event.RoleSquall, event.FaultReverted{Injection: llm}),
		expected(75, llm, event.Recovers, "recovers within 2 min", event.ExpectationUnknown, "the API server was away"),
	}, change: func(m *event.RunStarted) { m.Objectives, m.BuiltIn = []string{"gateway_latency: p(95)<9000"}, false }})
	run.length = 80 // its end was waited for
	text := Terminal(run, "report.md", 0)
	for _, want := range []string{" requests in 00:20 of load (", "; 1 of 1 expectation could not be judged."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
