package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
)

// injection is one fault of a run, in the words of a report.
type injection struct{ timeline.Injection }

// injectionsOf are the faults of a run, in the order in which they began.
func injectionsOf(line *timeline.Timeline) []injection {
	all := make([]injection, len(line.Injections))
	for n, i := range line.Injections {
		all[n] = injection{i}.settled(line)
	}
	return all
}

// settled is the injection with an answer to all that was asked of it: what nobody judged is not known.
func (i injection) settled(line *timeline.Timeline) injection {
	why := "not judged: the run ended first"
	if line.End == nil {
		why = "not judged: the run was killed, or goes on"
	}
	i.Findings = slices.Clone(i.Findings)
	for n, f := range i.Findings {
		if f.Verdict == event.ExpectationPending {
			i.Findings[n].Verdict, i.Findings[n].Reason = event.ExpectationUnknown, why
		}
	}
	if i.Effect == nil && i.Applied() && line.End == nil {
		i.Effect = &timeline.Step[event.EffectJudged]{At: i.to(i.From), Data: event.EffectJudged{
			Injection: i.Injection.Injection, Effect: event.EffectUnknown, Reason: why,
		}}
	}
	return i
}

// to is when the fault was off again, or the end of the data, in seconds.
func (i injection) to(length float64) float64 {
	if to := i.To(); to != timeline.Open {
		return to
	}
	return max(length, i.From)
}

// summary is the parameters in short, in the order in which the fault had them.
func (i injection) summary() string {
	had := []string{i.Started.Summary}
	for _, c := range i.Changes {
		if s := c.Data.Summary; s != "" && s != had[len(had)-1] {
			had = append(had, s)
		}
	}
	return strings.Join(had, ", later ")
}

func (i injection) whyEnded() string {
	if i.Reverting == nil {
		return absent
	}
	return causeText(i.Reverting.By, i.Reverting.Data.Cause, i.Reverting.Data.Detail)
}

// causeText is why a fault ended, with the actor who asked for it.
func causeText(by event.Actor, cause event.Cause, detail string) string {
	if cause == event.CauseAsked {
		return "asked for by " + by.String()
	}
	return cmp.Or(event.CauseText(cause, detail), "by "+by.String())
}

// revertStatus reports whether what the fault changed is as it was.
func (i injection) revertStatus(run *Run) string {
	switch {
	case i.Abandoned():
		return "✗ NO, kept as it is"
	case i.Reverted != nil:
		return "✓ verified"
	case i.NotReverted != nil:
		return "✗ NOT REVERTED"
	case run.timeline.End == nil:
		return "✗ still on when data stopped"
	}
	return "? not in the journal"
}

// effectText is whether the fault changed anything that is measured, with the plainest sign of it.
func (i injection) effectText() string {
	d := i.EffectAnswer()
	switch {
	case d.Effect == event.EffectSeen && len(d.Moved) > 0:
		return "✓ " + d.Moved[0].String()
	case d.Effect == event.EffectSeen:
		return "✓ " + d.Observed[0]
	case d.Effect == event.NoEffect:
		return "! none seen"
	case d.Reason != "":
		return "? " + d.Reason
	}
	return absent
}

// recovery is the time from the verified revert until objectives were green, and the goal for it if
// there was one.
func (r repeats) recovery() string {
	i, took := r.injection, absent
	if i.NoEffect() {
		return "– nothing to recover from"
	}
	if i.Recovered != nil {
		took = r.spread(func(i injection) float64 { return i.Recovered.Data.Seconds }, lengthText)
		if back := i.Recovered.Data.Recovery(); back.Kind != event.Measured {
			took = back.String()
		}
	}
	for _, f := range i.Findings {
		if f.Signal != event.Recovers {
			continue
		}
		if i.Recovered == nil {
			took = "not seen"
		}
		return fmt.Sprintf("%s %s (expected: %s)", verdictMark(verdictOn(f)), took, f.Text)
	}
	return took
}

// injectionLabels names injections in one line.
func injectionLabels(all []injection) string {
	var names []string
	for _, i := range all {
		names = append(names, i.Label)
	}
	return enumerate(names)
}

// injectionsWhere are the injections that a test holds for.
func (run *Run) injectionsWhere(test func(injection) bool) (some []injection) {
	for _, i := range run.injections {
		if test(i) {
			some = append(some, i)
		}
	}
	return some
}

func isNotReverted(i injection) bool { return i.StillChanged() }
func isAbandoned(i injection) bool   { return i.Abandoned() }
