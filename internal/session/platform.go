package session

import (
	"fmt"
	"sync"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
)

// platformConditions holds stop rules and steady-state conditions against the platform's own metrics. It learns from the
// sources, in their goroutines.
type platformConditions struct {
	interval time.Duration // between readings
	freshFor time.Duration // how old a reading may be to say how things are
	fire     func(slo.StopRule, slo.PlatformValue)

	mu     sync.Mutex
	rules  []heldCondition[slo.StopRule]
	steady []heldCondition[slo.SteadyCondition]
}

// heldCondition is a condition and what was read of its query.
type heldCondition[C any] struct {
	condition C
	panel     string // that has its query's values
	evaluator *slo.PlatformEvaluator
	source    string // of the values; "" before the first
	gap       string // why there are no values; "" while there are

	first, last time.Time     // readings; zero before
	unread      time.Duration // in the breaks between them that were too long
	reason      string        // of the last gap
}

func newHeld[C any](m Monitoring, condition C, on slo.PlatformCondition) heldCondition[C] {
	panel, _ := m.PanelOf(on.Query)
	return heldCondition[C]{condition: condition, panel: panel.Name, evaluator: slo.NewPlatformEvaluator(on), gap: "nothing was read yet", reason: "nothing was read"}
}

// sample takes a value. Readings that lie further apart than longest leave a time of which nothing is known.
func (h *heldCondition[C]) sample(v evidence.Sample, longest time.Duration) (slo.PlatformValue, bool) {
	if v.Panel != h.panel {
		return slo.PlatformValue{}, false
	}
	if h.first.IsZero() {
		h.first = v.At
	} else if apart := v.At.Sub(h.last); apart > longest {
		h.unread += apart
	}
	h.last = v.At
	h.source, h.gap = v.Source, ""
	return h.evaluator.Observe(event.LabelText(v.Labels.Without("__name__")), v.At, v.Value), true
}

// interrupt notes that there are no values for now: what was seen before counts no longer.
func (h *heldCondition[C]) interrupt(g evidence.Gap) {
	if g.Panel == h.panel || g.Panel == "" && (h.source == "" || h.source == g.Source) {
		h.gap, h.reason = g.Error(), g.Error()
		h.evaluator.Reset()
	}
}

// fewestFresh is the least age at which a reading no longer says how things are.
const fewestFresh = 30 * time.Second

func newPlatformConditions(c Config, fire func(slo.StopRule, slo.PlatformValue)) *platformConditions {
	p := &platformConditions{fire: fire, interval: c.Monitoring.Interval, freshFor: max(fewestFresh, 2*c.Monitoring.Interval)}
	for _, r := range c.StopRules {
		if r.OnPlatform() {
			p.rules = append(p.rules, newHeld(c.Monitoring, r, r.Platform))
		}
	}
	for _, s := range c.Steady {
		p.steady = append(p.steady, newHeld(c.Monitoring, s, s.PlatformCondition))
	}
	return p
}

// sample implements signalWatcher.
func (p *platformConditions) sample(v evidence.Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.steady {
		p.steady[i].sample(v, p.longest(p.steady[i].condition.For))
	}
	for i := range p.rules {
		r := &p.rules[i]
		if value, is := r.sample(v, p.longest(r.condition.For)); is && value.Holds && value.Held >= r.condition.For {
			r.evaluator.Reset()
			p.fire(r.condition, value)
		}
	}
}

// gap implements signalWatcher.
func (p *platformConditions) gap(g evidence.Gap) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.steady {
		p.steady[i].interrupt(g)
	}
	for i := range p.rules {
		p.rules[i].interrupt(g)
	}
}

// alert implements signalWatcher.
func (*platformConditions) alert(evidence.Alert) {}

// longest is how far apart two readings may be for a condition to be known all the while: a shorter break cannot hide it for
// its whole time.
func (p *platformConditions) longest(span time.Duration) time.Duration {
	return min(max(span, 2*p.interval), p.freshFor)
}

