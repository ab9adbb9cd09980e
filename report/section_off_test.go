package report

import (
	"strings"
	"testing"

	"xinbot.ir/squall/internal/rundir"
)

// What was found not to run while the run was on is not measured either, and is said with its time;
// what the run was started without stands there once, though the journal says it twice.
func TestFlowsOffOfTheJournal(t *testing.T) {
	dir := synthetic{seconds: 20, events: []rundir.Event{
		{At: 0.1, Kind: rundir.FlowOff, By: "squall", Text: "Knowledge uploads are off: not asked for (--knowledge)"},
		{At: 1.34, Kind: rundir.FlowOff, By: "squall", Text: "Rule toggling is off: list rules of Tenant A: answered 401: no"},
		{At: 2, Kind: rundir.FlowOff, By: "squall", Text: "something else"},
	}}.write(t)
	text := read(t, write(t, dir).Report)
	_, section, _ := strings.Cut(text, "## Not measured\n")
	section, _, _ = strings.Cut(section, "\n## ")
	want := `
- **Knowledge upload**: not asked for (--knowledge)
- **Rule toggling**: list rules of Tenant A: answered 401: no (found at 00:01.3)
- something else (found at 00:02.0)
`
	if section != want {
		t.Errorf("not measured: %s\nwant %s", section, want)
	}
}

// Warnings stand before the numbers, in the timeline and in the summary.
func TestWarnings(t *testing.T) {
	const warning = "instagram gets no traffic: no secret"
	dir := synthetic{seconds: 20, events: []rundir.Event{{At: 0, Kind: rundir.Warning, By: "squall", Text: warning}}}.write(t)
	r := write(t, dir)
	text := read(t, r.Report)
	section, objectives := strings.Index(text, "## Warnings\n\n- "+warning+"\n"), strings.Index(text, "## Objectives")
	if section < 0 || section > objectives {
		t.Errorf("no section of warnings before the objectives in\n%s", text)
	}
	if !strings.Contains(text, "| squall | "+warning+" |") {
		t.Error("the timeline lacks the warning")
	}
	if !strings.Contains(r.Text, "! Warned at the start. "+warning+"\n") {
		t.Errorf("the summary lacks the warning:\n%s", r.Text)
	}
}
