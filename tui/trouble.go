package tui

import (
	"strings"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

const (
	// failedLimit is the share of failed requests that is trouble when no objective says another.
	failedLimit = 0.05
	// silence is how many seconds without an answer are called so.
	silence = 3
)

// trouble is a flow whose requests fail: whatever its latency is, that is not good news. What is
// refused has no latency, so the answers of a platform that is down may well be fast.
type trouble struct {
	share  float64 // of the requests of the last seconds
	silent bool    // the newest requests got no answer at all
	found  bool
}

// trouble looks at the chart's flows in the last seconds.
func (r chartRow) trouble(s *scene) (t trouble) {
	asked, failed, answered := r.outcome(s.lately(load.RecentWindows))
	if asked == 0 {
		return t
	}
	if newest, _, some := r.outcome(s.lately(silence)); newest > 0 {
		answered = some
	}
	t.share = float64(failed) / float64(asked)
	t.silent = answered == 0 && failed > 0
	t.found = t.silent || t.share > limitOfFailures(s.calm.Live)
	return t
}

// outcome counts the requests of the chart's flows.
func (r chartRow) outcome(sum recent) (asked, failed, answered uint64) {
	for _, f := range r.flows {
		asked, failed, answered = asked+sum.flows[f], failed+sum.broken[f], answered+sum.answered[f]
	}
	return asked, failed, answered
}

// limitOfFailures is the bound of the objective on failed requests, else failedLimit.
func limitOfFailures(verdicts []load.Verdict) float64 {
	if v, found := findFailed(verdicts); found && strings.HasPrefix(v.Objective.Operator, "<") {
		return v.Objective.Bound
	}
	return failedLimit
}

// text says it in few words.
func (t trouble) text() string {
	if t.silent {
		return "✗ no answers"
	}
	return "✗ " + formatPercent(t.share) + " failed"
}

// figure is the trouble as a number and its unit, for large digits.
func (t trouble) figure() (number, unit string) {
	if t.silent {
		return noValue, ""
	}
	number, unit, _ = strings.Cut(formatPercent(t.share), " ")
	return number, unit
}

// draw writes it at the right end of a width, boxed where there is room, and returns what it took.
func (t trouble) draw(g *grid.Grid, right, y, width int, st *styles) int {
	text := " " + t.text() + " "
	if grid.Width(text) > width {
		text = t.text()
	}
	return g.TextRight(right, y, width, text, st.badgeBad)
}
