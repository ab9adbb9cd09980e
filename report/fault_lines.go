package report

import (
	"fmt"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// faultLines are the lines below the verdict: which faults there were, whether anything was left
// behind, and what became of what was expected. Expectations are not objectives: one that failed
// leaves the verdict as it is, and is therefore said at once.
func faultLines(run *Run) []line {
	injected, tried := run.applied()
	var not []string
	if n := countOf(tried); n > 0 {
		not = append(not, units.Counted(n, "fault was", "faults were")+" not applied ("+repeatNames(tried)+")")
	}
	if n := len(run.timeline.Refused); n > 0 {
		not = append(not, units.Counted(uint64(n), "fault was", "faults were")+" refused")
	}
	var first line
	switch {
	case len(injected) == 0 && len(not) == 0:
		return nil
	case len(injected) == 0:
		first = strong("No fault was injected").then(plain(": ", strings.Join(not, ", "), ". The section on faults says why."))
	default:
		first = strong(units.Counted(countOf(injected), "fault", "faults")).then(plain(": ", repeatNames(injected), "."))
		if len(not) > 0 {
			first = first.then(plain(" ", strings.Join(not, ", "), "."))
		}
	}
	lines := []line{first}
	if left := run.injectionsWhere(isNotReverted); len(left) > 0 {
		lines = append(lines, strong("✗ NOT REVERTED").then(plain(": ", injectionLabels(left), ". The report's section on faults says how to revert it.")))
	}
	if kept := run.injectionsWhere(isAbandoned); len(kept) > 0 {
		lines = append(lines, strong("! Kept as it is").then(plain(": ", injectionLabels(kept), ". Somebody else had changed the target, and the operator decided not to revert it.")))
	}
	if text := expectationsLine(run.injections); text != nil {
		lines = append(lines, text)
	}
	return lines
}

// applied are the groups of faults that were injected, and those that were tried and not applied.
func (run *Run) applied() (injected, tried []repeats) {
	for _, r := range run.repeats {
		if r.NotApplied() {
			tried = append(tried, r)
		} else {
			injected = append(injected, r)
		}
	}
	return injected, tried
}

// countOf is how many injections groups have.
func countOf(groups []repeats) (n uint64) {
	for _, r := range groups {
		n += uint64(len(r.all))
	}
	return n
}

// unjudgedExpectations is how many expectations nothing is known of, and how many there are.
func unjudgedExpectations(injections []injection) (n, all int) {
	for _, i := range injections {
		for _, f := range i.Findings {
			all++
			if verdictOn(f) == event.ExpectationUnknown {
				n++
			}
		}
	}
	return n, all
}

// expectationsLine counts the verdicts and names the first that a person should look at.
func expectationsLine(injections []injection) line {
	count, first := map[event.ExpectationVerdict]int{}, map[event.ExpectationVerdict]string{}
	all := 0
	for _, i := range injections {
		for _, f := range i.Findings {
			all++
			v := verdictOn(f)
			if count[v]++; count[v] == 1 {
				first[v] = i.Label + ", " + f.Text
				if f.Reason != "" {
					first[v] += ": " + f.Reason
				}
			}
		}
	}
	if all == 0 {
		return nil
	}
	met, unjudged := count[event.ExpectationMet], ""
	if n := count[event.ExpectationUnknown]; n > 0 { // most often for want of eyes: not to be read as a failure
		unjudged = fmt.Sprintf("; %s could not be judged (%s)", units.Int(n), first[event.ExpectationUnknown])
	}
	if failed := count[event.ExpectationFailed]; failed > 0 {
		text := " " + first[event.ExpectationFailed]
		if failed > 1 {
			text += "; and " + units.Int(failed-1) + " more"
		}
		return strong(fmt.Sprintf("✗ %s of %s not met:", units.Int(failed), units.Counted(uint64(all), "expectation", "expectations"))).then(plain(text, ". "+units.Int(met)+" met", unjudged, "."))
	}
	mark := verdictMark(event.ExpectationMet)
	if unjudged != "" {
		mark = verdictMark(event.ExpectationUnknown)
	}
	return strong(mark).then(plain(fmt.Sprintf(" %s of %s met", units.Int(met), units.Counted(uint64(all), "expectation", "expectations")), unjudged, "."))
}

// verdictOn is a decided expectation's verdict; a word that this version does not know is unknown.
func verdictOn(f event.Finding) event.ExpectationVerdict {
	if f.Verdict == event.ExpectationMet || f.Verdict == event.ExpectationFailed {
		return f.Verdict
	}
	return event.ExpectationUnknown
}

func verdictMark(v event.ExpectationVerdict) string {
	return map[event.ExpectationVerdict]string{event.ExpectationMet: "✓", event.ExpectationFailed: "✗", event.ExpectationUnknown: "?"}[v]
}

func verdictStyle(v event.ExpectationVerdict) style {
	return map[event.ExpectationVerdict]style{event.ExpectationMet: passStyle, event.ExpectationFailed: failStyle, event.ExpectationUnknown: unknownStyle}[v]
}
