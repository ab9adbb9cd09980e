package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// comparisonSign goes with a verdict, so that colour is never the only sign.
func comparisonSign(v compare.Verdict) string {
	return map[compare.Verdict]string{compare.NotComparable: "?", compare.NoDifference: "·", compare.Better: "✓", compare.Worse: "✗"}[v]
}

// withinSign goes with what is shown to be alike.
const withinSign = "≈"

// comparisonAnswer is the first line of a comparison: did it get better, and is that real?
func comparisonAnswer(r compare.Report, c compare.Comparison) line {
	n := c.Counts()
	head := strong(comparisonSign(c.Verdict()) + " " + strings.ToUpper(c.Verdict().String()) + ".")
	switch c.Verdict() {
	case compare.Worse:
		return head.then(plain(" ", c.Other.Letter, " is worse than ", c.Base.Letter, ", and chance does not explain it: ", theLargest(c, compare.Worse), ". ", verdictTally(n), partsNotCompared(c)))
	case compare.Better:
		return head.then(plain(" ", c.Other.Letter, " is better than ", c.Base.Letter, ", and chance does not explain it: ", theLargest(c, compare.Better), ". ", verdictTally(n), partsNotCompared(c)))
	case compare.NoDifference:
		return head.then(plain(" ", noDifference(r, c, n), partsNotCompared(c)))
	case compare.NotComparable:
	}
	return head.then(plain(" ", whyNot(c)))
}

// theLargest is the number of a verdict that tells most.
func theLargest(c compare.Comparison, v compare.Verdict) string {
	p, ok := c.Largest(v)
	if !ok {
		return ""
	}
	a, b := findingValues(p.Finding)
	went, least := "rose", findingLow(p.Finding)
	if p.Difference < 0 {
		went, least = "fell", findingHigh(p.Finding)
	}
	what := seriesLabel(p.Series) + " " + p.Number.String()
	if !p.Number.Latency() {
		what = "the failed share of " + seriesLabel(p.Series)
	}
	if len(c.Parts) > 1 {
		what += " in " + p.Part.Name
	}
	return fmt.Sprintf("%s %s from %s to %s (%s, for certain at least %s)", what, went, a, b, findingDifference(p.Finding), least)
}

func verdictTally(n compare.Counts) string {
	worse, better := n.Worse, n.Better
	of := units.Counted(uint64(n.Judged), "number is", "numbers are")
	text := fmt.Sprintf("%d of %s worse, %d better.", worse, of, better)
	switch {
	case worse == 0:
		text = fmt.Sprintf("%d of %s better and none is worse.", better, of)
	case better == 0:
		text = fmt.Sprintf("%d of %s worse, none is better.", worse, of)
	}
	return text + fewerRequests(n)
}

// fewerRequests says how many numbers there are without a verdict.
func fewerRequests(n compare.Counts) string {
	if n.NotComparable == 0 {
		return ""
	}
	return fmt.Sprintf(" %s could not be judged.", units.Counted(uint64(n.NotComparable), "more number", "more numbers"))
}

func noDifference(r compare.Report, c compare.Comparison, n compare.Counts) string {
	text := fmt.Sprintf("It is not shown that %s is better or worse than %s: ", c.Other.Letter, c.Base.Letter)
	if r.Tolerance > 0 {
		text += fmt.Sprintf("none of %s moved by more than %s for certain.", units.Counted(uint64(n.Judged), "number", "numbers"), toleranceText(r.Tolerance))
	} else {
		text += fmt.Sprintf("what %s moved by, chance explains.", units.Counted(uint64(n.Judged), "number", "numbers"))
	}
	if r.Tolerance == 0 {
		return text + fewerRequests(n)
	}
	open, are := n.Judged-n.Within, "are"
	if n.Within == 1 {
		are = "is"
	}
	switch {
	case open == 0:
		return text + " All of them are shown to be within it." + fewerRequests(n)
	case n.Within == 0:
		return text + " Nor is it shown for any that it stayed within it: the runs are too short, or vary too much." + fewerRequests(n)
	}
	return text + fmt.Sprintf(" %d of them %s shown to be within it; for the other %d the runs are too short, or vary too much, to tell.", n.Within, are, open) + fewerRequests(n)
}

