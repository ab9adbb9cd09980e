package report

import (
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
)

// What was found not to run while the run was on is not measured either, and is said with its time;
// what the run was started without stands there once, though the journal says it twice.
func TestFlowsOffOfTheJournal(t *testing.T) {
	dir := synthetic{seconds: 20, events: []event.Event{
		happened(0.1, event.RoleSquall, event.FlowOff{Flow: "knowledge", Title: "Knowledge uploads", Reason: "not asked for (--knowledge)"}),
		happened(1.34, event.RoleSquall, event.FlowOff{Flow: "rules", Title: "Rule toggling", Reason: "list rules of Tenant A: answered 401: no"}),
		happened(19.5, event.RoleSquall, event.MetricsExported{To: "otel:4317", State: event.ExportEnded, Exports: 4, Failed: 1}),
	}}.write(t)
	text := documentsOf(t, dir).report
	_, section, _ := strings.Cut(text, "## Not measured\n")
	section, _, _ = strings.Cut(section, "\n## ")
	want := `
- **Knowledge upload**: not asked for (--knowledge)
- **Rule toggling**: list rules of Tenant A: answered 401: no (found at 00:01.3)
- **Export of metrics**: Metrics of this run were sent to otel:4317 4 times, once in vain or in part; the last arrived, and with it all sums
`
	if section != want {
		t.Errorf("not measured: %s\nwant %s", section, want)
	}
}

// Warnings stand before the numbers, in the timeline and in the summary.
func TestWarnings(t *testing.T) {
	const warning = "instagram gets no traffic: no secret"
	dir := synthetic{seconds: 20, events: []event.Event{happened(0, event.RoleSquall, event.Warned{Warning: warning})}}.write(t)
	r := documentsOf(t, dir)
	text := r.report
	section, objectives := strings.Index(text, "## Warnings\n\n- "+warning+"\n"), strings.Index(text, "## Objectives")
	if section < 0 || section > objectives {
		t.Errorf("no section of warnings before the objectives in\n%s", text)
	}
	if !strings.Contains(text, "| squall | "+warning+" |") {
		t.Error("the timeline lacks the warning")
	}
	if !strings.Contains(r.terminal, "! Warned: "+warning+"\n") {
		t.Errorf("the summary lacks the warning:\n%s", r.terminal)
	}
}
