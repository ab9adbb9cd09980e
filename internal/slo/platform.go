package slo

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// platformPrefix begins a condition on the platform's own metrics.
const platformPrefix = "prometheus:"

// MaxPlatformSpan is the longest time that a condition on the platform's own metrics may be asked to hold. Such a
// condition is a few numbers a reading, so it may look back for longer than a stop rule on latencies.
const MaxPlatformSpan = time.Hour

// PlatformCondition is a query on the platform's own metrics whose value is compared with a number. The comparison is
// squall's and not the query's: PromQL has the same answer, none, for a value that is on the other side and for one that
// does not exist.
type PlatformCondition struct {
	Query    string // PromQL that gives a number, or one for each of its series
	Operator string // <, <=, >, >=, ==, !=
	Bound    float64
}

// String writes the condition as it is read, such as "prometheus: max(automation_queue_depth) > 50".
func (c PlatformCondition) String() string { return platformPrefix + " " + c.Title() }

// Title is the condition for people.
func (c PlatformCondition) Title() string {
	return c.Query + " " + c.Operator + " " + strconv.FormatFloat(c.Bound, 'f', -1, 64)
}

// Holds reports whether a value meets the condition.
func (c PlatformCondition) Holds(value float64) bool { return holds(value, c.Operator, c.Bound) }

// SteadyCondition is what a platform that is well shows of itself, and for how long it has to.
type SteadyCondition struct {
	PlatformCondition
	For time.Duration // 0: it is enough that it holds now
}

// String writes the condition as [ParseSteadyCondition] reads it.
func (c SteadyCondition) String() string { return platformPrefix + " " + c.Title() }

// Title is the condition for people.
func (c SteadyCondition) Title() string {
	if c.For == 0 {
		return c.PlatformCondition.Title()
	}
	return c.PlatformCondition.Title() + " for " + units.Literal(c.For)
}

// OnPlatform reports whether a line is a condition on the platform's own metrics.
func OnPlatform(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), platformPrefix) }

// ParseSteadyCondition reads a condition that is to hold before a fault:
//
//	prometheus: PROMQL OPERATOR NUMBER [for DURATION]
func ParseSteadyCondition(line string) (SteadyCondition, error) {
	c, span, err := parsePlatform(line)
	if err != nil {
		return SteadyCondition{}, fmt.Errorf("steady state %q: %w", line, err)
	}
	return SteadyCondition{c, span}, nil
}

// parsePlatformRule reads a stop rule on the platform's own metrics:
//
//	prometheus: PROMQL OPERATOR NUMBER for DURATION
func parsePlatformRule(line string) (StopRule, error) {
	c, span, err := parsePlatform(line)
	if err == nil && span == 0 {
		err = fmt.Errorf("expected a time at the end, such as %q", "for 30s")
	}
	if err != nil {
		return StopRule{}, fmt.Errorf("stop rule %q: %w", line, err)
	}
	return StopRule{Platform: c, For: span}, nil
}

var (
	// spanPattern finds the time that a condition has to hold.
	spanPattern = regexp.MustCompile(`\s+for\s+(\S+)$`)
	// comparisonPattern finds the last comparison of a line. It has a number behind it and nothing else, so a comparison
	// within the query is not taken for it.
	comparisonPattern = regexp.MustCompile(`(?s)^(.*?)\s*(<=|>=|==|!=|<|>)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)$`)
)

func parsePlatform(line string) (c PlatformCondition, span time.Duration, err error) {
	rest, is := strings.CutPrefix(strings.TrimSpace(line), platformPrefix)
	if !is {
		return c, 0, fmt.Errorf("expected %q and a query, such as %q", platformPrefix, "prometheus: max(automation_queue_depth) > 50 for 30s")
	}
	rest = strings.TrimSpace(rest)
	if found := spanPattern.FindStringSubmatch(rest); found != nil {
		span, err = time.ParseDuration(found[1])
		if err != nil || span < time.Second || span > MaxPlatformSpan || span%time.Second != 0 {
			return c, 0, fmt.Errorf("expected whole seconds from 1s to %s behind %q, not %q", units.Literal(MaxPlatformSpan), "for", found[1])
		}
		rest = strings.TrimSuffix(rest, found[0])
	}
	found := comparisonPattern.FindStringSubmatch(rest)
	if found == nil {
		return c, 0, fmt.Errorf("expected a comparison with a number behind the query, such as %q", "> 50")
	}
	bound, err := strconv.ParseFloat(found[3], 64)
	if err != nil || math.IsInf(bound, 0) {
		return c, 0, fmt.Errorf("expected a number behind %q, not %q", found[2], found[3])
	}
	if found[1] == "" {
		return c, 0, fmt.Errorf("expected a query before %q, such as %q", found[2], "max(automation_queue_depth)")
	}
	if what := unbalanced(found[1]); what != "" {
		return c, 0, fmt.Errorf("the query %s: %s", what, found[1])
	}
	return PlatformCondition{Query: found[1], Operator: found[2], Bound: bound}, span, nil
}