// partsNotCompared says which parts could not be compared.
func partsNotCompared(c compare.Comparison) string {
	var names []string
	for _, p := range c.Parts {
		if partRefused(p) {
			names = append(names, p.Name)
		}
	}
	for _, name := range c.Missing {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " Not compared: " + enumerate(names) + "."
}

// whyNot is why nothing of a comparison was judged, and what would help.
func whyNot(c compare.Comparison) string {
	refusals := c.Refusals()
	for _, p := range c.Parts {
		for _, n := range p.Notes {
			if n.Refuses {
				refusals = append(refusals, n)
			}
		}
	}
	if len(refusals) == 0 {
		if len(c.Parts) == 0 {
			return "The runs have no part in common in which anything was measured."
		}
		return "No number has enough requests on both sides: longer runs would."
	}
	var texts, accept []string
	for _, n := range refusals {
		if !slices.Contains(texts, n.Text) {
			texts = append(texts, n.Text)
		}
		if n.Condition != "" && !slices.Contains(accept, string(n.Condition)) {
			accept = append(accept, string(n.Condition))
		}
	}
	text := upperFirst(strings.Join(texts, "; ")) + "."
	if len(accept) > 0 {
		text += " --accept " + strings.Join(accept, ",") + " compares them all the same."
	}
	return text
}

func partRefused(p compare.PartResult) bool {
	for _, n := range p.Notes {
		if n.Refuses {
			return true
		}
	}
	return false
}

// comparisonRemarks are what a reader must know of a comparison before believing it, those of its parts behind those of the
// whole, each once.
func comparisonRemarks(r compare.Report, c compare.Comparison) []line {
	var all []line
	seen := map[string]bool{}
	add := func(text string, refuses bool) {
		if seen[text] {
			return
		}
		seen[text] = true
		if refuses && c.Verdict() == compare.NotComparable {
			return // the answer has said it
		}
		if refuses {
			all = append(all, strong("Not compared.").then(plain(" ", upperFirst(text), ".")))
			return
		}
		all = append(all, plain(upperFirst(text), "."))
	}
	if text := sameRun(c); text != "" {
		add(text, false)
	}
	for _, n := range c.Notes {
		add(n.Text, n.Refuses)
	}
	for _, p := range c.Parts {
		for _, n := range p.Notes {
			text := n.Text
			if len(c.Parts) > 1 {
				text = p.Name + ": " + text
			}
			add(text, n.Refuses)
		}
	}
	for _, p := range c.Parts {
		for _, s := range p.Series {
			if s.Channel == "" && s.Shape.Changed() && noPercentileMoved(s) {
				text := fmt.Sprintf("the latencies of %s are distributed otherwise than before (a request moved by %s on average, and chance gives up to %s) although no percentile shows it: there may be a second group of requests",
					s.Title, latencyOfMicros(s.Shape.Distance), latencyOfMicros(s.Shape.Chance))
				if len(c.Parts) > 1 {
					text = p.Name + ": " + text
				}
				add(text, false)
			}
		}
	}
	if r.Method == compare.Bootstrap && c.Verdict() != compare.NotComparable {
		add(fmt.Sprintf("one run a side: what varies from run to run, such as a busy neighbour, is not in the intervals; %d runs a side or more have it in them", compare.FewestRuns), false)
	}
	return all
}

// sameRun says that a run is held against itself, or a part of it against another; "" of others.
func sameRun(c compare.Comparison) string {
	for _, a := range c.Base.Runs {
		for _, b := range c.Other.Runs {
			switch {
			case !a.Conditions.Known || a.Conditions.ID == "" || a.Conditions.ID != b.Conditions.ID:
			case slices.EqualFunc(a.Parts, b.Parts, func(x, y compare.Part) bool { return x.Name == y.Name && x.Seconds == y.Seconds }) && a.Conditions.Requests == b.Conditions.Requests:
				return fmt.Sprintf("%s and %s are the same run, %s: it was not made twice, and nothing can differ", c.Base.Letter, c.Other.Letter, a.Conditions.ID)
			default:
				return fmt.Sprintf("%s and %s are parts of one run, %s", c.Base.Letter, c.Other.Letter, a.Conditions.ID)
			}
		}
	}
	return ""
}

// noPercentileMoved reports whether no percentile of a series is better or worse.
func noPercentileMoved(s compare.SeriesResult) bool {
	for _, f := range s.Numbers {
		if f.Number.Latency() && (f.Verdict == compare.Better || f.Verdict == compare.Worse) {
			return false
		}
	}
	return true
}

// comparisonMethod is how the numbers were judged, for who wants to do it again.
func comparisonMethod(r compare.Report) string {
	if r.Tests == 0 {
		return "Nothing was judged."
	}
	tests := units.Counted(uint64(r.Tests), "interval", "intervals")
	if r.Method == compare.MannWhitney {
		return fmt.Sprintf("%s of %.0f %% each by the exact Mann-Whitney test, the run as the unit; verdicts hold for all of them together (Westfall and Young's maxT); tolerance %s; seed %d.",
			tests, 100*compare.Level, toleranceText(r.Tolerance), r.Seed)
	}
	low, high := blockSpan(r)
	return fmt.Sprintf("%s of %.0f %% for all of them together; block bootstrap over seconds, %s resamples, blocks of %s, seed %d; tolerance %s.",
		tests, 100*compare.Level, units.Int(r.Resamples), blockSpanText(low, high), r.Seed, toleranceText(r.Tolerance))
}

func blockSpanText(low, high float64) string {
	a, b := fmt.Sprintf("%.0f", low), fmt.Sprintf("%.0f", high)
	if a == b {
		return a + " s"
	}
	return a + " to " + b + " s"
}

// blockSpan is the shortest and the longest block of a number that was judged.
func blockSpan(r compare.Report) (low, high float64) {
	low = math.Inf(1)
	for _, c := range r.Comparisons {
		for _, p := range c.Parts {
			for _, s := range p.Series {
				for _, f := range s.Numbers {
					if f.Judged {
						low, high = min(low, f.Base.Block, f.Other.Block), max(high, f.Base.Block, f.Other.Block)
					}
				}
			}
		}
	}
	return min(low, high), high
}

// seriesLabel is a series in words: Gateway, or Gateway webchat.
func seriesLabel(s compare.SeriesResult) string {
	if s.Channel == "" {
		return s.Title
	}
	return s.Title + " " + s.Channel
}

// reasonText is why a number is not comparable, unless a remark has said it of all numbers of its part.
func reasonText(c compare.Comparison, p compare.PartResult, f compare.Finding) string {
	if f.Reason == "" || partRefused(p) || len(c.Refusals()) > 0 {
		return ""
	}
	return ": " + f.Reason
}

// findingVerdict is the verdict on a number, with its sign.
func findingVerdict(f compare.Finding, tolerance float64) string {
	if f.Judged && f.Verdict == compare.NoDifference && f.Within && tolerance > 0 {
		return withinSign + " within " + toleranceText(tolerance)
	}
	return comparisonSign(f.Verdict) + " " + f.Verdict.String()
}

func toleranceText(t float64) string { return atLeastDecimals(100*t, 0, 4) + " %" }

// atLeastDecimals writes a number with so many digits behind the point at least, and more if they are not zero, up to most.
func atLeastDecimals(v float64, least, most int) string {
	text := strconv.FormatFloat(v, 'f', most, 64)
	for strings.HasSuffix(text, "0") && len(text)-strings.IndexByte(text, '.')-1 > least {
		text = text[:len(text)-1]
	}
	return strings.TrimSuffix(text, ".")
}

func latencyOfMicros(us float64) string {
	return units.Latency(time.Duration(us * float64(time.Microsecond)))
}

// findingValues are a number of both sides. Where they are different for certain they never look alike.
func findingValues(f compare.Finding) (a, b string) {
	a, b = findingValue(f.Number, f.Base), findingValue(f.Number, f.Other)
	if a != b || f.Verdict != compare.Better && f.Verdict != compare.Worse {
		return a, b
	}
	if f.Number.Latency() {
		return units.Count(uint64(f.Base.Value)) + " µs", units.Count(uint64(f.Other.Value)) + " µs"
	}
	for digits := 3; digits < 12 && a == b; digits++ {
		a, b = units.Decimal(100*f.Base.Value, digits)+" %", units.Decimal(100*f.Other.Value, digits)+" %"
	}
	return a, b
}

func findingValue(n compare.Number, v compare.Value) string {
	switch {
	case v.Requests == 0, n.Latency() && v.Requests < metric.FewestSamples(n.Percentile()):
		return absent
	case n.Latency():
		return latencyOfMicros(v.Value)
	}
	return units.Percent(v.Value)
}

// findingDifference, findingLow and findingHigh write the difference and the ends of its interval: in percent of the baseline
// for latencies, in percentage points for shares.
func findingDifference(f compare.Finding) string { return signed(f, f.Difference) + findingUnit(f) }
func findingLow(f compare.Finding) string        { return signed(f, f.Low) + findingUnit(f) }
func findingHigh(f compare.Finding) string       { return signed(f, f.High) + findingUnit(f) }

func findingInterval(f compare.Finding) string {
	return signed(f, f.Low) + " to " + signed(f, f.High) + findingUnit(f)
}

func findingUnit(f compare.Finding) string {
	if f.Number.Latency() {
		return " %"
	}
	return " pp"
}

// signed writes a difference with its sign. It is never rounded onto the other side of zero or of the tolerance, nor
// onto one of them: who reads it sees why the verdict is what it is.
func signed(f compare.Finding, v float64) string {
	least := 1
	if !f.Number.Latency() {
		least = 2
	}
	v *= 100
	text := ""
	for digits := least; digits <= 9; digits++ {
		text = units.Decimal(v, digits)
		shown, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
		if err != nil || sameSide(v, shown, 0) && sameSide(v, shown, 100*f.Limit) && sameSide(v, shown, -100*f.Limit) {
			break
		}
	}
	if !strings.HasPrefix(text, "-") && strings.Trim(text, "0.") != "" {
		return "+" + text
	}
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-")
	}
	return text
}

