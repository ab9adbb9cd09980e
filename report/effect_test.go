package report

import (
	"bytes"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
)

// drillWithout is a fault that changed nothing, as the journal has it.
func drillWithout(run int, from, to float64, d event.EffectJudged) []event.Event {
	i := inject(run, "Qdrant throttle")
	d.Injection = i
	return []event.Event{
		happened(from, event.RoleSchedule, event.FaultStarted{Injection: i, Driver: "Toxiproxy", Summary: "800 ms", Scope: "proxy qdrant"}),
		happened(from+0.1, event.RoleSchedule, event.FaultActive{Injection: i, Scope: "proxy qdrant"}),
		happened(to-0.1, event.RoleSquall, event.FaultReverting{Injection: i, Cause: event.CauseTimeUp}),
		happened(to, event.RoleSquall, event.FaultReverted{Injection: i, Cause: event.CauseTimeUp}),
		happened(to+1, event.RoleSquall, d),
		happened(to+1, event.RoleObjectives, event.PlatformRecovered{Injection: i, Unbroken: true}),
		expected(to+1, i, event.Recovers, "recovers within 2 min", event.ExpectationUnknown, "no effect seen: the fault changed nothing that was measured"),
	}
}

func written(t *testing.T, run *Run, format string) string {
	t.Helper()
	e, err := FindExport(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.Files[0].Write(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A fault that changed nothing is told as one in every document, and passes in none.
func TestNoEffectIsTold(t *testing.T) {
	none := event.EffectJudged{Effect: event.NoEffect, Tolerance: 0.05, Before: 40, During: 40, Judged: []string{"Gateway", "Queue"}, TooLittle: []string{"Ingestion: 4 of 10 needed requests"}}
	run := loaded(t, synthetic{seconds: 100, quiet: true, events: drillWithout(1, 40, 80, none)})
	const explained = "no effect seen: nothing that was measured moved by more than 5 % for certain, in 40 s of it against 40 s before (Gateway, Queue); too little to tell of Ingestion: 4 of 10 needed requests"
	for document, wants := range map[string][]string{
		markdown(document(run)): {
			"> **No effect seen.** Qdrant throttle changed nothing that was measured, and so the run does not show how the platform bears it.",
			"| ✓ verified | ! none seen | – nothing to recover from |",
			"- Compared with the time before it: " + explained + "\n",
			"**Recovered**: Qdrant throttle changed nothing that was measured.",
			"| ? | Qdrant throttle | recovers within 2 min | unknown | no effect seen: the fault changed nothing that was measured |",
		},
		Terminal(run, "report.md", 0): {"  ! No effect seen. Qdrant throttle changed nothing that was measured"},
		written(t, run, "junit"): {
			`name="Qdrant throttle: it has an effect" classname="squall.expectations">` + "\n      <skipped message=\"" + explained + `"`,
			`name="Qdrant throttle: recovers within 2 min" classname="squall.expectations">` + "\n      <skipped message=\"no effect seen: ",
			`name="expectations" tests="2" failures="0" errors="0" skipped="2"`,
		},
	} {
		for _, want := range wants {
			if !strings.Contains(document, want) {
				t.Errorf("no %q in\n%s", want, document)
			}
		}
	}
}

// What nobody judged of a run that was killed is not known, and counts.
func TestKilledBeforeItWasJudged(t *testing.T) {
	i := inject(1, "LLM latency")
	start := event.FaultStarted{Injection: i, Expect: []event.Expected{
		{Signal: event.AlertFires, Text: "alert A fires"}, {Signal: event.CounterIncreases, Text: "x grows"}, {Signal: event.Recovers, Text: "recovers within 2 min"},
	}}
	run := loaded(t, synthetic{seconds: 100, quiet: true, killed: true, events: []event.Event{
		happened(40, event.RoleSchedule, start), happened(41, event.RoleSchedule, event.FaultActive{Injection: i}),
		expected(50, i, event.CounterIncreases, "x grows", event.ExpectationMet, "grew by 3"),
		expected(51, i, event.AlertFires, "alert A fires", event.ExpectationMet, "it fired after 10 s"),
	}})
	const why = "not judged: the run was killed, or goes on"
	text := markdown(document(run))
	for _, want := range []string{
		"2 of 3 expectations met; 1 could not be judged (LLM latency, recovers within 2 min: " + why + ")",
		"| ? | LLM latency | recovers within 2 min | unknown | " + why + " |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if !strings.Contains(written(t, run, "junit"), `name="LLM latency: recovers within 2 min" classname="squall.expectations">`+"\n      <skipped message=\""+why) {
		t.Error("JUnit does not have it")
	}
}

// What could not be told is told as that, and is no caveat; an alert that came later shows that there was an effect.
func TestEffectThatIsNotKnown(t *testing.T) {
	const little = "too little traffic to tell whether it had an effect: 3 of 20 needed seconds of it were measured"
	run := loaded(t, synthetic{seconds: 100, quiet: true, events: drillWithout(1, 40, 43, event.EffectJudged{Effect: event.EffectUnknown, Reason: little, During: 3})})
	text := markdown(document(run))
	for _, want := range []string{"| ✓ verified | ? " + little + " | ", "- Compared with the time before it: " + little + "\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "No effect seen") || !strings.Contains(written(t, run, "junit"), `<skipped message="`+little+`"`) {
		t.Errorf("report\n%s", text)
	}
	late := append(drillWithout(1, 40, 80, event.EffectJudged{Effect: event.NoEffect}),
		expected(90, inject(1, "Qdrant throttle"), event.AlertFires, "alert IngestionLagHigh fires", event.ExpectationMet, "it fired after 45 s"))
	text = markdown(document(loaded(t, synthetic{seconds: 100, quiet: true, events: late})))
	if strings.Contains(text, "No effect seen.") || !strings.Contains(text, "| ✓ alert IngestionLagHigh fires | ") {
		t.Errorf("report\n%s", text)
	}
}
