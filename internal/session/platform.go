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
}

func newHeld[C any](m Monitoring, condition C, on slo.PlatformCondition) heldCondition[C] {
	panel, _ := m.PanelOf(on.Query)
	return heldCondition[C]{condition: condition, panel: panel.Name, evaluator: slo.NewPlatformEvaluator(on), gap: "nothing was read yet"}
}

func (h *heldCondition[C]) sample(v evidence.Sample) (slo.PlatformValue, bool) {
	if v.Panel != h.panel {
		return slo.PlatformValue{}, false
	}
	h.source, h.gap = v.Source, ""
	return h.evaluator.Observe(event.LabelText(v.Labels.Without("__name__")), v.At, v.Value), true
}

// interrupt notes that there are no values for now: what was seen before counts no longer.
func (h *heldCondition[C]) interrupt(g evidence.Gap) {
	if g.Panel == h.panel || g.Panel == "" && (h.source == "" || h.source == g.Source) {
		h.gap = g.Error()
		h.evaluator.Reset()
	}
}

// fewestFresh is the least age at which a reading no longer says how things are.
const fewestFresh = 30 * time.Second

func newPlatformConditions(c Config, fire func(slo.StopRule, slo.PlatformValue)) *platformConditions {
	p := &platformConditions{fire: fire, freshFor: max(fewestFresh, 2*c.Monitoring.Interval)}
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
		p.steady[i].sample(v)
	}
	for i := range p.rules {
		r := &p.rules[i]
		if value, is := r.sample(v); is && value.Holds && value.Held >= r.condition.For {
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

// checks say before a fault whether the platform shows that it is well. What is not known is not well.
func (p *platformConditions) checks(how SteadyState, now time.Time) (checks []chaos.Check) {
	unsteady := chaos.Warns
	if how == RefuseUnsteady {
		unsteady = chaos.Refuses
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.steady {
		check := chaos.Check{Text: "steady state: " + h.condition.Title(), Answer: chaos.Passes}
		if why := p.unsteady(h, now); why != "" {
			check.Answer, check.Reason = unsteady, why
		}
		checks = append(checks, check)
	}
	return checks
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
