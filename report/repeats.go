package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// mostSingle is how many injections a report tells one by one. Of a run with more, those of a fault that went the
// same way are told together.
const mostSingle = 30

// repeats are injections of one fault that went the same way, or a single one.
type repeats struct {
	injection // the first
	all       []injection
}

// repeatsOf puts injections together, in the order in which the first of each began.
func repeatsOf(run *Run) []repeats {
	var groups []repeats
	at := map[string]int{}
	for _, i := range run.injections {
		key := i.course(run)
		n, met := at[key]
		if !met || len(run.injections) <= mostSingle {
			at[key] = len(groups)
			groups = append(groups, repeats{i, []injection{i}})
			continue
		}
		groups[n].all = append(groups[n].all, i)
	}
	return groups
}

// course is what an injection was and how it went, times left aside.
func (i injection) course(run *Run) string {
	words := []string{i.Fault, i.Title, i.Started.Scope, i.Started.Driver, i.summary(), i.whyEnded(), i.revertStatus(run), i.recoveryKind().String(), string(i.EffectAnswer().Effect)}
	for _, f := range i.Findings {
		words = append(words, f.Text, string(verdictOn(f)))
	}
	return strings.Join(words, "\x00")
}

// name is the injection's label, or the fault's title and how often it was injected.
func (r repeats) name() string {
	if len(r.all) == 1 {
		return r.Label
	}
	return r.Title + " (" + timesText(len(r.all)) + ")"
}

func timesText(n int) string { return units.Counted(uint64(n), "time", "times") }

// spread writes the values of the injections of a group: one, or the least and the most.
func (r repeats) spread(of func(injection) float64, text func(float64) string) string {
	low, high := of(r.injection), of(r.injection)
	for _, i := range r.all {
		low, high = min(low, of(i)), max(high, of(i))
	}
	if text(low) == text(high) {
		return text(low)
	}
	return text(low) + " to " + text(high)
}

// finding is an expectation with the verdict on it, and how often that came to be.
type finding struct {
	event.Finding
	count int
}

// findings are the decided expectations of a group, those of one verdict together.
func (r repeats) findings() (all []finding) {
	for _, i := range r.all {
		for _, f := range i.Findings {
			n := slices.IndexFunc(all, func(x finding) bool { return x.Text == f.Text && verdictOn(x.Finding) == verdictOn(f) })
			if n < 0 {
				all = append(all, finding{f, 1})
				continue
			}
			all[n].count++
		}
	}
	return all
}

// repeatNames names groups of injections in one line.
func repeatNames(all []repeats) string {
	var names []string
	for _, r := range all {
		names = append(names, r.name())
	}
	return enumerate(names)
}

// mostNames is how many things a line names.
const mostNames = mostSingle

// enumerate writes names in one line, and counts those that are too many.
func enumerate(names []string) string {
	if n := len(names) - mostNames; n > 0 {
		names = append(slices.Clone(names[:mostNames]), "and "+units.Count(uint64(n))+" more")
	}
	return strings.Join(names, ", ")
}

// shownEvents are the events that the timeline tells one by one, by index: all of a short run. Of a long one those are left
// out that an injection had in common with the first of its group, and what is still too much is cut in the middle.
func shownEvents(run *Run) (shown []int, before int) {
	same := map[int]bool{}
	for _, r := range run.repeats {
		for _, i := range r.all[1:] {
			same[i.Run] = true
		}
	}
	for i, e := range run.files.Events {
		about, is := e.Data.(interface{ Ref() event.Injection })
		if !is || !same[about.Ref().Run] {
			shown = append(shown, i)
		}
	}
	if cut := len(shown) - 2*mostEvents; cut > 0 {
		shown = slices.Delete(shown, mostEvents, mostEvents+cut)
	}
	return shown, len(run.files.Events) - len(shown)
}

// mostEvents is how many events of the beginning, and of the end, a long timeline has.
const mostEvents = 300

// recoveryKind is what became of the platform after an injection.
type recoveryKind uint8

const (
	recoveryUnknown recoveryKind = iota
	notInjected
	withoutEffect
	notReverted
	stillOn
	unbroken
	recoveredAtOnce
	recovered
)

// String is the word in "LLM latency ..".
func (k recoveryKind) String() string {
	return [...]string{
		recoveryUnknown: "not seen", notInjected: "was not injected", withoutEffect: "changed nothing that was measured",
		notReverted: "no, it is not reverted", stillOn: "not known, it was still on",
		unbroken: "yes, " + event.Recovery{Kind: event.Unbroken}.String(), recoveredAtOnce: "yes, " + event.Recovery{Kind: event.AtOnce}.String() + " of the revert", recovered: "yes",
	}[k]
}

func (i injection) recoveryKind() recoveryKind {
	switch {
	case i.NotApplied():
		return notInjected
	case i.StillChanged(), i.Abandoned():
		return notReverted
	case i.Reverted == nil:
		return stillOn
	case i.NoEffect():
		return withoutEffect
	case i.Recovered == nil:
		return recoveryUnknown
	}
	return map[event.RecoveryKind]recoveryKind{event.Unbroken: unbroken, event.AtOnce: recoveredAtOnce, event.Measured: recovered}[i.Recovered.Data.Recovery().Kind]
}

// recoveryText is whether objectives were green again, and how long that took from the verified revert.
func (r repeats) recoveryText() string {
	kind := r.recoveryKind()
	if kind != recovered {
		return r.name() + " " + kind.String()
	}
	return fmt.Sprintf("%s %s, %s after the revert", r.name(), kind, r.spread(func(i injection) float64 { return i.Recovered.Data.Seconds }, lengthText))
}

// refusal is a fault that was refused, in words.
type refusal struct {
	timeline.Step[event.FaultRefused]
	name, target, why string
}

// refusals are refused faults, those for one reason together when there are many.
func refusals(run *Run) [][]refusal {
	var groups [][]refusal
	at := map[string]int{}
	for _, s := range run.timeline.Refused {
		r := refusal{s, cmp.Or(s.Data.Title, s.Data.Fault, absent), target(s.Data.Scope, s.Data.Driver), whyRefused(s.Data)}
		key := strings.Join([]string{r.By.String(), r.name, r.target, r.why}, "\x00")
		n, met := at[key]
		if !met || len(run.timeline.Refused) <= mostSingle {
			at[key] = len(groups)
			groups = append(groups, []refusal{r})
			continue
		}
		groups[n] = append(groups[n], r)
	}
	return groups
}
