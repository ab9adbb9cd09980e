package view

import (
	"strings"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

const (
	// failedLimit is the share of failed requests that is trouble when no objective says another.
	failedLimit = 0.05
	// silence is how many seconds without an answer are called so.
	silence = 3
)

// Outage is a flow whose requests fail: whatever its latency is, that is not good news. What is
// refused has no latency, so the answers of a platform that is down may well be fast.
type Outage struct {
	share  float64 // of the requests of the last seconds
	silent bool    // the newest requests got no answer at all
	Found  bool
}

// Outage looks at the chart's flows in the last seconds.
func (r LatencyRow) Outage(s *State) (t Outage) {
	asked, failed, answered := r.outcome(s.SumRecent(metric.RecentWindows))
	if asked == 0 {
		return t
	}
	if newest, _, some := r.outcome(s.SumRecent(silence)); newest > 0 {
		answered = some
	}
	t.share = float64(failed) / float64(asked)
	t.silent = answered == 0 && failed > 0
	t.Found = t.silent || t.share > failureLimit(s.LastSecond.Live)
	return t
}

// outcome counts the requests of the chart's flows.
func (r LatencyRow) outcome(sum Recent) (asked, failed, answered uint64) {
	for _, f := range r.Flows {
		asked, failed, answered = asked+sum.Flows[f.ID()], failed+sum.broken[f.ID()], answered+sum.answered[f.ID()]
	}
	return asked, failed, answered
}

// failureLimit is the bound of the objective on failed requests, else failedLimit.
func failureLimit(verdicts []slo.Result) float64 {
	if v, found := FindFailed(verdicts); found && strings.HasPrefix(v.Objective.Operator, "<") {
		return v.Objective.Bound
	}
	return failedLimit
}

// Text says it in few words.
func (t Outage) Text() string {
	if t.silent {
		return "✗ no answers"
	}
	return "✗ " + units.Percent(t.share) + " failed"
}

// Figure is the trouble as a number and its unit, for large digits.
func (t Outage) Figure() (number, unit string) {
	if t.silent {
		return units.None, ""
	}
	number, unit, _ = strings.Cut(units.Percent(t.share), " ")
	return number, unit
}

// FindFailed returns the verdict on the share of failed requests.
func FindFailed(verdicts []slo.Result) (slo.Result, bool) {
	for _, v := range verdicts {
		if v.Objective.Metric == "http_req_failed" && v.Objective.Channel == "" {
			return v, true
		}
	}
	return slo.Result{}, false
}
