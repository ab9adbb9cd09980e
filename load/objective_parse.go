package load

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseObjectiveLine reads an objective as "gateway_latency: p(95)<1500" or, narrowed to a
// channel, "gateway_latency{channel:webchat}: p(95)<1500". Errors say what is accepted and where.
func ParseObjectiveLine(line string) (Objective, error) {
	p := &parser{text: line, what: "objective"}
	o, err := p.line()
	if err != nil {
		return Objective{}, err
	}
	return o, p.end()
}

// ParseObjective reads an objective whose metric and condition are given apart, as in the
// thresholds of a k6 script: ParseObjective("gateway_latency", "p(95)<1500"). The metric may be
// narrowed: "gateway_latency{channel:webchat}".
func ParseObjective(metric, expression string) (Objective, error) {
	m := &parser{text: metric, what: "metric"}
	o, err := m.selector()
	if err != nil {
		return Objective{}, err
	}
	if err := m.end(); err != nil {
		return Objective{}, err
	}
	x := &parser{text: expression, what: "objective"}
	if o, err = x.condition(o); err != nil {
		return Objective{}, err
	}
	return o, x.end()
}

// ParseStopRule reads a stop rule: an objective's syntax, but for what must not be, and for how
// long: "gateway_latency: p(95)>2500 for 10s".
func ParseStopRule(line string) (StopRule, error) {
	p := &parser{text: line, what: "stop rule"}
	condition, err := p.line()
	if err != nil {
		return StopRule{}, err
	}
	if condition.Metric == "chaos_events_triggered" {
		p.pos = 0
		return StopRule{}, p.fail("a stop rule cannot watch chaos_events_triggered: we trigger those ourselves")
	}
	p.space()
	if !p.take("for") {
		return StopRule{}, p.fail("expected a time such as %q", "for 10s")
	}
	p.space()
	at := p.pos
	d, err := time.ParseDuration(p.while(func(c byte) bool { return c != ' ' && c != '\t' }))
	if err != nil || d < time.Second || d > MaxStopSpan || d%time.Second != 0 {
		p.pos = at
		return StopRule{}, p.fail("expected whole seconds from 1s to %s", compact(MaxStopSpan))
	}
	return StopRule{Condition: condition, For: d}, p.end()
}

// parser reads one line from left to right. Columns in its errors count from 1.
type parser struct {
	text string
	what string // kind of thing being read, for errors
	pos  int
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("%s %q, column %d: %s", p.what, p.text, p.pos+1, fmt.Sprintf(format, args...))
}

func (p *parser) rest() string { return p.text[p.pos:] }

func (p *parser) space() { p.while(func(c byte) bool { return c == ' ' || c == '\t' }) }

// while takes the bytes that accept likes.
func (p *parser) while(accept func(byte) bool) string {
	from := p.pos
	for p.pos < len(p.text) && accept(p.text[p.pos]) {
		p.pos++
	}
	return p.text[from:p.pos]
}

// take takes token if it comes next.
func (p *parser) take(token string) bool {
	if !strings.HasPrefix(p.rest(), token) {
		return false
	}
	p.pos += len(token)
	return true
}

func (p *parser) end() error {
	p.space()
	if p.rest() != "" {
		return p.fail("unexpected %q after the end", p.rest())
	}
	return nil
}

// line is selector ":" condition.
func (p *parser) line() (Objective, error) {
	o, err := p.selector()
	if err != nil {
		return Objective{}, err
	}
	p.space()
	if !p.take(":") {
		return Objective{}, p.fail("expected %q and a condition such as %q", ":", o.Metric+": "+exampleOf(o))
	}
	return p.condition(o)
}

func exampleOf(o Objective) string {
	if o.Share() {
		return "rate<0.01"
	}
	if o.Latency() {
		return "p(95)<1500"
	}
	return "count<10"
}

