package report

import (
	"fmt"

	"xinbot.ir/squall/chaos"
)

// faultLines are the lines below the verdict: which faults there were, whether anything was left
// behind, and what became of what was expected. Expectations are not objectives: one that failed
// leaves the verdict as it is, and is therefore said at once.
func faultLines(e *evidence) []line {
	refused := len(e.faults.refused)
	switch {
	case len(e.faults.injections) == 0 && refused == 0:
		return nil
	case len(e.faults.injections) == 0:
		return []line{strong("No fault was injected").then(plain(": ", plural(uint64(refused), "was refused", "were refused"), ". The section on faults says why."))}
	}
	first := strong(plural(uint64(len(e.faults.injections)), "fault", "faults")).then(plain(": ", labels(e.faults.injections), "."))
	if n := refused; n > 0 {
		first = first.then(plain(" ", plural(uint64(n), "more was refused", "more were refused"), "."))
	}
	lines := []line{first}
	if left := e.faults.which((*injection).leftBehind); len(left) > 0 {
		lines = append(lines, strong("✗ LEFT BEHIND").then(plain(": ", labels(left), ". The report's section on faults says how to put it back.")))
	}
	if kept := e.faults.which((*injection).kept); len(kept) > 0 {
		lines = append(lines, strong("! Kept as it is").then(plain(": ", labels(kept), ". Somebody else had changed the target, and the operator decided not to put it back.")))
	}
	if text := expectationsLine(e.faults.injections); text != nil {
		lines = append(lines, text)
	}
	return lines
}

// expectationsLine counts the verdicts and names the first that a person should look at.
func expectationsLine(injections []*injection) line {
	count, first := map[chaos.Verdict]int{}, map[chaos.Verdict]string{}
	all := 0
	for _, i := range injections {
		for _, f := range i.findings {
			all++
			v := verdictOn(f)
			if count[v]++; count[v] == 1 {
				first[v] = i.label + ", " + f.Text
				if f.Reason != "" {
					first[v] += ": " + f.Reason
				}
			}
		}
	}
	if all == 0 {
		return nil
	}
	met, unjudged := count[chaos.Pass], ""
	if n := count[chaos.Unknown]; n > 0 { // most often for want of eyes: not to be read as a failure
		unjudged = fmt.Sprintf("; %d could not be judged (%s)", n, first[chaos.Unknown])
	}
	if failed := count[chaos.Fail]; failed > 0 {
		text := " " + first[chaos.Fail]
		if failed > 1 {
			text += fmt.Sprintf("; and %d more", failed-1)
		}
		return strong(fmt.Sprintf("✗ %d of %s not met:", failed, plural(uint64(all), "expectation", "expectations"))).then(plain(text, fmt.Sprintf(". %d met", met), unjudged, "."))
	}
	mark := verdictMark(chaos.Pass)
	if met == 0 {
		mark = verdictMark(chaos.Unknown)
	}
	return strong(mark).then(plain(fmt.Sprintf(" %d of %s met", met, plural(uint64(all), "expectation", "expectations")), unjudged, "."))
}

// verdictOn is a decided expectation's verdict; a word that this version does not know is unknown.
func verdictOn(f chaos.Finding) chaos.Verdict {
	if f.Verdict == chaos.Pass || f.Verdict == chaos.Fail {
		return f.Verdict
	}
	return chaos.Unknown
}

func verdictMark(v chaos.Verdict) string {
	return map[chaos.Verdict]string{chaos.Pass: "✓", chaos.Fail: "✗", chaos.Unknown: "?"}[v]
}
