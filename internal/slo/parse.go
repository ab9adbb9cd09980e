package slo

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// ParseObjective reads an objective:
//
//	METRIC[{channel:NAME}]: AGGREGATION OPERATOR NUMBER [outside faults | during FAULT]
//
// such as "gateway_latency{channel:webchat}: p(95)<1500". All but the last part is k6's threshold syntax.
// Errors name the column and what is accepted there.
func ParseObjective(r *metric.Registry, line string) (Objective, error) {
	p := newParser(r, "objective", line)
	o := p.objective()
	o.Scope = p.scope()
	p.end()
	return o, p.err
}

// ParseStopRule reads a stop rule: an objective's syntax, but for what must not be, and for how
// long: "gateway_latency: p(95)>2500 for 10s". One about the platform's own metrics begins with "prometheus:", see
// [PlatformCondition].
func ParseStopRule(r *metric.Registry, line string) (StopRule, error) {
	if OnPlatform(line) {
		return parsePlatformRule(line)
	}
	p := newParser(r, "stop rule", line)
	rule := StopRule{Condition: p.objective()}
	if rule.Condition.Metric == chaosEvents {
		p.next = 0
		p.fail("a stop rule cannot watch " + chaosEvents + ": we trigger those ourselves")
	}
	if !p.take("for") {
		p.fail("expected a time such as %q", "for 10s")
	}
	d, err := time.ParseDuration(p.word())
	if err != nil || d < time.Second || d > MaxStopSpan || d%time.Second != 0 {
		p.fail("expected whole seconds from 1s to %s", units.Literal(MaxStopSpan))
	}
	rule.For = d
	p.next++
	p.end()
	return rule, p.err
}

// tokenPattern finds names, numbers with whatever is glued to them, comparisons, and single characters.
var tokenPattern = regexp.MustCompile(`[A-Za-z_]\w*|[0-9.](?:[eE][+-]|[\w.%])*|===|[=!<>]=|\S`)

// operators are the comparisons and what they mean; k6's === is its ==.
var operators = map[string]string{"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "==", "===": "==", "!=": "!="}

// parser reads a line token by token. After the first error nothing changes any more.
type parser struct {
	registry *metric.Registry
	what     string // kind of thing being read, for errors
	text     string
	tokens   [][]int // begin and end of each in text
	next     int
	err      error
}

func newParser(r *metric.Registry, what, text string) *parser {
	return &parser{registry: r, what: what, text: text, tokens: tokenPattern.FindAllStringIndex(text, -1)}
}

// fail records the first error, at the next token. Columns count from 1.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%s %q, column %d: %s", p.what, p.text, p.at()+1, fmt.Sprintf(format, args...))
	}
}

// at is where the next token begins.
func (p *parser) at() int {
	if p.next < len(p.tokens) {
		return p.tokens[p.next][0]
	}
	return len(strings.TrimRight(p.text, " \t"))
}

// token is the next token, which is left there; "" at the end.
func (p *parser) token() string {
	if p.next >= len(p.tokens) {
		return ""
	}
	return p.text[p.tokens[p.next][0]:p.tokens[p.next][1]]
}

// word is everything from the next token up to a space; the token is left there.
func (p *parser) word() string {
	if words := strings.Fields(p.text[p.at():]); len(words) > 0 {
		return words[0]
	}
	return ""
}

// take goes on if the next token is this one.
func (p *parser) take(token string) bool {
	if p.err != nil || p.token() != token {
		return false
	}
	p.next++
	return true
}

// expect reads a token that must come now.
func (p *parser) expect(token, format string, args ...any) {
	if !p.take(token) {
		p.fail(format, args...)
	}
}

func (p *parser) end() {
	if p.next < len(p.tokens) {
		p.fail("unexpected %q after the end", p.text[p.at():])
	}
}

func (p *parser) objective() (o Objective) {
	m := p.metric()
	o.Metric = m.name
	if p.take("{") {
		o.Channel = p.channel(m)
	}
	p.expect(":", "expected %q and a condition such as %q", ":", m.name+": "+m.kind.example())
	o.Aggregate = p.aggregation(m)
	if o.Operator = operators[p.token()]; o.Operator == "" {
		p.fail("expected a comparison: <, <=, >, >=, == or !=")
	}
	p.next++
	o.Bound = p.bound(m.kind, o.Aggregate)
	return o
}

func (p *parser) metric() metricRow {
	name := p.token()
	m, ok := findMetric(p.registry, name)
	if !ok {
		p.fail("unknown metric %q: one of %s", name, strings.Join(metricNames(p.registry), ", "))
	}
	p.next++
	return m
}

// channel reads what follows the opening brace.
func (p *parser) channel(m metricRow) string {
	if !m.byChannel {
		p.next--
		p.fail("%s cannot be narrowed to a channel", m.name)
	}
	p.expect("channel", "expected %q: only the channel can be chosen", "channel:NAME")
	p.expect(":", "expected %q", ":")
	name := p.token()
	if accepted := channelsOf(p.registry, m.name); !slices.Contains(accepted, name) {
		p.fail("unknown channel %q of %s: one of %s", name, m.name, strings.Join(accepted, ", "))
	}
	p.next++
	p.expect("}", "expected %q", "}")
	return name
}

// channelsOf are the channels that a metric can be narrowed to.
func channelsOf(r *metric.Registry, name string) (names []string) {
	for _, id := range r.SeriesOf(name, "") {
		if c := r.Series()[id].Channel; !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	return names
}

func (p *parser) aggregation(m metricRow) string {
	name, at := p.token(), p.next
	accepted := m.kind.aggregations()
	if m.kind == trend && name == "p" {
		p.next++
		opened := p.take("(")
		n, ok := number(p.token())
		p.next++
		if opened && ok && n <= 100 && p.take(")") {
			return "p(" + strconv.FormatFloat(n, 'f', -1, 64) + ")"
		}
		if p.next = at; opened {
			p.fail("expected a percentile from p(0) to p(100), such as p(95) or p(99.9)")
		}
	}
	if !slices.Contains(accepted, name) {
		if m.kind == trend {
			accepted = append(accepted, "p(N)")
		}
		p.fail("%s takes %s", m.name, strings.Join(accepted, ", "))
	}
	p.next++
	return name
}

func (p *parser) bound(kind metricKind, aggregate string) float64 {
	n, ok := number(p.token())
	switch latency := kind == trend && aggregate != "count"; {
	case latency && !ok:
		p.fail("expected a number of milliseconds without a unit, such as 1500")
	case kind == share && (!ok || n > 1):
		p.fail("expected a share from 0 to 1, such as 0.01 for 1 %%")
	case !ok:
		p.fail("expected a number that is not negative, such as 10")
	}
	p.next++
	return n
}

// number is a finite number, not negative, in decimal digits: 1500, 0.01, 1e3.
func number(text string) (float64, bool) {
	if text == "" || strings.Trim(text, "0123456789.eE+-") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsInf(n, 0) && n >= 0
}

// scope is what may follow a condition.
func (p *parser) scope() (s Scope) {
	switch {
	case p.take("outside"):
		p.expect("faults", "expected %q", "outside faults")
		s.Outside = true
	case p.take("during"):
		if s.During = p.word(); s.During == "" {
			p.fail("expected the name of a fault, such as %q", "during channel_spike")
		}
		for end := p.at() + len(s.During); p.next < len(p.tokens) && p.tokens[p.next][0] < end; {
			p.next++
		}
	}
	return s
}
