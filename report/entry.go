package report

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// EvidenceDir is the directory of a run with what was collected of the platform.
const EvidenceDir = rundir.EvidenceDir

// Documents are the names, in a run directory, of what a report is made of: files and directories. Raw data is none but the
// readings of the platform's own numbers, which figures of the report stand in.
func Documents() (names []string) {
	for _, f := range formats {
		names = append(names, f.File)
	}
	return append(names, chartsDir, rundir.SamplesFile, rundir.EvidenceDir)
}

// Files are the documents that [Save] writes of a run, by their paths apart by slashes.
func Files(run *Run) (names []string) {
	for _, f := range formats {
		names = append(names, f.File)
	}
	for _, c := range chartsOf(run) {
		names = append(names, c.file())
	}
	return names
}

// ID is the run's own id; "" when the journal does not hold how it was started.
func (run *Run) ID() string { return run.timeline.Start.RunID }

// Started is when the run was started, on the clock of its operator.
func (run *Run) Started() time.Time { return run.local(run.timeline.Started) }

// Date is the day of the run, on the clock of its operator: 2026-07-30.
func (run *Run) Date() string { return run.Started().Format(time.DateOnly) }

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Name is a name for a folder of the run that no other run has: 20260730T091500Z-staging-e1a88b6a.
func (run *Run) Name() (string, error) {
	if run.timeline.Started.IsZero() || run.ID() == "" {
		return "", errors.New("name the run: its journal does not hold how it was started")
	}
	parts := []string{run.timeline.Started.UTC().Format("20060102T150405Z"), run.timeline.Start.Target, run.ID()}
	return notInNames.ReplaceAllString(strings.Join(parts, "-"), "-"), nil
}

// startedText is when the run was, and how long.
func (run *Run) startedText() string {
	text := run.timeline.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	if run.hasLocalTime() {
		text += run.Started().Format(" (15:04:05 -07:00)")
	}
	return text + ", " + lengthText(run.length)
}

// Place is where documents of a run are, seen from the document that links to them.
type Place struct {
	Folder string   // relative, apart by slashes; "": the documents are not where a link can lead
	Files  []string // in it
}

// link leads to a file of the folder, or with "" to the folder.
func (p Place) link(text, file string) line {
	return line{{text: text, style: plainStyle, href: linkTo(path.Join(p.Folder, file))}}
}

// linkTo is a relative address in a link: spaces, brackets and bars would end it.
func linkTo(file string) string {
	escaped := (&url.URL{Path: file}).EscapedPath()
	return strings.NewReplacer("(", "%28", ")", "%29", "|", "%7C").Replace(escaped)
}

// PlaybookEntry is the run as an entry of a playbook, in Markdown: what was done, what came of it, and where the evidence
// is. Its heading is of level 2.
func PlaybookEntry(run *Run, p Place) string {
	blocks := []block{
		heading{2, run.Date() + ": " + run.drillTitle()},
		paragraph{strong(verdictSymbol(run.verdict.Answer)+" "+strings.ToUpper(run.verdict.Answer.String())).then(plain(": "), run.sentence())},
		list{[]line{
			plain("Run: ").then(code(run.ID())),
			plain("Time: ", run.startedText()),
			plain("Load: ", loadModel(run)),
			plain("squall: ", cmp.Or(run.timeline.Start.Version, absent)),
		}},
	}
	for _, n := range caveats(run) {
		blocks = append(blocks, note{n})
	}
	for _, s := range []section{
		{"What was done", doneBlocks},
		{"Objectives", objectivesSection},
		{"", expectationBlocks},
		{"Alerts", alertBlocks},
		{"Recovery", recoveryBlocks},
		{"Manual interventions", interventionBlocks},
		{"Evidence", func(*Run) []block { return evidenceBlocks(p) }},
		{"Remediation", remediationSection},
	} {
		made := s.make(run)
		if len(made) > 0 && s.title != "" {
			blocks = append(blocks, heading{3, s.title})
		}
		blocks = append(blocks, made...)
	}
	return markdown(blocks)
}

// mostInTitle is how many faults a title names.
const mostInTitle = 4

