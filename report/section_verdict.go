package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
)

// verdictSection opens the report: what came out, why, and what a reader must know before
// believing it.
func verdictSection(e *evidence) []block {
	title := "Run of " + e.line.Started.Format("2006-01-02 15:04:05 MST")
	if e.line.Started.IsZero() {
		title = "Run"
	}
	if t := e.line.Start.Target; t != "" {
		title += " on " + t
	}
	blocks := []block{
		heading{1, title},
		paragraph{strong(verdictSymbol(e.verdict.Answer)+" "+strings.ToUpper(e.verdict.Answer.String())).then(plain(": "), e.sentence())},
	}
	for _, text := range append(byPhase(e), faultLines(e)...) {
		blocks = append(blocks, paragraph{text})
	}
	for _, text := range cautions(e) {
		blocks = append(blocks, note{text})
	}
	return append(blocks, glance(e))
}

func verdictSymbol(v slo.Answer) string { return [...]string{"?", "✓", "✗"}[v] }

// cautions are what must be known before the numbers are believed.
func cautions(e *evidence) []line {
	var notes []line
	if e.line.End == nil {
		notes = append(notes, strong("Not ended.").then(plain(" ", e.ended(), " Everything below is about the data up to there.")))
	} else if e.line.End.Data.Cause == event.EndPanic {
		notes = append(notes, strong("Ended by a fault of squall's own.").then(plain(" ", e.ended())))
	}
	if e.uncounted > 0 {
		notes = append(notes, strong("Counts missing.").then(plain(" ", e.countsMissing(), ". How many requests were made and how many failed is unknown; tables and charts are about the seconds that were counted.")))
	}
	notes = append(notes, stillChanged(e)...)
	for _, s := range e.line.StopRules {
		notes = append(notes, strong("Stop rule.").then(plain(fmt.Sprintf(" At %s: %s for %s was met (%s).", clock(s.At), s.Data.Title, lasting(s.Data.For), s.Data.Measured))))
	}
	for _, text := range failures(e.line) {
		notes = append(notes, strong("squall itself failed.").then(plain(" ", text)))
	}
	if n := len(e.saturated); n > 0 {
		first := e.saturated[0]
		notes = append(notes, strong("Generator saturated.").then(plain(fmt.Sprintf(
			" In %d of %s the load generator itself was at its limit (first at %s: %s). What was measured then may be this machine's fault and not the platform's.",
			n, plural(uint64(len(e.run.Seconds)), "second", "seconds"), clock(first.At), first.Saturated))))
	}
	if m := e.totals.Missed; m > 0 {
		notes = append(notes, strong("Missed sends.").then(plain(fmt.Sprintf(
			" %s due and never made: the offered rate was higher than what was sent, and requests that were not sent have no latency.",
			plural(m, "send was", "sends were")))))
	}
	for _, u := range e.unreadable {
		notes = append(notes, strong("Objective not read.").then(plain(" ", u)))
	}
	for _, w := range e.run.Warnings {
		notes = append(notes, strong("Incomplete data.").then(plain(" ", w, ".")))
	}
	return notes
}

// failures are what went wrong in squall itself, each once. A panic ends the run, and is told as its
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

// glance is the run in a few lines.
func glance(e *evidence) block {
	items := []line{plain("Requests: unknown, in ", clock(e.length)), plain("Failed: unknown")}
	if r := e.requests(); e.uncounted == 0 {
		items = []line{
			plain("Requests: ", count(r.Count), " in ", clock(e.length), " (", perSecond(r.Count, e.totals.Seconds), ")"),
			plain("Failed: ", count(r.Failed), " (", percent(r.Failed, r.Count), ")"),
		}
		if most := e.mostFailures(); most != "" {
			items = append(items, plain(most))
		}
	}
	items = append(items, plain("Load: ", loadModel(e)))
	if n := len(e.which(func(i injection) bool { return i.Spike() })); n > 0 {
		items = append(items, plain("Spikes: ", count(uint64(n))))
	}
	if e.line.End != nil {
		items = append(items, plain(e.ended()))
	}
	return list{items}
}

func objectivesSection(e *evidence) []block {
	if len(e.verdict.Run.Objectives) == 0 {
		return nil
	}
	outside := e.verdict.Run.Objectives[0].Outside
	columns := numbers("Measured", "Samples")
	if outside {
		columns = numbers("Outside faults", "Samples", "Whole run")
	}
	t := table{columns: append(words("", "Objective"), append(columns, words("Verdict")...)...)}
	for _, v := range e.verdict.Run.Objectives {
		verdict := v.State.String()
		if v.Reason != "" {
			verdict += ": " + v.Reason
		}
		cells := []line{plain(stateSymbol(v.State)), code(v.Objective.String()), plain(measured(v.Verdict)), plain(samples(v.Verdict))}
		if v.Whole != nil {
			cells = append(cells, plain(measured(*v.Whole)))
		}
		t.rows = append(t.rows, append(cells, plain(verdict)))
	}
	return []block{t}
}

func samples(v load.Verdict) string {
	if v.Samples == 0 {
		return absent
	}
	return count(v.Samples)
}

func stateSymbol(s load.State) string { return [...]string{"?", "✓", "✗"}[s] }

func environmentSection(e *evidence) []block {
	m := e.line.Start
	if e.line.Started.IsZero() {
		return nil
	}
	target := m.Target
	if m.Embedded {
		target += " (the embedded platform, in the same process)"
	}
	t := table{columns: words("What", "Value")}
	for _, r := range []struct {
		name  string
		value line
	}{
		{"Run", code(m.RunID)},
		{"Started", plain(e.line.Started.Format(time.RFC3339))},
		{"squall", plain(m.Version, ", ", m.GoVersion, ", ", m.OS, "/", m.Arch, ", ", plural(uint64(max(0, m.CPUs)), "processor", "processors"))},
		{"Machine", plain(m.Host)},
		{"Target", plain(target)},
		{"Gateway", code(m.Gateway)},
		{"Orchestrator", code(m.Orchestrator)},
		{"Workload", plain(m.Workload, fmt.Sprintf(" (%s, %s)", plural(uint64(max(0, m.Tenants)), "tenant", "tenants"), plural(uint64(max(0, m.Brands)), "brand", "brands")))},
		{"Seed", plain(fmt.Sprint(m.Seed))},
		{"Command", code(strings.Join(m.Command, " "))},
	} {
		if markdownLine(r.value) != "" {
			t.rows = append(t.rows, []line{plain(r.name), r.value})
		}
	}
	return []block{t}
}

func settingsSection(e *evidence) []block {
	m := e.line.Start
	var blocks []block
	if len(m.Settings) > 0 {
		t := table{columns: words("Setting", "Value", "From")}
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
		t := table{columns: words("Secret", "Fingerprint")}
		for _, name := range sortedKeys(m.Secrets) {
			t.rows = append(t.rows, []line{plain(name), code(m.Secrets[name])})
		}
		blocks = append(blocks, paragraph{plain("Secrets are never written down, only a short fingerprint of each:")}, t)
	}
	return blocks
}
