package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
)

// Names of the files that a report is made of, in the run directory.
const (
	File        = "report.md"
	SummaryFile = "perf-summary.json"
)

// Result is what a report came to.
type Result struct {
	Report   string // path of report.md
	Summary  string // path of perf-summary.json
	Charts   []string
	Verdict  slo.Verdict
	LeftOver []string // what the run could not restored, each with its remedy
	Text     string   // the short summary for the screen, see [Summary]
}

// Write reads the run in dir and writes its report there: report.md, charts and perf-summary.json.
// It works on a run that ended, was killed, or is still going on, and may be called again; files
// are replaced whole. An error means that the run could not be read or a document not written.
func Write(dir string) (Result, error) {
	e, err := gather(dir)
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Report:  filepath.Join(dir, File),
		Summary: filepath.Join(dir, SummaryFile),
		Verdict: e.verdict,
	}
	if e.line.End != nil {
		r.LeftOver = e.line.End.Data.NotReverted
	}
	// Charts come first: what cannot be drawn is said in the report.
	r.Charts = drawCharts(e, dir)
	if err := writeText(r.Report, markdown(document(e))); err != nil {
		return Result{}, err
	}
	summary, err := k6Document(e)
	if err != nil {
		return Result{}, err
	}
	if err := writeText(r.Summary, string(summary)); err != nil {
		return Result{}, err
	}
	r.Text = screen(e, r.Report)
	return r, nil
}

// Summary reads the run in dir and returns the few lines that stay on the screen after a run:
// verdict, objectives, counts, and what a reader must know. It writes no file.
func Summary(dir string) (string, slo.Verdict, error) {
	e, err := gather(dir)
	if err != nil {
		return "", slo.Verdict{}, err
	}
	return screen(e, filepath.Join(dir, File)), e.verdict, nil
}

// screen is the short summary, as plain text for a terminal. Long lines are left to the
// terminal to wrap, so that a command in them can be copied.
func screen(e *evidence, path string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  %s %s\n    %s\n", verdictSymbol(e.verdict.Answer), strings.ToUpper(e.verdict.Answer.String()), oneLine(e.sentence().text()))
	for _, l := range append(byPhase(e), faultLines(e)...) {
		fmt.Fprintf(&b, "    %s\n", oneLine(l.text()))
	}
	b.WriteByte('\n')
	width := 0
	for _, v := range e.verdict.Run.Objectives {
		width = max(width, len(v.Objective.String()))
	}
	for _, v := range e.verdict.Run.Objectives {
		fmt.Fprintf(&b, "  %s %-*s  %12s", stateSymbol(v.State), width, v.Objective, measured(v.Verdict))
		if v.Whole != nil {
			fmt.Fprintf(&b, "  outside faults; %s over the whole run", measured(*v.Whole))
		}
		if v.Reason != "" {
			fmt.Fprintf(&b, "  %s", oneLine(v.Reason))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	if r := e.requests(); e.uncounted > 0 {
		fmt.Fprintf(&b, "  requests unknown in %s, failed unknown\n", clock(e.length))
	} else {
		fmt.Fprintf(&b, "  %s in %s (%s), %s failed\n", plural(r.Count, "request", "requests"), clock(e.length), perSecond(r.Count, e.totals.Seconds), percent(r.Failed, r.Count))
		if most := e.mostFailures(); most != "" {
			fmt.Fprintf(&b, "  %s\n", oneLine(most))
		}
	}
	if e.line.End != nil && e.line.End.Data.Cause != event.EndPanic { // the cautions tell of the others
		fmt.Fprintf(&b, "  %s\n", oneLine(e.ended()))
	}
	for _, n := range cautions(e) {
		fmt.Fprintf(&b, "  ! %s\n", oneLine(n.text()))
	}
	for _, w := range e.line.Warnings {
		fmt.Fprintf(&b, "  ! Warned at the start. %s\n", oneLine(w))
	}
	if _, err := os.Stat(path); err == nil {
		fmt.Fprintf(&b, "  report  %s\n", path)
	} else {
		fmt.Fprintf(&b, "  report  not written\n")
	}
	return b.String()
}

func writeText(path, text string) error {
	return replaceFile(path, func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	})
}

// replaceFile writes a file beside path and then moves it there, so that path holds the old
// document or the new one and never half of either.
func replaceFile(path string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(f.Name())
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
