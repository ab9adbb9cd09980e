package report

import (
	"fmt"

	"xinbot.ir/squall/chaos"
)

// faultLines are the lines below the verdict: which faults there were, whether anything was left
// behind, and what became of what was expected. Expectations are not objectives: one that failed
// leaves the verdict as it is, and is therefore said at once.
func faultLines(e *evidence) []line {
	if len(e.faults.injections) == 0 {
		return nil
	}
	first := strong(plural(uint64(len(e.faults.injections)), "fault", "faults")).then(plain(": ", labels(e.faults.injections), "."))
	if n := len(e.faults.refused); n > 0 {
		first = first.then(plain(" ", plural(uint64(n), "more was refused", "more were refused"), "."))
	}
	lines := []line{first}
	if left := e.faults.which((*injection).leftBehind); len(left) > 0 {
		lines = append(lines, strong("✗ LEFT BEHIND").then(plain(": ", labels(left), ". The report's section on faults says how to put it back.")))
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
	if count[chaos.Pass] == all {
		return strong("✓").then(plain(" ", plural(uint64(all), "expectation of a fault was met", "expectations of faults were met"), "."))
	}
	worst, word := chaos.Unknown, "unknown"
	if count[chaos.Fail] > 0 {
		worst, word = chaos.Fail, "not met"
	}
	text := fmt.Sprintf(" %s", first[worst])
	if n := count[worst] - 1; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	text += fmt.Sprintf(". %d met", count[chaos.Pass])
	if n := count[chaos.Unknown]; n > 0 && worst != chaos.Unknown {
		text += fmt.Sprintf(", %d unknown", n)
	}
	return strong(fmt.Sprintf("%s %d of %s %s:", verdictMark(worst), count[worst], plural(uint64(all), "expectation", "expectations"), word)).then(plain(text, "."))
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