// drillTitle is the target and what was done to it.
func (run *Run) drillTitle() string {
	var names []string
	injected, _ := run.applied()
	for n, r := range injected {
		if n == mostInTitle {
			names = append(names, fmt.Sprintf("%d more", len(injected)-n))
			break
		}
		names = append(names, r.name())
	}
	return cmp.Or(run.timeline.Start.Target, "an unknown target") + ", " + cmp.Or(strings.Join(names, ", "), "load alone")
}

// Highlights is the run in one line of Markdown, fit for a cell of a table.
func Highlights(run *Run, playbook string, p Place) string {
	text := strong(verdictSymbol(run.verdict.Answer)+" "+run.verdict.Answer.String()).then(plain(" on ", run.drillTitle(), ": "), run.sentence())
	if n := len(Remediations(run)); n > 0 {
		text = text.then(plain(" ", units.Counted(uint64(n), "remediation item", "remediation items"), "."))
	}
	text = text.then(plain(" "), line{{text: "Playbook", href: linkTo(playbook)}})
	if p.Folder != "" {
		text = text.then(plain(", "), p.link("report", File))
	}
	return markdownLine(text)
}

func doneBlocks(run *Run) []block {
	var blocks []block
	if len(run.injections) > 0 {
		blocks = append(blocks, injectionTable(run))
	} else {
		blocks = append(blocks, paragraph{plain("Load alone; no fault was injected.")})
	}
	return append(blocks, refusedBlocks(run)...)
}

// alertBlocks are the alerts of the platform, as far as the run knows of any, and what squall saw of the objectives.
func alertBlocks(run *Run) []block {
	var blocks []block
	if len(run.timeline.Alerts) > 0 {
		blocks = append(blocks, alertTable(run)...)
	} else if quiet := quietBlocks(run); quiet != nil {
		blocks = append(blocks, quiet[0])
	} else {
		blocks = append(blocks, paragraph{plain("Alerts of the platform were not collected.")})
	}
	if gaps := gapLines(run.timeline.Gaps); len(gaps) > 0 {
		blocks = append(blocks, list{gaps})
	}
	expected := table{columns: textColumns("Fault", "Expected", "Verdict", "Seen")}
	for _, i := range run.repeats {
		for _, f := range i.findings() {
			if f.Signal == event.AlertFires {
				expected.rows = append(expected.rows, textRow(i.name(), f.Text, string(verdictOn(f.Finding)), cmp.Or(f.Reason, absent)))
			}
		}
	}
	if len(expected.rows) > 0 {
		blocks = append(blocks, expected)
	}
	seen := eventTable(run, func(e event.Event) bool {
		switch e.Data.(type) {
		case event.ObjectiveBroken, event.ObjectiveRecovered, event.StopRuleMet:
			return true
		}
		return false
	})
	if len(seen) == 0 {
		return append(blocks, paragraph{plain("No objective broke over squall's sliding window, and no stop rule was met.")})
	}
	return append(append(blocks, paragraph{plain("What squall itself saw of the objectives:")}), seen...)
}

// alertTable is the timeline of the alerts: when each fired and was over, and how long after a fault and its revert. What it
// has no room for is counted.
func alertTable(run *Run) []block {
	t := table{columns: textColumns("Alert", "State", "Source", "Fired", "After the injection", "Over", "After the revert")}
	for n, a := range run.timeline.Alerts {
		if n == mostRows {
			break
		}
		name := a.Last.Alert
		if labels := event.LabelText(a.Last.Labels); labels != "" {
			name += " (" + labels + ")"
		}
		fired, known := run.timeline.Fired(a)
		over, resolved := run.timeline.ResolvedAt(a)
		cause, caused := run.injectionBefore(fired)
		caused = caused && known
		t.rows = append(t.rows, textRow(name, string(a.Last.State), a.Last.Source,
			atMost(a.Last.FiredExact, "by ", run.momentText(fired, known)), atMost(a.Last.FiredExact, "at most ", afterText(cause, fired, cause.From, caused)),
			atMost(a.Last.ResolvedExact, "by ", run.momentText(over, resolved)), atMost(a.Last.ResolvedExact, "at most ", afterText(cause, over, cause.to(run.length), caused && resolved && cause.Reverted != nil))))
	}
	if more := len(run.timeline.Alerts) - len(t.rows); more > 0 {
		return []block{t, paragraph{plain(units.Counted(uint64(more), "more alert is", "more alerts are")+" in ").then(code(rundir.JournalFile), plain("."))}}
	}
	return []block{t}
}

