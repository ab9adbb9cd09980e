package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// verdictSection opens the report: what came out, why, and what a reader must know before
// believing it.
func verdictSection(run *Run) []block {
	title := "Run of " + run.timeline.Started.Format("2006-01-02 15:04:05 MST")
	if run.hasLocalTime() {
		title += run.local(run.timeline.Started).Format(" (15:04:05 -07:00)")
	}
	if run.timeline.Started.IsZero() {
		title = "Run"
	}
	if t := run.timeline.Start.Target; t != "" {
		title += " on " + t
	}
	blocks := []block{
		heading{1, title},
		result{run.verdict.Answer, run.sentence()},
	}
	for _, text := range append(byPhase(run), faultLines(run)...) {
		blocks = append(blocks, paragraph{text})
	}
	for _, text := range caveats(run) {
		blocks = append(blocks, note{text})
	}
	return append(blocks, summary(run))
}

func verdictSymbol(v slo.Answer) string { return [...]string{"?", "✓", "✗"}[v] }

// caveats are what must be known before the numbers are believed.
func caveats(run *Run) []line {
	var notes []line
	if run.timeline.End == nil {
		notes = append(notes, strong("Not ended.").then(plain(" ", run.ended(), " Everything below is about the data up to there.")))
	} else if run.timeline.End.Data.Cause == event.EndPanic {
		notes = append(notes, strong("Ended by a fault of squall's own.").then(plain(" ", run.ended())))
	}
	if run.uncounted > 0 {
		notes = append(notes, strong("Counts missing.").then(plain(" ", run.countsMissing(), ". How many requests were made and how many failed is unknown; tables and charts are about the seconds that were counted.")))
	}
	notes = append(notes, stillChanged(run)...)
	if idle := run.injectionsWhere(func(i injection) bool { return i.NoEffect() }); len(idle) > 0 {
		notes = append(notes, strong("No effect seen.").then(plain(" ", injectionLabels(idle), " changed nothing that was measured, and so the run does not show how the platform bears it. The section on faults says what was compared.")))
	}
	for _, s := range run.timeline.StopRules {
		notes = append(notes, strong("Stop rule.").then(plain(fmt.Sprintf(" At %s: %s for %s was met (%s).", clock(s.At), s.Data.Title, lengthText(s.Data.For), s.Data.Measured))))
	}
	for _, u := range run.timeline.Unread {
		notes = append(notes, strong(u.Data.What.Title()+" not watched.").then(plain(fmt.Sprintf(" %s %s: %s.", u.Data.Title, u.Data.Extent(), u.Data.Reason))))
	}
	for _, text := range failures(run.timeline) {
		notes = append(notes, strong("squall itself failed.").then(plain(" ", text)))
	}
	if n := len(run.saturated); n > 0 {
		first := run.saturated[0]
		notes = append(notes, strong("Generator saturated.").then(plain(fmt.Sprintf(
			" In %s of %s the load generator itself was at its limit (first at %s: %s). What was measured then may be this machine's fault and not the platform's.",
			units.Int(n), units.Counted(uint64(len(run.files.Seconds)), "second", "seconds"), clock(first.At), first.Saturated))))
	}
	if away, skipped, first := run.away(); away > 0 {
		text := fmt.Sprintf(" squall did not run for %s in all (first at %s): it was suspended, starved of processor time, or the machine slept. Requests under way then are counted without a latency, those without an answer are no failures", lengthText(away), clock(first))
		if skipped > 0 {
			text += fmt.Sprintf(", and %s due then and not made", units.Counted(skipped, "send was", "sends were"))
		}
		notes = append(notes, strong("Generator away.").then(plain(text+".")))
	}
	if m := run.totals.Missed; m > 0 {
		notes = append(notes, strong("Missed sends.").then(plain(fmt.Sprintf(
			" %s due and never made: the offered rate was higher than what was sent, and requests that were not sent have no latency.",
			units.Counted(m, "send was", "sends were")))))
	}
	for _, u := range run.unreadable {
		notes = append(notes, strong("Objective not read.").then(plain(" ", u)))
	}
	for _, w := range run.files.Warnings {
		notes = append(notes, strong("Incomplete data.").then(plain(" ", w, ".")))
	}
	return notes
}

// failures are what went wrong in squall itself, each once. A panic ends the run, and is shown as its
// end.
func failures(line *timeline.Timeline) []string {
	var all []string
	panicked := line.End != nil && line.End.Data.Cause == event.EndPanic
	for _, f := range line.Failures {
		if !panicked && !slices.Contains(all, f.Data.Error) {
			all = append(all, f.Data.Error)
		}
	}
	return all
}