// unread are the conditions of which nothing was known for a part of the run.
func (p *platformConditions) unread(started, until time.Time) (all []event.ConditionUnread) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rules {
		d := event.ConditionUnread{What: event.ConditionStopRule, Rule: r.condition.String(), Title: r.condition.Title()}
		all = r.appendUnread(all, d, started, until, p.freshFor, p.longest(r.condition.For))
	}
	for _, s := range p.steady {
		d := event.ConditionUnread{What: event.ConditionSteadyState, Rule: s.condition.String(), Title: s.condition.Title()}
		all = s.appendUnread(all, d, started, until, p.freshFor, p.longest(s.condition.For))
	}
	return all
}

// appendUnread appends what is not known of the condition, if there is a time of that. A rate has no value before its window is
// full, so the beginning may last for longer than a break.
func (h *heldCondition[C]) appendUnread(all []event.ConditionUnread, d event.ConditionUnread, started, until time.Time, beginning, longest time.Duration) []event.ConditionUnread {
	unread := h.unread
	switch {
	case h.first.IsZero():
		d.Never, unread = true, until.Sub(started)
	default:
		if late := h.first.Sub(started); late > beginning {
			unread += late
		}
		if early := until.Sub(h.last); early > longest {
			unread += early
		}
	}
	if unread == 0 {
		return all
	}
	d.Unread, d.Of, d.Reason = unread.Seconds(), until.Sub(started).Seconds(), h.reason
	return append(all, d)
}

// emitUnread says of which stop rules and conditions nothing was known, for a part of the run or all of it.
func (s *Session) emitUnread() {
	var all []event.ConditionUnread
	for _, w := range s.watches {
		if reason, never := w.NeverTold(); never {
			rule, seconds := w.Rule(), time.Since(s.started).Seconds()
			all = append(all, event.ConditionUnread{What: event.ConditionStopRule, Rule: rule.String(), Title: rule.Title(), Unread: seconds, Of: seconds, Never: true, Reason: reason})
		}
	}
	for _, d := range append(all, s.platform.unread(s.started, time.Now())...) {
		s.emit(squall, d)
	}
}

// checks say before a fault whether the platform shows that it is well. What is not known is not well.
func (p *platformConditions) checks(how SteadyState, now time.Time) (checks []chaos.Check) {
	unsteady := chaos.Warns
	if how == RefuseUnsteady {
		unsteady = chaos.Refuses
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.steady {
		check := chaos.Check{Text: steadyState + h.condition.Title(), Answer: chaos.Passes, Steady: true}
		if why := p.unsteady(h, now); why != "" {
			// A refusal is told by its reason alone.
			check.Text, check.Answer, check.Reason = "steady state of the platform", unsteady, h.condition.Title()+": "+why+h.from()
		}
		checks = append(checks, check)
	}
	return checks
}

// from names who gave the values, if anybody did.
func (h *heldCondition[C]) from() string {
	if h.source == "" {
		return ""
	}
	return " (" + h.source + ")"
}

// unsteady is why a condition does not hold, or is not known to; "" when it does.
func (p *platformConditions) unsteady(h heldCondition[slo.SteadyCondition], now time.Time) string {
	if h.gap != "" {
		return "not known: " + h.gap
	}
	worst, seen := h.evaluator.Worst()
	switch age := now.Sub(worst.At); {
	case !seen:
		return "not known: nothing was read yet"
	case age > p.freshFor:
		return fmt.Sprintf("not known: the last reading is %s old", units.Duration(age.Round(time.Second)))
	case !worst.Holds:
		return "it is " + platformValue(worst) + " now"
	case worst.Held < h.condition.For:
		return fmt.Sprintf("it has held for %s only, and is %s now", units.Duration(worst.Held.Round(time.Second)), platformValue(worst))
	}
	return ""
}

func platformValue(v slo.PlatformValue) string {
	if v.Series == "" {
		return units.Number(v.Value)
	}
	return units.Number(v.Value) + " (" + v.Series + ")"
}
