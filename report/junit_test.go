package report

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
)

// junitSchema is what junit-10.xsd of Jenkins' xunit plugin allows: by element its children, and its attributes, those that
// are required with a star.
var junitSchema = map[string]struct{ children, attributes string }{
	"testsuites": {"testsuite", "name time tests failures errors"},
	"testsuite":  {"testsuite properties testcase system-out system-err", "name* tests* failures* errors* group time skipped timestamp hostname id package file log url"},
	"properties": {"property", ""},
	"property":   {"", "name* value*"},
	"testcase":   {"skipped error failure rerunFailure rerunError flakyFailure flakyError system-out system-err", "name* time classname group"},
	"skipped":    {"", "type message"},
	"error":      {"", "type message"},
	"failure":    {"", "type message"},
}

// surefireTime is the schema's pattern of a time.
var surefireTime = regexp.MustCompile(`^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$`)

// checkJUnit holds a document to the schema.
func checkJUnit(t *testing.T, text string) {
	t.Helper()
	read := xml.NewDecoder(strings.NewReader(text))
	var open []string
	for {
		token, err := read.Token()
		if token == nil {
			if len(open) > 0 {
				t.Errorf("the document ends within %v: %v", open, err)
			}
			return
		}
		switch x := token.(type) {
		case xml.StartElement:
			name := x.Name.Local
			rule, known := junitSchema[name]
			if !known || len(open) == 0 && name != "testsuites" || len(open) > 0 && !slices.Contains(strings.Fields(junitSchema[open[len(open)-1]].children), name) {
				t.Errorf("%s stands in %v", name, open)
			}
			given := map[string]string{}
			for _, a := range x.Attr {
				given[a.Name.Local] = a.Value
				if allowed := strings.Fields(strings.ReplaceAll(rule.attributes, "*", "")); !slices.Contains(allowed, a.Name.Local) {
					t.Errorf("%s has an attribute %s", name, a.Name.Local)
				}
				if a.Name.Local == "time" && !surefireTime.MatchString(a.Value) {
					t.Errorf("%s has the time %q", name, a.Value)
				}
			}
			for _, a := range strings.Fields(rule.attributes) {
				if required, is := strings.CutSuffix(a, "*"); is && given[required] == "" {
					t.Errorf("%s has no %s", name, required)
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// junitOf writes a run, holds it to the schema and counts again what the document says it has.
func junitOf(t *testing.T, run *Run) (text string, doc junitSuites) {
	t.Helper()
	var b strings.Builder
	if err := writeJUnit(&b, run); err != nil {
		t.Fatal(err)
	}
	checkJUnit(t, b.String())
	if err := xml.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatal(err)
	}
	tests, failures, errs := 0, 0, 0
	for _, s := range doc.Suites {
		f, e, k := 0, 0, 0
		for _, c := range s.Cases {
			switch {
			case c.Error != nil:
				e++
			case c.Failure != nil:
				f++
			case c.Skipped != nil:
				k++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != f || s.Errors != e || s.Skipped != k {
			t.Errorf("suite %s has %d, %d failed, %d errors, %d skipped, and says otherwise: %+v", s.Name, len(s.Cases), f, e, k, s)
		}
		tests, failures, errs = tests+s.Tests, failures+f, errs+e
	}
	if doc.Tests != tests || doc.Failures != failures || doc.Errors != errs {
		t.Errorf("the document says %d, %d, %d, its suites %d, %d, %d", doc.Tests, doc.Failures, doc.Errors, tests, failures, errs)
	}
	return b.String(), doc
}

// There is something red in junit.xml exactly when the exit code is not 0.
func TestJUnitAgreesWithTheVerdict(t *testing.T) {
	llm := event.Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}
	expectation := func(v event.ExpectationVerdict) []event.Event {
		return []event.Event{
			happened(5, event.RoleOperator, event.FaultStarted{Injection: llm}), happened(5, event.RoleOperator, event.FaultActive{Injection: llm}),
			happened(10, event.RoleSquall, event.FaultReverted{Injection: llm}),
			happened(15, event.RoleSquall, event.ExpectationDecided{Injection: llm, Finding: event.Finding{Text: "recovers <within> 2 min", Verdict: v, Reason: "seen & \x01noted"}}),
		}
	}
	const rule = "prometheus: automation_queue_depth > 50 for 5s"
	unread := func(never bool) []event.Event {
		d := event.ConditionUnread{What: event.ConditionStopRule, Rule: rule, Title: "automation_queue_depth > 50", Unread: 20, Of: 30, Never: never, Reason: "it has no series"}
		return []event.Event{happened(29, event.RoleSquall, d)}
	}
	objectives := func(unknown, expectations string, lines ...string) func(*event.RunStarted) {
		return func(m *event.RunStarted) {
			m.Objectives, m.Unknown, m.Expectations, m.StopRules = lines, unknown, expectations, []string{rule}
		}
	}
	const holds, fails, fewest = "gateway_latency: p(95)<9000", "gateway_latency: p(95)<1", "orchestrator_latency: p(99)<1500"
	all := map[string]synthetic{
		"passed":              {quiet: true, seconds: 30, change: objectives("", "", holds)},
		"objective failed":    {quiet: true, seconds: 30, change: objectives("", "", holds, fails)},
		"unknown, asked":      {quiet: true, seconds: 30, change: objectives("", "", fewest)},
		"unknown, passes":     {quiet: true, seconds: 30, change: objectives("pass", "", fewest)},
		"unknown, fails":      {quiet: true, seconds: 30, change: objectives("fail", "", fewest)},
		"cannot be read":      {quiet: true, seconds: 30, change: objectives("pass", "", "nonsense")},
		"expectation failed":  {quiet: true, seconds: 30, change: objectives("", "", holds), events: expectation(event.ExpectationFailed)},
		"expectation, warns":  {quiet: true, seconds: 30, change: objectives("", "warn", holds), events: expectation(event.ExpectationFailed)},
		"expectation met":     {quiet: true, seconds: 30, change: objectives("", "", holds), events: expectation(event.ExpectationMet)},
		"expectation unknown": {quiet: true, seconds: 30, change: objectives("", "", holds), events: expectation(event.ExpectationUnknown)},
		"left over":           {quiet: true, seconds: 30, change: objectives("", "", holds), leftOver: []string{"rule 1"}},
		"killed at once":      {quiet: true, seconds: 30, killed: true, change: objectives("", "", holds)},
		"squall failed":       {quiet: true, seconds: 30, change: objectives("", "", holds), events: []event.Event{happened(9, event.RoleSquall, event.SquallFailed{Error: "disk full"})}},
		"stop rule unread":    {quiet: true, seconds: 30, change: objectives("", "", holds), events: unread(true)},
		"and passes":          {quiet: true, seconds: 30, change: objectives("pass", "", holds), events: unread(true)},
		"and fails":           {quiet: true, seconds: 30, change: objectives("fail", "", holds), events: unread(true)},
		"unread for a part":   {quiet: true, seconds: 30, change: objectives("", "", holds), events: unread(false)},
		"fault refused":       {quiet: true, seconds: 30, change: objectives("", "", holds), events: []event.Event{happened(9, event.RoleSchedule, event.FaultRefused{Reason: "no budget"})}},
	}
	for name, s := range cases() {
		all[name] = s
	}
	exits := map[int]bool{}
	for name, s := range all {
		t.Run(name, func(t *testing.T) {
			run := loaded(t, s)
			text, doc := junitOf(t, run)
			exits[run.verdict.Exit] = true
			if red := doc.Failures + doc.Errors; (red > 0) != (run.verdict.Exit != slo.ExitPassed) {
				t.Errorf("exit code %d, and %d failures and errors in\n%s", run.verdict.Exit, red, text)
			}
			if isError := map[int]bool{slo.ExitNotReverted: true, slo.ExitError: true, slo.ExitNotJudged: true}[run.verdict.Exit]; isError != (doc.Errors > 0) && run.verdict.Exit != slo.ExitFailed {
				t.Errorf("exit code %d, and %d errors in\n%s", run.verdict.Exit, doc.Errors, text)
			}
			if got := doc.Suites[0].Properties.Property[1].Value; got != strconv.Itoa(run.verdict.Exit) {
				t.Errorf("the property exit_code is %s", got)
			}
		})
	}
	for _, exit := range []int{slo.ExitPassed, slo.ExitError, slo.ExitNotReverted, slo.ExitNotJudged, slo.ExitFailed} {
		if !exits[exit] {
			t.Errorf("no run had the exit code %d", exit)
		}
	}
}

func TestJUnitDocument(t *testing.T) {
	text, _ := junitOf(t, loaded(t, drills()))
	golden.RequireEqual(t, []byte(text))
}

// Every reason that a verdict can have is in the document: as a row of the run, or as an objective or an expectation.
func TestJUnitKnowsEveryReason(t *testing.T) {
	for kind := slo.NotReverted; kind <= slo.StopRuleUnknown; kind++ {
		row := slices.ContainsFunc(junitRunCases, func(c struct {
			kind    slo.ReasonKind
			name    string
			isError bool
		},
		) bool {
			return c.kind == kind
		})
		if own := kind == slo.ObjectiveFailed || kind == slo.ExpectationFailed || kind == slo.StopRuleUnread; row == own {
			t.Errorf("reason %d has a row: %v", kind, row)
		}
	}
}
