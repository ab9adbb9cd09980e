package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
)

// faultsSection says what was broken, and whether it was put back: what was left behind first, then
// every injection in a row, what was expected of the platform, what was refused, and what each fault
// was given and found.
func faultsSection(e *evidence) []block {
	h := e.faults
	if len(h.injections) == 0 && len(h.refused) == 0 {
		return nil
	}
	var blocks []block
	for _, i := range h.which(func(i *injection) bool { return i.stuck != nil }) {
		blocks = append(blocks, leftBehindBlocks(i)...)
	}
	if len(h.injections) > 0 {
		blocks = append(blocks, injectionTable(e))
	}
	blocks = append(blocks, expectationBlocks(e)...)
	blocks = append(blocks, refusedBlocks(h.refused)...)
	for _, i := range h.injections {
		blocks = append(blocks, heading{3, i.label}, list{i.account()})
	}
	return blocks
}

// leftBehindBlocks are loud, and end in what a person can copy.
func leftBehindBlocks(i *injection) []block {
	blocks := []block{note{strong("Left behind: " + i.label + ".").then(plain(
		" Tried at ", clockTenths(i.stuck.at), ", on ", cmp.Or(i.on.data.Scope, "an unknown target"), ": ", why(i.stuck.data.Reason), "."))}}
	if remedies := i.stuck.data.Remedies; len(remedies) > 0 {
		blocks = append(blocks, paragraph{plain("To put it back by hand:")}, script{remedies})
	}
	return blocks
}

func why(reason string) string { return cmp.Or(reason, "no reason was given") }

