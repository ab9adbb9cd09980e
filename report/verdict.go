package report

import (
	"fmt"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// judge holds every objective of the run against what it is about, and gives the run its verdict. The
// built-in objectives are about the time outside faults, spikes and their recovery as soon as there are
// any; one that was asked for is about the whole run, as in k6.
func (run *Run) judge() {
	start := run.timeline.Start
	judged := slo.Run{
		Line: run.timeline, Answered: run.answered(), Requests: run.requests().Count, Unsent: run.unsent(),
		Policy: slo.Policy{WarnExpectations: start.Expectations == "warn", Unknown: slo.UnknownRule(start.Unknown)},
	}
	if run.uncounted > 0 {
		judged.Missing = run.countsMissing()
	}
	for _, objective := range run.objectives {
		o := slo.Judged{Asked: !start.BuiltIn}
		o.Result, o.Scope = run.parts.Evaluate(objective, start.BuiltIn, run.totals)
		o.Result = run.whyUnknown(o.Result)
		if o.Scope != (slo.Scope{}) {
			whole := run.whyUnknown(objective.Evaluate(run.totals))
			o.Whole = &whole
		}
		judged.Objectives = append(judged.Objectives, o)
	}
	judged.Unreadable = len(run.unreadable)
	run.verdict = slo.Judge(judged)
}

// readObjectives reads the objectives of the run. Of one that cannot be read nothing can be said, and that
// must not look like a pass.
func (run *Run) readObjectives() {
	for _, text := range run.timeline.Start.Objectives {
		objective, err := slo.ParseObjective(load.Registry(), text)
		if err != nil {
			run.unreadable = append(run.unreadable, err.Error())
			continue
		}
		run.objectives = append(run.objectives, objective)
	}
}

// whyUnknown adds what the report knows of why an objective could not be judged.
func (run *Run) whyUnknown(v slo.Result) slo.Result {
	if run.uncounted > 0 {
		return slo.Result{Objective: v.Objective, Reason: "counts are missing"}
	}
	if why := run.whyOff(v.Objective.Metric); why != "" && v.State == slo.Unknown && v.Samples == 0 {
		v.Reason = why
	}
	return v
}

// answered is how many messages the gateway answered, whatever it said. A timeout has a latency and no
// answer.
func (run *Run) answered() uint64 {
	h := run.totals.Trend("gateway_latency", "")
	if h == nil {
		return 0
	}
	answered := uint64(h.TotalCount())
	for _, x := range run.errors {
		if x.class == metric.Timeout.String() && strings.HasPrefix(x.series, load.Gateway.String()+"/") {
			answered -= min(answered, x.count)
		}
	}
	return answered
}

// whyOff is why a latency metric has no samples: all its flows were off. It is "" when one of them ran.
func (run *Run) whyOff(metric string) (why string) {
	off := flowsOff(run.timeline)
	for _, f := range load.Registry().Flows() {
		if f.Metric != metric {
			continue
		}
		i := slices.IndexFunc(off, func(o flowOff) bool { return o.flow == f.String() })
		if i < 0 {
			return ""
		}
		if why == "" {
			why = fmt.Sprintf("%s was off: %s", f, off[i].why)
		}
	}
	return why
}

// sentence describes in one sentence why the run got its verdict.
func (run *Run) sentence() line {
	judged, over := run.verdict.Run.Objectives, fmt.Sprintf(" over %s in %s.", units.Counted(run.requests().Count, "request", "requests"), clock(run.length))
	if len(run.verdict.Reasons) > 0 {
		worst := run.verdict.Reasons[0]
		more := 0
		for _, other := range run.verdict.Reasons[1:] {
			if other.Kind == worst.Kind {
				more++
			}
		}
		return run.reason(worst, more)
	}
	if n, all := unjudgedExpectations(run.injections); n > 0 {
		over = over[:len(over)-1] + fmt.Sprintf("; %d of %s could not be judged.", n, units.Counted(uint64(all), "expectation", "expectations"))
	}
	unknown := 0
	for _, o := range judged {
		if o.State == slo.Unknown {
			unknown++
		}
	}
	switch {
	case len(judged) == 0:
		return plain("no objective was set, so there is nothing to judge", over)
	case unknown == len(judged):
		return plain("nothing failed, and nothing was shown: none of the ", fmt.Sprint(unknown), " built-in objectives could be judged", over)
	case unknown > 0:
		return plain(fmt.Sprintf("%d of %s held", len(judged)-unknown, units.Counted(uint64(len(judged)), "objective", "objectives")), over[:len(over)-1], "; ",
			units.Counted(uint64(unknown), "built-in one", "built-in ones"), " could not be judged and nobody asked for them.")
	case len(judged) == 1:
		return plain("the objective held", over)
	}
	return plain(fmt.Sprintf("all %d objectives held", len(judged)), over)
}

// reason is the worst reason of a verdict in a sentence, with so many more of its kind.
func (run *Run) reason(r slo.Reason, n int) line {
	detail := ""
	if r.Detail != "" {
		detail = ": " + r.Detail
	}
	switch r.Kind {
	case slo.NotReverted:
		return plain("something is still changed on the target: ", r.About, detail, andMore(n, "and %s"), ".")
	case slo.SquallFailed:
		return plain("squall itself failed", detail, ".")
	case slo.NotInjected:
		return plain("a fault that was asked for was not injected: ", r.About, detail, andMore(n, "and %s"), ".")
	case slo.ExpectationFailed:
		return plain("an expectation was not met: ", r.About, detail, andMore(n, "and %s"), ".")
	case slo.CutShort:
		return plain("a signal ended the run before its time: ", r.Detail, ".")
	case slo.StopRuleMet:
		return plain("a stop rule ended the run: ", r.Detail, ".")
	case slo.NotEnded:
		return plain("the run has not ended as it should: ", r.Detail, ".")
	case slo.NothingMeasured:
		return plain("nothing can be judged: ", r.Detail, ".")
	case slo.LoadNotSent:
		return plain("the load that was asked for was not sent: ", r.Detail, ".")
	case slo.ObjectiveUnknown:
		return code(r.About).then(plain(" could not be judged (", r.Detail, ")", andMore(n, "nor could %s"), "."))
	case slo.StopRuleUnknown, slo.StopRuleUnread:
		return plain("a stop rule guarded nothing: ").then(code(r.About)).then(plain(" could never be told (", r.Detail, ")", andMore(n, "nor could %s"), "."))
	case slo.ObjectiveFailed:
	}
	for _, o := range run.verdict.Run.Objectives {
		if o.Objective.String() == r.About && o.State == slo.Fail {
			where := ""
			if o.Scope != o.Objective.Scope { // else it is in the objective's own text
				where = " " + o.Scope.String()
			}
			return code(r.About).then(plain(" came to ", measured(o.Result), where, andMore(n, "and %s failed"), "."))
		}
	}
	return code(r.About).then(plain(" could not be judged (", r.Detail, ")", andMore(n, "and %s failed"), "."))
}

// countsMissing lists the counts that are missing.
func (run *Run) countsMissing() string {
	return fmt.Sprintf("%s has no counts of %s that %s has latencies of",
		rundir.WindowsFile, units.Counted(uint64(run.uncounted), "second", "seconds"), rundir.HistogramFile)
}

// andMore adds that the same holds for n others.
func andMore(n int, format string) string {
	if n <= 0 {
		return ""
	}
	return ", " + fmt.Sprintf(format, fmt.Sprintf("%d more", n))
}

// measured writes what an objective came to; absent when it was not measured.
func measured(v slo.Result) string {
	switch {
	case v.State == slo.Unknown && (v.Samples == 0 || tooFew(v)):
		return absent
	case tooFew(v):
		return v.ValueText() + " (n too small)"
	}
	return v.ValueText()
}

// tooFew reports whether an objective's percentile is the maximum by another name, as it is where the
// table of latencies has a dash. Such an objective may still fail: two slow ones of three are enough.
func tooFew(v slo.Result) bool {
	p, ok := v.Objective.Percentile()
	return ok && p < 100 && v.Objective.Latency() && v.Samples < metric.FewestSamples(p)
}
