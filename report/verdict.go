package report

import (
	"fmt"
	"slices"
	"strconv"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// Verdict is the answer of a whole run.
type Verdict uint8

// The three answers. Unknown is not a pass: an objective could not be judged, or there was none.
const (
	Unknown Verdict = iota
	Passed
	Failed
)

// String is the verdict's word in reports.
func (v Verdict) String() string { return [...]string{"unknown", "passed", "failed"}[v] }

// overall is Failed when one objective failed, else Unknown when one could not be judged.
func overall(verdicts []load.Verdict) Verdict {
	in := func(s load.State) bool {
		return slices.ContainsFunc(verdicts, func(v load.Verdict) bool { return v.State == s })
	}
	switch {
	case in(load.Fail):
		return Failed
	case in(load.Unknown) || len(verdicts) == 0:
		return Unknown
	}
	return Passed
}

// judge holds every objective of the run against its totals.
func (e *evidence) judge() {
	for _, text := range e.run.Meta.Objectives {
		o, err := load.ParseObjectiveLine(text)
		if err != nil {
			// Nothing can be said of it, and that must not look like a pass.
			e.unreadable = append(e.unreadable, err.Error())
			continue
		}
		if e.uncounted > 0 {
			e.verdicts = append(e.verdicts, load.Verdict{Objective: o, Reason: "counts are missing"})
			continue
		}
		v := o.Evaluate(e.totals)
		if v.State == load.Unknown {
			if why := e.whyOff(o.Metric); why != "" && v.Samples == 0 {
				v.Reason = why
			}
		}
		e.verdicts = append(e.verdicts, v)
	}
	e.verdict = overall(e.verdicts)
	if len(e.unreadable) > 0 && e.verdict == Passed {
		e.verdict = Unknown
	}
}

// whyOff says why a latency metric has no samples: its flows were off. It is "" when they ran.
func (e *evidence) whyOff(metric string) string {
	for f := range load.Flow(load.NumFlows) {
		if f.Metric() != metric {
			continue
		}
		for _, off := range flowsOff(e.line) {
			if off.flow == f.String() {
				return fmt.Sprintf("%s was off: %s", f, off.why)
			}
		}
	}
	return ""
}

// sentence says in one sentence why the run got its verdict.
func (e *evidence) sentence() line {
	by := map[load.State][]load.Verdict{}
	for _, v := range e.verdicts {
		by[v.State] = append(by[v.State], v)
	}
	over := fmt.Sprintf(" over %s in %s.", plural(e.requests().Count, "request", "requests"), clock(e.length))
	failed, unknown := by[load.Fail], by[load.Unknown]
	switch {
	case e.uncounted > 0:
		return plain("nothing can be judged: ", e.countsMissing(), ".")
	case len(failed) > 0:
		v := failed[0]
		return code(v.Objective.String()).then(plain(" came to ", measured(v), more(len(failed)-1, "and %s failed"), "."))
	case len(e.unreadable) > 0:
		return plain("an objective could not be read.")
	case len(unknown) > 0:
		v := unknown[0]
		return code(v.Objective.String()).then(plain(" could not be judged (", v.Reason, ")", more(len(unknown)-1, "nor could %s"), "."))
	case len(e.verdicts) == 0:
		return plain("no objective was set, so there is nothing to judge", over)
	case len(e.verdicts) == 1:
		return plain("the objective held", over)
	}
	return plain(fmt.Sprintf("all %d objectives held", len(e.verdicts)), over)
}

// countsMissing says which counts there are not.
func (e *evidence) countsMissing() string {
	return fmt.Sprintf("%s has no counts of %s that %s has latencies of",
		rundir.WindowsFile, plural(uint64(e.uncounted), "second", "seconds"), rundir.HistogramFile)
}

// more says that as much holds for n further objectives.
func more(n int, format string) string {
	if n <= 0 {
		return ""
	}
	return ", " + fmt.Sprintf(format, plural(uint64(n), "more objective", "more objectives"))
}

// measured writes an objective's value in its own unit, precisely enough to see on which side of
// the bound it lies.
func measured(v load.Verdict) string {
	switch o := v.Objective; {
	case v.State == load.Unknown && (v.Samples == 0 || tooFew(v)):
		return absent
	case o.Latency():
		value := thousands(strconv.FormatFloat(v.Value, 'f', decimals(v.Value), 64)) + " ms"
		if tooFew(v) {
			value += " (n too small)"
		}
		return value
	case o.Share():
		return percentOf(v.Value)
	case o.Aggregate == "rate":
		return significant(v.Value) + "/s"
	}
	return thousands(strconv.FormatFloat(v.Value, 'f', 0, 64))
}

// tooFew tells whether an objective's percentile is the maximum by another name, as it is where the
// table of latencies has a dash. Such an objective may still fail: two slow ones of three are enough.
func tooFew(v load.Verdict) bool {
	p, ok := v.Objective.Percentile()
	return ok && p < 100 && v.Objective.Latency() && v.Samples < load.FewestSamples(p)
}

func decimals(ms float64) int {
	if ms < 10 {
		return 2
	}
	return 1
}
