package slo

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// MaxStopSpan is the longest time that a stop rule may look back over.
const MaxStopSpan = 5 * time.Minute

// StopRule describes what must not last: when its condition has held for that long, the spike ends.
// There are no stop rules unless they are asked for.
type StopRule struct {
	Condition Objective         // in an objective's syntax, true when things are bad
	Platform  PlatformCondition // in its place, if it has a query
	For       time.Duration     // whole seconds
}

// OnPlatform reports whether the rule is about the platform's own metrics, and not about what squall measures.
func (r StopRule) OnPlatform() bool { return r.Platform.Query != "" }

// String writes the rule as [ParseStopRule] reads it.
func (r StopRule) String() string {
	condition := r.Condition.String()
	if r.OnPlatform() {
		condition = r.Platform.String()
	}
	return condition + " for " + units.Literal(r.For)
}

// Title is the rule's condition for people.
func (r StopRule) Title() string {
	if r.OnPlatform() {
		return r.Platform.Title()
	}
	return r.Condition.Title()
}

// StopRuleEvaluator holds a stop rule against each closed second of a run. It is used by one goroutine.
//
// The rule fires when, over the last [StopRule.For] seconds,
//   - the merged histogram (or the summed counts) of all of them meets the condition, by the rules
//     of [Objective.Evaluate], so that too few samples never fire it, and
//   - no second among them is known to be free of it: one second that clearly does not meet the
//     condition, by the same rules, starts the wait again. A second with too few samples to tell,
//     or none, does not. Conditions on count look at the sum alone.
//
// The first keeps sparse flows judged fairly, the second keeps one bad second from firing a rule
// that asked for ten.
type StopRuleEvaluator struct {
	rule    StopRule
	seconds []stopSecond // ring
	seen    int          // since the start or the last reset
	sum     *hdr.Histogram

	observed int    // seconds since the start
	told     bool   // whether the condition holds was known at least once
	unknown  string // why it was not, the last time
}

// stopSecond is one closed second, reduced to what the rule's metric needs.
type stopSecond struct {
	bars    []hdr.Bar // that are not empty
	span    measuredSpan
	seconds float64
	free    bool // known not to meet the condition
}

// measuredSpan is Measured over some time for one metric and channel, which are chosen already.
type measuredSpan struct {
	latency            *hdr.Histogram
	hits, total, count uint64
	seconds            float64
}

func (s measuredSpan) Trend(string, string) *hdr.Histogram      { return s.latency }
func (s measuredSpan) Counter(string, string) (uint64, float64) { return s.count, s.seconds }
func (s measuredSpan) Rate(string, string) (uint64, uint64)     { return s.hits, s.total }

// NewStopRuleEvaluator starts to hold a rule.
func NewStopRuleEvaluator(rule StopRule) *StopRuleEvaluator {
	return &StopRuleEvaluator{
		rule:    rule,
		seconds: make([]stopSecond, max(1, int(rule.For/time.Second))),
		sum:     metric.NewHistogram(),
	}
}

// nearlyAll of a rule's time has to be covered: windows close a few milliseconds early or late, but the first of a run
// is a part of a second.
const nearlyAll = 0.95

// Rule is the rule that is held.
func (w *StopRuleEvaluator) Rule() StopRule { return w.rule }

// Reset forgets what was seen, so that the rule can fire again only after its full time.
func (w *StopRuleEvaluator) Reset() { w.seen = 0 }

// NeverTold reports whether at no time of the run there was enough to tell whether the condition holds, and why. A run that is
// shorter than the rule's time is too short to say so.
func (w *StopRuleEvaluator) NeverTold() (reason string, never bool) {
	return w.unknown, !w.told && w.observed >= len(w.seconds)
}

// Observe takes the second that has just closed and reports whether the rule fires. The verdict is
// the condition over the whole span: its value is what the condition is about.
func (w *StopRuleEvaluator) Observe(obs metric.Observation) (verdict Result, fires bool) {
	w.seconds[w.seen%len(w.seconds)] = w.reduce(obs.Totals(), obs.Window.Length.Seconds())
	w.seen++
	kept := w.seconds[:min(w.seen, len(w.seconds))]

	w.sum.Reset()
	whole := measuredSpan{latency: w.sum}
	anyFree, covered := false, 0.0
	for _, s := range kept {
		for _, bar := range s.bars {
			// Cannot fail: the value comes from a histogram with the same bounds.
			_ = w.sum.RecordValues(bar.From, bar.Count)
		}
		whole.hits += s.span.hits
		whole.total += s.span.total
		whole.count += s.span.count
		whole.seconds += s.span.seconds
		anyFree = anyFree || s.free
		covered += s.seconds
	}
	verdict = w.rule.Condition.Evaluate(whole)
	w.observed++
	if w.told = w.told || anyFree || verdict.State != Unknown; !w.told {
		w.unknown = verdict.Reason
	}
	return verdict, verdict.State == Pass && !anyFree && w.seen >= len(w.seconds) && covered >= nearlyAll*w.rule.For.Seconds()
}

func (w *StopRuleEvaluator) reduce(t *metric.Totals, seconds float64) stopSecond {
	c := w.rule.Condition
	s := stopSecond{seconds: seconds}
	s.span.count, s.span.seconds = t.Counter(c.Metric, c.Channel)
	s.span.hits, s.span.total = t.Rate(c.Metric, c.Channel)
	latency := t.Trend(c.Metric, c.Channel)
	if c.Aggregate != "count" {
		alone := s.span
		alone.latency = latency
		s.free = c.Evaluate(alone).State == Fail
	}
	if latency != nil {
		for _, bar := range latency.Distribution() {
			if bar.Count > 0 {
				s.bars = append(s.bars, bar)
			}
		}
	}
	return s
}