// unbalanced is what is wrong with the brackets of a query, the mistake that is most easily made where a comparison is
// cut off; the rest of PromQL is the server's to judge.
func unbalanced(query string) string {
	closes := map[rune]rune{'(': ')', '[': ']', '{': '}'}
	var open []rune
	var quote rune
	escaped := false
	for _, r := range query {
		switch {
		case quote != 0:
			if r == quote && !escaped {
				quote = 0
			}
			escaped = r == '\\' && !escaped && quote != '`'
		case r == '"' || r == '\'' || r == '`':
			quote, escaped = r, false
		case closes[r] != 0:
			open = append(open, closes[r])
		case r == ')' || r == ']' || r == '}':
			if len(open) == 0 || open[len(open)-1] != r {
				return fmt.Sprintf("has a %q too many", string(r))
			}
			open = open[:len(open)-1]
		}
	}
	switch {
	case quote != 0:
		return fmt.Sprintf("has a string without its closing %s", string(quote))
	case len(open) > 0:
		return fmt.Sprintf("lacks a %q", string(open[len(open)-1]))
	}
	return ""
}

// PlatformEvaluator holds a condition against the readings of its query. It is used by one goroutine at a time.
//
// As with the alerts of Prometheus, each series waits for itself, from the first reading that meets the condition, and a
// reading that does not, or that is missing, starts the wait again.
type PlatformEvaluator struct {
	condition         PlatformCondition
	reading, previous time.Time // the newest and the one before
	series            map[string]platformSeries
}

type platformSeries struct {
	since time.Time // the first of the readings without a break that meet the condition; zero: the newest does not
	last  time.Time
	value float64
}

// PlatformValue is the value of one series, and how long it has met the condition.
type PlatformValue struct {
	Series string
	Value  float64
	At     time.Time
	Held   time.Duration // between readings: 0 at the first that meets it
	Holds  bool
}

// NewPlatformEvaluator starts to hold a condition.
func NewPlatformEvaluator(c PlatformCondition) *PlatformEvaluator {
	return &PlatformEvaluator{condition: c, series: map[string]platformSeries{}}
}

// Observe takes the value of one series. Values of one time are one reading, and readings come in their order.
func (e *PlatformEvaluator) Observe(series string, at time.Time, value float64) PlatformValue {
	if !at.Equal(e.reading) {
		e.previous, e.reading = e.reading, at
	}
	s, known := e.series[series]
	switch {
	case !e.condition.Holds(value):
		s.since = time.Time{}
	case !known || s.since.IsZero() || s.last.Before(e.previous):
		s.since = at
	}
	s.last, s.value = at, value
	e.series[series] = s
	return s.valueOf(series)
}

func (s platformSeries) valueOf(series string) PlatformValue {
	v := PlatformValue{Series: series, Value: s.value, At: s.last, Holds: !s.since.IsZero()}
	if v.Holds {
		v.Held = s.last.Sub(s.since)
	}
	return v
}

// Reset forgets what was seen: nothing was read, or the condition has had its effect.
func (e *PlatformEvaluator) Reset() { clear(e.series) }

// Worst is the series of the newest readings that is the least good news: one that does not meet the condition, else the
// one that has met it for the shortest time. The second result is false when there is none.
func (e *PlatformEvaluator) Worst() (worst PlatformValue, ok bool) {
	for name, s := range e.series {
		if s.last.Before(e.previous) {
			continue // it is gone
		}
		v := s.valueOf(name)
		worse := v.Holds == worst.Holds && (v.Held < worst.Held || v.Held == worst.Held && v.Series < worst.Series)
		if !ok || worst.Holds && !v.Holds || worse {
			worst, ok = v, true
		}
	}
	return worst, ok
}