// summary is the run in a few lines.
func summary(run *Run) block {
	items := []line{plain("Requests: unknown, in ", clock(run.length)), plain("Failed: unknown")}
	if r := run.requests(); run.uncounted == 0 {
		items = []line{
			plain("Requests: ", units.Count(r.Count), " in ", run.loadTime(), " (", perSecond(r.Count, run.totals.Seconds), ")"),
			plain("Failed: ", units.Count(r.Failed), " (", percent(r.Failed, r.Count), ")"),
		}
		if most := run.mostFailures(); most != "" {
			items = append(items, plain(most))
		}
	}
	items = append(items, plain("Load: ", loadModel(run)))
	if n := len(run.injectionsWhere(func(i injection) bool { return i.Spike() })); n > 0 {
		items = append(items, plain("Spikes: ", units.Count(uint64(n))))
	}
	if run.timeline.End != nil {
		items = append(items, plain(run.ended()))
	}
	return list{items}
}

// loadTime is the time that the rate of requests is of: that in which load was sent, which is less than the run's where its end
// was waited for, such as for a fault that was being reverted.
func (run *Run) loadTime() string {
	if run.totals.Seconds >= run.length-1 {
		return clock(run.length)
	}
	return clock(run.totals.Seconds) + " of load"
}

func objectivesSection(run *Run) []block {
	if len(run.verdict.Run.Objectives) == 0 {
		return nil
	}
	// The scope that was asked for stands in the objective itself.
	columns, parts := numberColumns("Measured", "Samples"), false
	for _, v := range run.verdict.Run.Objectives {
		parts = parts || v.Scope != (slo.Scope{})
		if v.Scope != v.Objective.Scope {
			columns = numberColumns("Outside faults", "Samples")
		}
	}
	if parts {
		columns = append(columns, numberColumns("Whole run")...)
	}
	t := table{columns: append(textColumns("", "Objective"), append(columns, textColumns("Verdict")...)...)}
	for _, v := range run.verdict.Run.Objectives {
		verdict := v.State.String()
		if v.Reason != "" {
			verdict += ": " + v.Reason
		}
		cells := []line{sign(stateSymbol(v.State), stateStyle(v.State)), code(v.Objective.String()), plain(measured(v.Result)), plain(samples(v.Result))}
		switch {
		case v.Whole != nil:
			cells = append(cells, plain(measured(*v.Whole)))
		case parts:
			cells = append(cells, plain(measured(v.Result)))
		}
		t.rows = append(t.rows, append(cells, plain(verdict)))
	}
	return []block{t}
}

func samples(v slo.Result) string {
	if v.Samples == 0 {
		return absent
	}
	return units.Count(v.Samples)
}

func stateStyle(s slo.State) style { return [...]style{unknownStyle, passStyle, failStyle}[s] }

func stateSymbol(s slo.State) string { return [...]string{"?", "✓", "✗"}[s] }

func environmentSection(run *Run) []block {
	m := run.timeline.Start
	if run.timeline.Started.IsZero() {
		return nil
	}
	target := m.Target
	if m.Embedded {
		target += " (the embedded platform, in the same process)"
	}
	t := table{columns: textColumns("What", "Value")}
	for _, r := range []struct {
		name  string
		value line
	}{
		{"Run", code(m.RunID)},
		{"Started", plain(run.timeline.Started.Format(time.RFC3339))},
		{"squall", plain(m.Version, ", ", m.GoVersion, ", ", m.OS, "/", m.Arch, ", ", units.Counted(uint64(max(0, m.CPUs)), "processor", "processors"))},
		{"Machine", plain(m.Host)},
		{"Target", plain(target)},
		{"Gateway", code(m.Gateway)},
		{"Orchestrator", code(m.Orchestrator)},
		{"Workload", plain(m.Workload, fmt.Sprintf(" (%s, %s)", units.Counted(uint64(max(0, m.Tenants)), "tenant", "tenants"), units.Counted(uint64(max(0, m.Brands)), "brand", "brands")))},
		{"Seed", plain(fmt.Sprint(m.Seed))},
		{"Command", code(strings.Join(m.Command, " "))},
	} {
		if markdownLine(r.value) != "" {
			t.rows = append(t.rows, []line{plain(r.name), r.value})
		}
	}
	return []block{t}
}

func settingsSection(run *Run) []block {
	m := run.timeline.Start
	var blocks []block
	if len(m.Settings) > 0 {
		t := table{columns: textColumns("Setting", "Value", "From")}
		for _, s := range m.Settings {
			if s.Value == "" {
				continue
			}
			t.rows = append(t.rows, []line{code(s.Name), code(s.Value), plain(s.Source)})
		}
		blocks = append(blocks, t)
		if len(t.rows) < len(m.Settings) {
			blocks = append(blocks, paragraph{plain("What is not listed is not set.")})
		}
	}
	if len(m.Secrets) > 0 {
		t := table{columns: textColumns("Secret", "Fingerprint")}
		for _, name := range sortedKeys(m.Secrets) {
			t.rows = append(t.rows, []line{plain(name), code(m.Secrets[name])})
		}
		blocks = append(blocks, paragraph{plain("Secrets are never written down, only a short fingerprint of each:")}, t)
	}
	return blocks
}
