package report

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// Terminal is the few lines that stay on the screen after a run: verdict, objectives, counts, what a
// reader must know, and where the report is (path of the Markdown; "" if it could not be written) with the page beside
// it. It is plain text, wrapped at blanks to so many columns (0: not at all); paths are left whole.
func Terminal(run *Run, path string, columns int) string {
	text := wrap(terminalText(run), columns)
	if path == "" {
		return text + "  report  not written\n"
	}
	return text + "  report  " + path + "\n          " + filepath.Join(filepath.Dir(path), HTMLFile) + "\n"
}

// wrap breaks lines that are too long at blanks. What follows stands two columns further in than the line began.
func wrap(text string, columns int) string {
	const (
		step  = 2
		whole = "\u2011" // a hyphen that a line is not broken at: --accept is one word
	)
	var b strings.Builder
	for line := range strings.Lines(text) {
		indent := len(line) - len(strings.TrimLeft(line, " ")) + step
		if columns <= 3*indent || ansi.StringWidth(line) <= columns {
			b.WriteString(line)
			continue
		}
		for i, part := range strings.Split(ansi.Wordwrap(strings.ReplaceAll(strings.TrimLeft(line, " "), "-", whole), columns-indent, ""), "\n") {
			if part = strings.ReplaceAll(strings.TrimRight(part, " "), whole, "-"); part != "" {
				b.WriteString(strings.Repeat(" ", indent-step*max(0, 1-i)) + part + "\n")
			}
		}
	}
	return b.String()
}

func terminalText(run *Run) string {
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
		fmt.Fprintf(&b, "  %s in %s (%s), %s failed\n", units.Counted(r.Count, "request", "requests"), run.loadTime(), perSecond(r.Count, run.totals.Seconds), percent(r.Failed, r.Count))
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
		fmt.Fprintf(&b, "  ! Warned: %s\n", oneLine(w))
	}
	return b.String()
}
