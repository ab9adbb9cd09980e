package report

import (
	"fmt"
	"strings"

	"xinbot.ir/squall/internal/event"
)

// Terminal is the few lines that stay on the screen after a run: verdict, objectives, counts, what a
// reader must know, and where the report is (path; "" if it could not be written). It is plain text. Long
// lines are left to the terminal to wrap, so that a command in them can be copied.
func Terminal(run *Run, path string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  %s %s\n    %s\n", verdictSymbol(run.verdict.Answer), strings.ToUpper(run.verdict.Answer.String()), oneLine(run.sentence().text()))
	for _, l := range append(byPhase(run), faultLines(run)...) {
		fmt.Fprintf(&b, "    %s\n", oneLine(l.text()))
	}
	b.WriteByte('\n')
	width := 0
	for _, v := range run.verdict.Run.Objectives {
		width = max(width, len(v.Objective.String()))
	}
	for _, v := range run.verdict.Run.Objectives {
		fmt.Fprintf(&b, "  %s %-*s  %12s", stateSymbol(v.State), width, v.Objective, measured(v.Result))
		if v.Whole != nil {
			b.WriteString("  ")
			if v.Scope != v.Objective.Scope { // else it is in the objective's own text
				b.WriteString(v.Scope.String() + "; ")
			}
			b.WriteString(measured(*v.Whole) + " over the whole run")
		}
		if v.Reason != "" {
			fmt.Fprintf(&b, "  %s", oneLine(v.Reason))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	if r := run.requests(); run.uncounted > 0 {
		fmt.Fprintf(&b, "  requests unknown in %s, failed unknown\n", clock(run.length))
	} else {
		fmt.Fprintf(&b, "  %s in %s (%s), %s failed\n", plural(r.Count, "request", "requests"), clock(run.length), perSecond(r.Count, run.totals.Seconds), percent(r.Failed, r.Count))
		if most := run.mostFailures(); most != "" {
			fmt.Fprintf(&b, "  %s\n", oneLine(most))
		}
	}
	if run.timeline.End != nil && run.timeline.End.Data.Cause != event.EndPanic { // the cautions tell of the others
		fmt.Fprintf(&b, "  %s\n", oneLine(run.ended()))
	}
	for _, n := range caveats(run) {
		fmt.Fprintf(&b, "  ! %s\n", oneLine(n.text()))
	}
	for _, w := range run.timeline.Warnings {
		fmt.Fprintf(&b, "  ! Warned at the start. %s\n", oneLine(w))
	}
	if path != "" {
		fmt.Fprintf(&b, "  report  %s\n", path)
	} else {
		fmt.Fprintf(&b, "  report  not written\n")
	}
	return b.String()
}