// sameSide reports whether two numbers lie on the same side of a bound, as far as floating point can tell.
func sameSide(v, shown, bound float64) bool {
	side := func(x float64) int {
		switch d := x - bound; {
		case d > 1e-9:
			return 1
		case d < -1e-9:
			return -1
		}
		return 0
	}
	return side(v) == side(shown)
}

// comparedRuns describe the sides: one line for each run.
func comparedRuns(c compare.Comparison) (all [][]string) {
	for _, side := range []compare.Side{c.Base, c.Other} {
		for n, run := range side.Runs {
			name := side.Letter
			if len(side.Runs) > 1 {
				name += strconv.Itoa(n + 1)
			}
			k := run.Conditions
			started := "start not known"
			if k.Known {
				started = k.Started.UTC().Format("2006-01-02 15:04:05 UTC")
			}
			all = append(all, []string{name, run.Name, started, clock(measuredSeconds(run)), units.Counted(k.Requests, "request", "requests"), percent(k.Failed, k.Requests) + " failed"})
		}
	}
	return all
}

// measuredSeconds is how much of a run is compared.
func measuredSeconds(run compare.Run) (sum float64) {
	for _, p := range run.Parts {
		sum += p.Seconds
	}
	return sum
}

// comparedPartTitle is a part with how much of it there is on each side.
func comparedPartTitle(c compare.Comparison, p compare.PartResult) string {
	name := upperFirst(p.Name)
	if len(c.Parts) == 1 && p.Name == "baseline" && wholeRun(c) {
		name = "Whole run"
	}
	return fmt.Sprintf("%s (%s %s, %s; %s %s, %s)", name, c.Base.Letter, clock(p.Base.Seconds), comparedLoad(p.Base), c.Other.Letter, clock(p.Other.Seconds), comparedLoad(p.Other))
}

// wholeRun reports whether the one part that is compared is all that each run has.
func wholeRun(c compare.Comparison) bool {
	for _, side := range []compare.Side{c.Base, c.Other} {
		for _, run := range side.Runs {
			if len(run.Parts) > 1 {
				return false
			}
		}
	}
	return true
}

// comparedLoad is the load that a part had, and what came of it.
func comparedLoad(m compare.PartMeasure) string {
	load := units.Number(math.Round(m.VUs*10)/10) + " VUs"
	if m.Wanted > 0 {
		load = units.Rate(m.Wanted) + "/s wanted"
	}
	return load + ", " + perSecond(m.Requests, m.Seconds)
}

// shapeText is the distance of two distributions.
func shapeText(s compare.Shape) string {
	if !s.Measured {
		return ""
	}
	text := fmt.Sprintf("a request moved by %s on average; chance gives up to %s", microsOrZero(s.Distance), microsOrZero(s.Chance))
	if s.Changed() {
		return text + ": changed"
	}
	return text
}

func microsOrZero(us float64) string {
	if us < 0.005 {
		return "0 µs"
	}
	return latencyOfMicros(us)
}