// atMost marks a time that is only that of when it was seen: it may have been earlier.
func atMost(exact bool, mark, text string) string {
	if exact || text == absent || strings.HasPrefix(text, "before ") {
		return text
	}
	return mark + text
}

// momentText is a moment on the run's clock and on the wall's.
func (run *Run) momentText(at float64, known bool) string {
	switch {
	case !known:
		return absent
	case at < 0:
		return "before the start"
	}
	return clock(at) + " (" + run.timeline.Started.Add(duration(at)).UTC().Format(time.TimeOnly) + " UTC)"
}

// injectionBefore is the last fault that was injected before a moment: the one that an alert which fired then is told with,
// also when the alert is over only after others.
func (run *Run) injectionBefore(at float64) (last injection, ok bool) {
	for _, i := range run.injections {
		if i.Applied() && i.From <= at {
			last, ok = i, true
		}
	}
	return last, ok
}

// afterText is how long after something of an injection, such as its revert, a moment came.
func afterText(i injection, at, since float64, known bool) string {
	switch {
	case !known:
		return absent
	case at < since:
		return "before it, " + i.Label
	}
	return lengthText(at-since) + ", " + i.Label
}

// gapLines are times in which sources gave nothing: an alert may have fired unseen.
func gapLines(gaps []timeline.Gap) (lines []line) {
	for n, g := range gaps {
		if n == mostRows {
			break
		}
		until := "to the end"
		if g.To != timeline.Open {
			until = "to " + clock(g.To)
		}
		lines = append(lines, plain(g.Missing(), " from ", clock(g.From), " ", until, ": ", g.Reason, remedyText(g.Remedy)))
	}
	return lines
}

// remedyText is what would help, behind a reason.
func remedyText(remedy string) string {
	if remedy == "" {
		return ""
	}
	return "; " + remedy
}

func recoveryBlocks(run *Run) []block {
	if len(run.repeats) == 0 {
		return nil
	}
	t := table{columns: append(textColumns("Fault"), append(numberColumns("Reverted at"), textColumns("Objectives green again, after the revert")...)...)}
	for _, r := range run.repeats {
		reverted := absent
		if r.Reverted != nil && !r.NotApplied() {
			reverted = clockTenths(r.Reverted.At)
		}
		t.rows = append(t.rows, textRow(r.name(), reverted, r.recovery()))
	}
	return []block{t}
}

// interventionBlocks are what people did while the run went on.
func interventionBlocks(run *Run) []block {
	blocks := eventTable(run, func(e event.Event) bool {
		switch e.Data.(type) {
		case event.FaultActive, event.ReportExported: // the first follows from what was asked for
			return false
		}
		return e.By.Role == event.RoleOperator || e.By.Role == event.RoleSignal
	})
	if len(blocks) == 0 {
		return []block{paragraph{plain("None.")}}
	}
	return blocks
}

// mostRows is how many events a table of an entry has; the report has the rest.
const mostRows = 60

// eventTable lists the events that a test holds for.
func eventTable(run *Run, test func(event.Event) bool) []block {
	t, left := table{columns: append(numberColumns("At"), textColumns("UTC", "By", "What")...)}, 0
	for _, e := range run.files.Events {
		switch {
		case !test(e):
		case len(t.rows) == mostRows:
			left++
		default:
			t.rows = append(t.rows, textRow(clock(e.At), e.Time.UTC().Format(time.TimeOnly), e.By.String(), e.Text()))
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	blocks := []block{t}
	if left > 0 {
		blocks = append(blocks, paragraph{plain(units.Count(uint64(left)), " more are in the timeline of the report.")})
	}
	return blocks
}

// evidenceBlocks link to the documents. Charts are shown by the report.
func evidenceBlocks(p Place) []block {
	if p.Folder == "" {
		return []block{paragraph{plain("The documents of the run were not put beside this one.")}}
	}
	var items []line
	for _, file := range p.Files {
		if strings.HasPrefix(file, chartsDir+"/") {
			continue
		}
		if len(items) == mostRows {
			break
		}
		items = append(items, p.link(file, file))
	}
	return []block{list{append(items, p.link(fmt.Sprintf("all %s", units.Counted(uint64(len(p.Files)), "file", "files")), ""))}}
}