func injectionTable(e *evidence) block {
	t := table{columns: append(words("Fault", "What was hit", "How"), append(numbers("From", "To", "Lasted"), words("Why it ended", "Taken back", "Recovered")...)...)}
	for _, i := range e.faults.injections {
		from, to, lasted := clockTenths(i.on.at), absent, lasting(i.to(e.length)-i.on.at)
		if i.lost {
			from = "before " + from
		}
		if i.off != nil {
			to = clockTenths(i.off.at)
		}
		if i.lost || i.off == nil {
			lasted = "at least " + lasted
		}
		t.rows = append(t.rows, append([]line{strong(i.label)}, row(
			target(i.on.data.Scope, i.on.data.Driver), cmp.Or(i.summary(), absent),
			from, to, lasted, i.whyEnded(), i.fate(e), i.recovery())...))
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

// summary is the parameters in short, in the order in which the fault had them.
func (i *injection) summary() string {
	had := []string{i.on.data.Summary}
	for _, c := range i.changes {
		if s := c.data.Summary; s != "" && s != had[len(had)-1] {
			had = append(had, s)
		}
	}
	return strings.Join(had, ", later ")
}

func (i *injection) whyEnded() string {
	if i.undo == nil {
		return absent
	}
	return cmp.Or(i.undo.data.Reason, "by "+i.undo.by)
}

// fate says whether what the fault changed is as it was.
func (i *injection) fate(e *evidence) string {
	switch {
	case i.kept():
		return "✗ NO, kept as it is"
	case i.off != nil:
		return "✓ verified"
	case i.stuck != nil:
		return "✗ LEFT BEHIND"
	case e.run.End == nil:
		return "✗ still on when data stopped"
	}
	return "? not in the journal"
}

// recovery is the time from the verified undo until objectives were green, and the goal for it if
// there was one.
func (i *injection) recovery() string {
	took, goal := absent, slices.IndexFunc(i.findings, func(f chaos.Finding) bool { return strings.HasPrefix(f.Text, "recover") })
	if i.recovered != nil {
		took = lasting(i.recovered.data.Seconds)
		if i.recovered.data.Seconds < 1 {
			took = "within a second"
		}
	}
	if goal < 0 {
		return took
	}
	if i.recovered == nil {
		took = "not seen"
	}
	f := i.findings[goal]
	return fmt.Sprintf("%s %s (expected: %s)", verdictMark(verdictOn(f)), took, f.Text)
}

// lasting writes a length of time: 45.2 s, 10 min 5 s.
func lasting(seconds float64) string {
	if seconds < 119.95 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	text := fmt.Sprintf("%d min", int(d.Minutes()))
	if s := int(d.Seconds()) % 60; s > 0 {
		text += fmt.Sprintf(" %d s", s)
	}
	return text
}

func expectationBlocks(e *evidence) []block {
	t := table{columns: words("", "Fault", "Expectation", "Verdict", "Seen")}
	for _, i := range e.faults.injections {
		for _, f := range i.findings {
			t.rows = append(t.rows, row(verdictMark(verdictOn(f)), i.label, f.Text, string(verdictOn(f)), cmp.Or(f.Reason, absent)))
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	blocks := []block{heading{3, "Expectations"}, t}
	if e.run.End == nil {
		blocks = append(blocks, paragraph{plain("What had not been decided when data stopped is not in the table.")})
	}
	return blocks
}

func refusedBlocks(refused []step) []block {
	if len(refused) == 0 {
		return nil
	}
	t := table{columns: append(numbers("At"), words("By", "Fault", "What it would have hit", "Why it was refused")...)}
	for _, s := range refused {
		t.rows = append(t.rows, row(clockTenths(s.at), s.by, cmp.Or(s.data.Title, s.data.Fault, absent), target(s.data.Scope, s.data.Driver), whyRefused(s)))
	}
	return []block{heading{3, "Refused"}, paragraph{plain("Nothing was touched:")}, t}
}

// whyRefused is the reason, and what was looked at where the reason does not name it.
func whyRefused(s step) string {
	parts := []string{}
	if s.data.Reason != "" {
		parts = append(parts, s.data.Reason)
	}
	for _, c := range s.data.Checks {
		if text := checkText(c); c.Answer == chaos.Refuses && !strings.Contains(s.data.Reason, cmp.Or(c.Reason, c.Text)) {
			parts = append(parts, text)
		}
	}
	return cmp.Or(strings.Join(parts, "; "), absent)
}

func checkText(c chaos.Check) string {
	if c.Reason == "" {
		return c.Text
	}
	return c.Text + ": " + c.Reason
}

// account is the fault from its preflight to its undo.
func (i *injection) account() []line {
	var items []line
	if len(i.on.data.Params) > 0 {
		items = append(items, parameters(i.on.data.Params))
	}
	var facts []string
	for _, f := range i.on.data.Facts {
		facts = append(facts, f.Name+": "+f.Text)
	}
	if len(facts) > 0 {
		items = append(items, plain("Found before: ", strings.Join(facts, " · ")))
	}
	items = append(items, checksLines(i.on.data.Checks)...)
	begun := "Begun by " + cmp.Or(i.on.by, "nobody named") + " at " + clockTenths(i.on.at)
	switch {
	case i.lost:
		begun = "Its beginning could not be read; first seen at " + clockTenths(i.on.at)
	case i.active != nil:
		begun += ", applied and read back at " + clockTenths(i.active.at)
	default:
		begun += ", not known to have taken hold"
	}
	items = append(items, plain(begun))
	params := i.on.data.Params
	for _, c := range i.changes {
		items = append(items, plain("Changed by ", c.by, " at ", clockTenths(c.at), ": ", changed(params, c)))
		if c.data.Params != nil {
			params = c.data.Params
		}
	}
	return append(items, i.ending()...)
}

func (i *injection) ending() []line {
	var items []line
	if i.undo != nil {
		items = append(items, plain("Taking it back was begun by ", i.undo.by, " at ", clockTenths(i.undo.at), ": ", why(i.undo.data.Reason)))
	}
	switch {
	case i.kept():
		items = append(items, strong("Not taken back").then(plain(": at ", clockTenths(i.off.at), " it was decided to keep the target as it is")))
	case i.off != nil:
		items = append(items, plain("Taken back, and read back as gone, at ", clockTenths(i.off.at)))
	case i.stuck != nil:
		items = append(items, strong("Not taken back").then(plain(": ", why(i.stuck.data.Reason))))
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
func checksLines(checks []chaos.Check) []line {
	passed := 0
	var items []line
	for _, c := range checks {
		if c.Answer == chaos.Passes {
			passed++
			continue
		}
		items = append(items, plain("Warned before: ", checkText(c)))
	}
	if len(checks) == 0 {
		return nil
	}
	return append([]line{plain(fmt.Sprintf("Checks before: %d of %d passed", passed, len(checks)))}, items...)
}

// changed names the parameters that a change moved. One with a reason was refused, and moved none.
func changed(before map[string]string, c step) string {
	if c.data.Reason != "" {
		return "refused, " + c.data.Reason
	}
	var parts []string
	for _, name := range sortedKeys(c.data.Params) {
		if now := c.data.Params[name]; now != before[name] {
			parts = append(parts, fmt.Sprintf("%s %s → %s", name, cmp.Or(before[name], absent), now))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), c.data.Summary, "nothing")
}
