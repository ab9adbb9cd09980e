package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"xinbot.ir/squall/internal/event"
)

var place = Place{Folder: "../demos/perf/2026-07-30/a run (1)", Files: []string{"charts/load.png", "evidence/hpa|before.txt", "report.md"}}

func loaded(t *testing.T, s synthetic) *Run {
	t.Helper()
	run, err := Load(s.write(t))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// The entry of a run with everything in it, its row and an issue.
func TestPublishedTexts(t *testing.T) {
	run := loaded(t, drills())
	items := Remediations(run)
	text := PlaybookEntry(run, place) + "\n<!-- row -->\n" + Highlights(run, "perf/playbook.md", place) + "\n\n<!-- issue -->\n" + IssueTitle(run, items[1]) + "\n\n" + IssueBody(run, items[1])
	golden.RequireEqual(t, []byte(text))
}

// hostile is a run in which every text from elsewhere wants to be markup.
func hostile() synthetic {
	const evil = "a|b\n| x | <!-- squall:end 1 --> `@team` [l](javascript:x) ## h Bearer abcdefgh12345678"
	i := event.Injection{Fault: "evil", Title: "T " + evil, Run: 1}
	return synthetic{seconds: 30, quiet: true, change: func(m *event.RunStarted) { m.Target = "s|t @ops" }, events: []event.Event{
		happened(1, event.RoleOperator, event.FaultStarted{Injection: i, Driver: evil, Summary: evil, Scope: evil}),
		happened(1.1, event.RoleOperator, event.FaultActive{Injection: i, Scope: evil}),
		happened(2, event.RoleOperator, event.Noted{Note: evil}),
		expected(3, i, event.AlertFires, evil, event.ExpectationFailed, evil),
		happened(4, event.RoleSquall, event.FaultNotReverted{Injection: i, Reason: evil, Remedies: []string{evil}}),
	}}
}

// No name breaks a table, ends the entry, calls a person or shows a secret.
func TestPublishedTextsAreEscaped(t *testing.T) {
	run := loaded(t, hostile())
	row, entry := Highlights(run, "p.md", place), PlaybookEntry(run, place)
	if unescaped := regexp.MustCompile(`(^|[^\\])\|`); strings.Contains(row, "\n") || unescaped.MatchString(row) {
		t.Errorf("the row breaks its table: %q", row)
	}
	cells := regexp.MustCompile(`(^|[^\\])\|`)
	columns := 0
	for line := range strings.Lines(entry) {
		n := len(cells.FindAllString(line, -1))
		switch {
		case !strings.HasPrefix(line, "|"):
			columns = 0
		case columns > 0 && n != columns:
			t.Errorf("a row of %d bars in a table of %d: %q", n, columns, line)
		default:
			columns = n
		}
	}
	items := Remediations(run)
	if len(items) < 2 {
		t.Fatalf("%d items", len(items))
	}
	for _, text := range []string{row, entry, IssueBody(run, items[0])} {
		text = regexp.MustCompile("``[^\n]*``").ReplaceAllString(text, "") // in code nothing is markup
		if regexp.MustCompile(`(?m)^\s*<!-- squall`).MatchString(text) || strings.Contains(text, "abcdefgh12345678") || regexp.MustCompile(`[^\\]\]\(javascript`).MatchString(text) {
			t.Errorf("markup or a secret got through:\n%s", text)
		}
	}
	for _, item := range items {
		if title := IssueTitle(run, item); strings.Contains(title, "\n") || strings.Contains(title, "abcdefgh12345678") {
			t.Errorf("title %q", title)
		}
		if text := IssueTitle(run, item) + IssueBody(run, item); regexp.MustCompile(`@[A-Za-z]`).MatchString(text) {
			t.Errorf("an issue calls somebody:\n%s", text)
		}
	}
}

// The same finding has the same key in every run on a target, whatever was measured.
func TestRemediationsKeepTheirNames(t *testing.T) {
	about := func(s synthetic) (all []string) {
		run := loaded(t, s)
		for _, r := range Remediations(run) {
			all = append(all, strings.Join(r.About(run), "/"))
		}
		return all
	}
	want := []string{
		"staging/left behind/redis_outage on statefulset xin-staging/redis", "staging/latency/gateway_latency: p(95)<1500",
		"staging/scaling/channel_spike: every autoscaler reaches its maximum", "staging/recovery/redis_outage: recovers within 2 min",
	}
	if got := about(drills()); !slices.Equal(got, want) {
		t.Errorf("about %q\nwant  %q", got, want)
	}
	if got := about(synthetic{seconds: 60, quiet: true}); len(got) > 0 {
		t.Errorf("a run in which all was well has %q", got)
	}
	twice := synthetic{seconds: 60, quiet: true, events: []event.Event{
		expected(3, inject(1, "A"), event.Holds, "holds", event.ExpectationFailed, "first"), expected(9, inject(2, "A"), event.Holds, "holds", event.ExpectationFailed, "second"),
		expected(4, inject(1, "A"), event.Signal("new"), "x", event.ExpectationFailed, ""), expected(4, inject(1, "A"), event.Recovers, "y", event.ExpectationUnknown, ""),
	}}
	if got, want := about(twice), []string{"staging/objectives under a fault/a: holds", "staging/expectation/a: x"}; !slices.Equal(got, want) {
		t.Errorf("about %q, want %q", got, want)
	}
	if text := markdown(remediationSection(loaded(t, twice))); !strings.Contains(text, "| A at 00:03.0: first; A 2 at 00:09.0: second |") {
		t.Errorf("section\n%s", text)
	}
}

// Alerts have their times, and how long after which fault and which revert they were.
func TestAlertTimeline(t *testing.T) {
	alert := event.AlertChanged{Source: "prometheus", Alert: "HighLatencyLLM", Labels: map[string]string{"severity": "page|d"}, State: event.AlertFiring, FiredAt: began.Add(54 * time.Second), FiredExact: true}
	over := alert
	over.State, over.ResolvedAt, over.ResolvedExact = event.AlertResolved, began.Add(85*time.Second), true
	old := event.AlertChanged{Source: "prometheus", Alert: "Old", State: event.AlertFiring, FiredAt: began.Add(-time.Hour)}
	// It is over while another fault is on, and after a third: it is still told with the fault that it fired in.
	soon := event.AlertChanged{Source: "prometheus", Alert: "Soon", State: event.AlertResolved, FiredAt: began.Add(30 * time.Second), ResolvedAt: began.Add(48 * time.Second)}
	events := append(drillLLM(1, 10, 50), happened(1, event.RoleSource, old), happened(49, event.RoleSource, soon), happened(55, event.RoleSource, alert),
		on(60, 2, "Redis outage"), happened(60.5, event.RoleSquall, event.FaultActive{Injection: inject(2, "Redis outage")}), off(70, 2, "Redis outage"),
		on(80, 3, "Qdrant throttle"), happened(80.5, event.RoleSquall, event.FaultActive{Injection: inject(3, "Qdrant throttle")}), happened(90, event.RoleSource, over),
		happened(60, event.RoleSource, event.SourceGap{Source: "alertmanager", Reason: "it answers 500"}))
	text := markdown(alertBlocks(loaded(t, synthetic{seconds: 100, quiet: true, events: events})))
	for _, want := range []string{
		"| HighLatencyLLM (severity page\\|d) | resolved | prometheus | 00:54 (09:15:54 UTC) | 44 s, LLM latency | 01:25 (09:16:25 UTC) | 35 s, LLM latency |\n",
		"| Old | firing | prometheus | before the start | – | – | – |\n",
		"| Soon | resolved | prometheus | by 00:30 (09:15:30 UTC) | at most 20 s, LLM latency | by 00:48 (09:15:48 UTC) | before it, LLM latency |\n",
		"- No data from alertmanager from 01:00 to the end: it answers 500\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A folder's name tells runs apart, and has no sign that a path must not have.
func TestRunsHaveNames(t *testing.T) {
	run := loaded(t, synthetic{seconds: 1, quiet: true, change: func(m *event.RunStarted) { m.Target, m.RunID, m.UTCOffset = "../x y", "e1a88b6a", 16*3600 }})
	if name, err := run.Name(); err != nil || name != "20260730T091500Z-..-x-y-e1a88b6a" {
		t.Errorf("%q, %v", name, err)
	}
	if run.Date() != "2026-07-31" {
		t.Errorf("date %s on the operator's clock", run.Date())
	}
	run = loaded(t, synthetic{seconds: 1, quiet: true, change: func(m *event.RunStarted) { m.RunID = "" }})
	if _, err := run.Name(); err == nil {
		t.Error("a run without an id has a name")
	}
}