// selector is metric [ "{" "channel" ":" name "}" ].
func (p *parser) selector() (Objective, error) {
	p.space()
	at := p.pos
	name := p.while(isWord)
	metric, ok := findMetric(name)
	if !ok {
		p.pos = at
		return Objective{}, p.fail("unknown metric %q: one of %s", name, strings.Join(metricNames(), ", "))
	}
	o := Objective{Metric: name}
	p.space()
	at = p.pos
	if !p.take("{") {
		return o, nil
	}
	if !metric.byChannel {
		p.pos = at
		return Objective{}, p.fail("%s cannot be narrowed to a channel", name)
	}
	p.space()
	if !p.take("channel") {
		return Objective{}, p.fail("expected %q: only the channel can be chosen", "channel:NAME")
	}
	p.space()
	if !p.take(":") {
		return Objective{}, p.fail("expected %q", ":")
	}
	p.space()
	at = p.pos
	o.Channel = p.while(isWord)
	if accepted := channelsOf(name); !slices.Contains(accepted, o.Channel) {
		p.pos = at
		return Objective{}, p.fail("unknown channel %q of %s: one of %s", o.Channel, name, strings.Join(accepted, ", "))
	}
	p.space()
	if !p.take("}") {
		return Objective{}, p.fail("expected %q", "}")
	}
	return o, nil
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func metricNames() []string {
	var names []string
	for _, m := range metricTable() {
		names = append(names, m.name)
	}
	return names
}

// channelsOf are the channels that a metric can be narrowed to.
func channelsOf(metric string) []string {
	var names []string
	for _, id := range registry.SeriesOf(metric, "") {
		if s := registry.Series()[id]; !slices.Contains(names, s.Channel) {
			names = append(names, s.Channel)
		}
	}
	return names
}

// condition is aggregation operator number.
func (p *parser) condition(o Objective) (Objective, error) {
	metric, _ := findMetric(o.Metric)
	p.space()
	var err error
	if o.Aggregate, err = p.aggregation(metric); err != nil {
		return Objective{}, err
	}
	p.space()
	if o.Operator, err = p.operator(); err != nil {
		return Objective{}, err
	}
	p.space()
	if o.Bound, err = p.bound(metric.kind, o.Aggregate); err != nil {
		return Objective{}, err
	}
	return o, nil
}

func (p *parser) aggregation(metric metricRow) (string, error) {
	at := p.pos
	name := p.while(isWord)
	if metric.kind == trend && name == "p" && p.take("(") {
		p.space()
		n, ok := p.number()
		p.space()
		if !ok || n > 100 || !p.take(")") {
			p.pos = at
			return "", p.fail("expected a percentile from p(0) to p(100), such as p(95) or p(99.9)")
		}
		return "p(" + strconv.FormatFloat(n, 'f', -1, 64) + ")", nil
	}
	if accepted := metric.kind.aggregations(); !slices.Contains(accepted, name) {
		if metric.kind == trend {
			accepted = append(accepted, "p(N)")
		}
		p.pos = at
		return "", p.fail("%s takes %s", metric.name, strings.Join(accepted, ", "))
	}
	return name, nil
}

func (p *parser) operator() (string, error) {
	// k6's === is its ==. Longer operators come first.
	for _, op := range []struct{ text, means string }{
		{"===", "=="}, {"==", "=="}, {"!=", "!="}, {"<=", "<="}, {">=", ">="}, {"<", "<"}, {">", ">"},
	} {
		if p.take(op.text) {
			return op.means, nil
		}
	}
	return "", p.fail("expected a comparison: <, <=, >, >=, == or !=")
}

func (p *parser) bound(kind metricKind, aggregate string) (float64, error) {
	at := p.pos
	n, ok := p.number()
	fail := func(format string, args ...any) (float64, error) {
		p.pos = at
		return 0, p.fail(format, args...)
	}
	unit := p.pos < len(p.text) && (isWord(p.text[p.pos]) || p.text[p.pos] == '%')
	latency := kind == trend && aggregate != "count"
	switch {
	case latency && (!ok || unit):
		return fail("expected a number of milliseconds without a unit, such as 1500")
	case kind == share && (!ok || unit || n > 1):
		return fail("expected a share from 0 to 1, such as 0.01 for 1 %%")
	case !ok || unit:
		return fail("expected a number that is not negative, such as 10")
	}
	return n, nil
}

// number is a finite number, not negative, in decimal digits: 1500, 0.01, 1e3.
func (p *parser) number() (float64, bool) {
	from := p.pos
	p.while(func(c byte) bool { return c >= '0' && c <= '9' || c == '.' })
	if digits := p.pos; digits > from && (p.take("e") || p.take("E")) {
		_ = p.take("+") || p.take("-")
		if p.while(func(c byte) bool { return c >= '0' && c <= '9' }) == "" {
			p.pos = digits
		}
	}
	n, err := strconv.ParseFloat(p.text[from:p.pos], 64)
	return n, err == nil && !math.IsInf(n, 0)
}
