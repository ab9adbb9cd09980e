package report

import (
	"cmp"
	"fmt"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// faultsSection describes what was broken, and whether it was restored: what is not reverted first, then
// every injection in a row, what was expected of the platform, what was refused, and what each fault
// was given and found.
func faultsSection(run *Run) []block {
	if len(run.injections) == 0 && len(run.timeline.Refused) == 0 {
		return nil
	}
	var blocks []block
	for n, i := range run.injectionsWhere(func(i injection) bool { return i.NotReverted != nil }) {
		if n == mostSingle {
			blocks = append(blocks, note{strong("More are not reverted").then(plain(": the table has them, and the journal how to revert each."))})
			break
		}
		blocks = append(blocks, notRevertedBlocks(i)...)
	}
	if len(run.injections) > 0 {
		blocks = append(blocks, injectionTable(run))
	}
	blocks = append(blocks, expectationBlocks(run)...)
	blocks = append(blocks, refusedBlocks(run)...)
	for n, r := range run.repeats {
		if n == mostSingle {
			blocks = append(blocks, paragraph{plain(fmt.Sprintf("The journal has the details of %d more.", len(run.repeats)-n))})
			break
		}
		blocks = append(blocks, heading{3, r.Label}, list{r.details()})
		if n := len(r.all) - 1; n > 0 {
			blocks = append(blocks, paragraph{plain(units.Counted(uint64(n), "more went", "more went"), " the same way; the journal has each.")})
		}
	}
	return blocks
}

// notRevertedBlocks are loud, and end in what a person can copy.
func notRevertedBlocks(i injection) []block {
	blocks := []block{note{strong("Not reverted: " + i.Label + ".").then(plain(
		" Tried at ", clockTenths(i.NotReverted.At), ", on ", cmp.Or(i.Started.Scope, "an unknown target"), ": ", reasonOf(i.NotReverted.Data.Reason), "."))}}
	if remedies := i.NotReverted.Data.Remedies; len(remedies) > 0 {
		blocks = append(blocks, paragraph{plain("To revert it by hand:")}, script{remedies})
	}
	return blocks
}

func reasonOf(reason string) string { return cmp.Or(reason, "no reason was given") }

func injectionTable(run *Run) block {
	t := table{columns: append(textColumns("Fault", "What was hit", "How"), append(numberColumns("From", "To", "Lasted"), textColumns("Why it ended", "Reverted", "Effect", "Recovered")...)...)}
	for _, i := range run.repeats {
		last := i.all[len(i.all)-1]
		if i.NotApplied() {
			t.rows = append(t.rows, append([]line{strong(i.name())}, textRow(
				target(i.Started.Scope, i.Started.Driver), cmp.Or(i.summary(), absent), clockTenths(i.From), absent, absent, i.whyEnded(), "– not applied", absent, absent)...))
			continue
		}
		from, to, lasted := clockTenths(i.From), absent, i.spread(func(i injection) float64 { return i.to(run.length) - i.From }, lengthText)
		if i.Lost {
			from = "before " + from
		}
		if last.Reverted != nil {
			to = clockTenths(last.Reverted.At)
		}
		if i.Lost || i.Reverted == nil {
			lasted = "at least " + lasted
		}
		t.rows = append(t.rows, append([]line{strong(i.name())}, textRow(
			target(i.Started.Scope, i.Started.Driver), cmp.Or(i.summary(), absent),
			from, to, lasted, i.whyEnded(), i.revertStatus(run), i.effectText(), i.recovery())...))
	}
	return t
}

// target is what was hit and by what: "proxy llm-upstream (Toxiproxy)".
func target(scope, driver string) string {
	if driver != "" {
		driver = "(" + driver + ")"
	}
	return cmp.Or(strings.TrimSpace(scope+" "+driver), absent)
}

func expectationBlocks(run *Run) []block {
	t := table{columns: textColumns("", "Fault", "Expectation", "Verdict", "Seen")}
	for _, i := range run.repeats {
		for _, f := range i.findings() {
			v := verdictOn(f.Finding)
			t.rows = append(t.rows, append([]line{sign(verdictMark(v), verdictStyle(v))}, textRow(i.name(), f.Text, string(v), cmp.Or(f.Reason, absent))...))
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	blocks := []block{heading{3, "Expectations"}, t}
	if run.timeline.End == nil {
		blocks = append(blocks, paragraph{plain("What had not been decided when data stopped is not in the table.")})
	}
	return blocks
}

func refusedBlocks(run *Run) []block {
	if len(run.timeline.Refused) == 0 {
		return nil
	}
	t := table{columns: append(numberColumns("At"), textColumns("By", "Fault", "What it would have hit", "Why it was refused")...)}
	for _, all := range refusals(run) {
		r, name := all[0], all[0].name
		if n := len(all); n > 1 {
			name += " (" + timesText(n) + ")"
		}
		t.rows = append(t.rows, textRow(clockTenths(r.At), r.By.String(), name, r.target, r.why))
	}
	return []block{heading{3, "Refused"}, paragraph{plain("Nothing was touched:")}, t}
}

// whyRefused is the reason, and what was looked at where the reason does not name it.
func whyRefused(d event.FaultRefused) string {
	parts := []string{}
	if d.Reason != "" {
		parts = append(parts, d.Reason)
	}
	for _, c := range d.Checks {
		if text := c.String(); c.Answer == event.Refuses && !strings.Contains(d.Reason, cmp.Or(c.Reason, c.Text)) {
			parts = append(parts, text)
		}
	}
	return cmp.Or(strings.Join(parts, "; "), absent)
}

// details is the fault from its preflight to its revert.
func (i injection) details() []line {
	var items []line
	if len(i.Started.Params) > 0 {
		items = append(items, parameters(i.Started.Params))
	}
	var facts []string
	for _, f := range i.Started.Facts {
		facts = append(facts, f.Name+": "+f.Text)
	}
	if len(facts) > 0 {
		items = append(items, plain("Found before: ", strings.Join(facts, " · ")))
	}
	items = append(items, checksLines(i.Started.Checks)...)
	begun := "Injected by " + i.By.String() + " at " + clockTenths(i.From)
	switch {
	case i.Lost:
		begun = "Its beginning could not be read; first seen at " + clockTenths(i.From)
	case i.Active != nil:
		begun += ", applied and read back at " + clockTenths(i.Active.At)
	case i.NotApplied():
		return append(items, plain("Tried by "+i.By.String()+" at "+clockTenths(i.From)+", and not applied: "+reasonOf(i.whyEnded())))
	default:
		begun += ", not known to have taken hold"
	}
	items = append(items, plain(begun))
	params := i.Started.Params
	for _, c := range i.Changes {
		items = append(items, plain("Changed by ", c.By.String(), " at ", clockTenths(c.At), ": ", changed(params, c.Data)))
		if c.Data.Params != nil {
			params = c.Data.Params
		}
	}
	for _, d := range i.Decisions {
		items = append(items, plain("Decided by ", d.By.String(), " at ", clockTenths(d.At), ": ", decisionText(d.Data.Decision)))
	}
	items = append(items, i.ending()...)
	if e := i.EffectAnswer(); i.Effect != nil {
		items = append(items, plain("Compared with the time before it: ", e.Explain()))
	}
	return items
}

func decisionText(d event.Decision) string {
	return map[event.Decision]string{
		event.Retry: "try again to revert it", event.Overwrite: "revert it over the change that somebody else made", event.Abandon: "leave it as it is",
	}[d]
}

func (i injection) ending() []line {
	var items []line
	if r := i.Reverting; r != nil {
		items = append(items, plain("Reverting was begun by ", r.By.String(), " at ", clockTenths(r.At), ": ", reasonOf(causeText(r.By, r.Data.Cause, r.Data.Detail))))
	}
	switch {
	case i.Abandoned():
		items = append(items, strong("Not reverted").then(plain(": at ", clockTenths(i.Reverted.At), " it was decided to keep the target as it is")))
	case i.Reverted != nil:
		items = append(items, plain("Reverted, and read back as gone, at ", clockTenths(i.Reverted.At)))
	case i.NotReverted != nil:
		items = append(items, strong("Not reverted").then(plain(": ", reasonOf(i.NotReverted.Data.Reason))))
	}
	return items
}

func parameters(p map[string]string) line {
	text := plain("Parameters:")
	for _, name := range sortedKeys(p) {
		text = text.then(plain(" "), code(name+"="+p[name]))
	}
	return text
}

// checksLines count what passed and spell out what did not.
func checksLines(checks []event.Check) []line {
	passed := 0
	var items []line
	for _, c := range checks {
		if c.Answer == event.Passes {
			passed++
			continue
		}
		items = append(items, plain("Before it: ", c.String()))
	}
	if len(checks) == 0 {
		return nil
	}
	return append([]line{plain(fmt.Sprintf("Checks before: %d of %d passed", passed, len(checks)))}, items...)
}

// changed names the parameters that a change moved.
func changed(before map[string]string, d event.FaultChanged) string {
	var parts []string
	for _, name := range sortedKeys(d.Params) {
		if now := d.Params[name]; now != before[name] {
			parts = append(parts, fmt.Sprintf("%s %s → %s", name, cmp.Or(before[name], absent), now))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), d.Summary, "nothing")
}
