package session

import (
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/units"
)

// Times around signals of the platform's own monitoring.
const (
	// signalDelay is how much later than it happens something may be seen: the monitoring reads the platform every 5 to 15
	// seconds, and squall reads the monitoring.
	signalDelay = 15 * time.Second
	// baselineAge is how old the last value of a counter may be to count from.
	baselineAge = 30 * time.Second
)

// signal is what was seen of the alert or the metric that one expectation of a fault waits for.
type signal struct {
	read    int // samples since the fault began
	growth  evidence.Growth
	highest evidence.Sample
	fired   bool // the alert fired already when the fault began
}

// ends is when nothing can be seen any more that happened in time; zero: not known yet.
func (f *faultOutcome) ends(x chaos.Expectation) time.Time {
	switch {
	case x.Signal == event.AlertFires && x.Within > 0:
		return f.begun.Add(x.Within + signalDelay)
	case f.reverted.IsZero():
		return time.Time{}
	}
	return f.reverted.Add(signalDelay)
}

// eachSignal judges the expectations of every fault that wait for an alert or a metric of this name. t.mu must be held.
func (t *outcomes) eachSignal(name string, judge func(f *faultOutcome, x chaos.Expectation, s *signal) (event.ExpectationVerdict, string)) (decided []event.ExpectationDecided) {
	for _, f := range t.faults {
		decided = append(decided, t.applyVerdicts(f, func(x chaos.Expectation) (event.ExpectationVerdict, string) {
			if x.Name != name || f.signals[x] == nil {
				return event.ExpectationPending, ""
			}
			return judge(f, x, f.signals[x])
		})...)
	}
	return decided
}

// sample takes a value of a metric.
func (t *outcomes) sample(v evidence.Sample) {
	t.mu.Lock()
	series := t.newest[v.Panel]
	if series == nil {
		series = map[string]evidence.Sample{}
		t.newest[v.Panel] = series
	}
	series[v.Labels.String()] = v
	decided := t.eachSignal(v.Panel, func(f *faultOutcome, x chaos.Expectation, s *signal) (event.ExpectationVerdict, string) {
		if v.At.Before(f.begun) || !f.ends(x).IsZero() && v.At.After(f.ends(x)) {
			return event.ExpectationPending, ""
		}
		if s.read++; s.read == 1 || v.Value > s.highest.Value {
			s.highest = v
		}
		switch x.Signal {
		case event.CounterIncreases:
			if s.growth.Add(v); s.growth.Total() > 0 {
				return event.ExpectationMet, "grew by " + units.Number(s.growth.Total())
			}
		case event.MetricBelow:
			if v.Value >= x.Bound {
				return event.ExpectationFailed, "was " + valueText(v)
			}
		case event.AlertFires, event.Scales, event.Holds, event.Recovers, event.LatencyRises:
		}
		return event.ExpectationPending, ""
	})
	t.mu.Unlock()
	t.emitFindings(decided)
}

// gap notes a reading of a metric that found nothing: a counter that appears later counts from zero.
func (t *outcomes) gap(g evidence.Gap) {
	if g.Cause != evidence.NoSeries {
		return
	}
	panel, at := g.Panel, g.From
	t.mu.Lock()
	defer t.mu.Unlock()
	t.missing[panel] = at
	t.eachSignal(panel, func(_ *faultOutcome, _ chaos.Expectation, s *signal) (event.ExpectationVerdict, string) {
		s.growth.Empty(at)
		return event.ExpectationPending, ""
	})
}

// alert takes an alert in another state.
func (t *outcomes) alert(a evidence.Alert) {
	t.mu.Lock()
	if t.firing[a.Name] == nil {
		t.firing[a.Name] = map[string]bool{}
	}
	t.firing[a.Name][a.Source+a.Key()] = a.State.Fires()
	decided := t.eachSignal(a.Name, func(f *faultOutcome, x chaos.Expectation, s *signal) (event.ExpectationVerdict, string) {
		after := a.FiredAt.Sub(f.begun)
		switch {
		case a.FiredAt.IsZero():
		case after < 0:
			s.fired = s.fired || a.State.Fires()
		case x.Within > 0 && after > x.Within:
			return event.ExpectationFailed, firedText(a, after)
		case !f.ends(x).IsZero() && a.FiredAt.After(f.ends(x)):
		default:
			return event.ExpectationMet, firedText(a, after)
		}
		return event.ExpectationPending, ""
	})
	t.mu.Unlock()
	t.emitFindings(decided)
}

// firedText is how long after a fault an alert fired, or was seen to: then it may have fired earlier.
func firedText(a evidence.Alert, after time.Duration) string {
	verb := "it was seen to fire after "
	if a.FiredExact {
		verb = "it fired after "
	}
	return verb + units.Duration(after.Round(time.Second))
}

// watchSignals begins to watch what a fault's expectations wait for. t.mu must be held.
func (t *outcomes) watchSignals(f *faultOutcome) {
	f.signals = map[chaos.Expectation]*signal{}
	for _, x := range f.info.Expect {
		s := new(signal)
		switch x.Signal {
		case event.CounterIncreases:
			if at, is := t.missing[x.Name]; is && f.begun.Sub(at) < baselineAge {
				s.growth.Empty(at)
			}
			for _, v := range t.newest[x.Name] {
				if f.begun.Sub(v.At) < baselineAge {
					s.growth.Add(v)
				}
			}
		case event.AlertFires:
			for _, fires := range t.firing[x.Name] {
				s.fired = s.fired || fires
			}
		case event.MetricBelow:
		case event.Scales, event.Holds, event.Recovers, event.LatencyRises:
			continue
		}
		f.signals[x] = s
	}
}

// settleSignals judges what nothing can be seen of any more. t.mu must be held.
func (t *outcomes) settleSignals(f *faultOutcome, now time.Time) []event.ExpectationDecided {
	return t.applyVerdicts(f, func(x chaos.Expectation) (event.ExpectationVerdict, string) {
		s := f.signals[x]
		if s == nil || f.ends(x).IsZero() || now.Before(f.ends(x)) {
			return event.ExpectationPending, ""
		}
		return t.unseen(f, x, s)
	})
}

// unseen judges a signal that has not come in time.
func (t *outcomes) unseen(f *faultOutcome, x chaos.Expectation, s *signal) (event.ExpectationVerdict, string) {
	if x.Signal != event.AlertFires && s.read == 0 {
		return event.ExpectationUnknown, t.whyUnknown(x.Name, "no value of "+x.Name+" was read")
	}
	switch x.Signal {
	case event.MetricBelow:
		return event.ExpectationMet, "was at most " + valueText(s.highest)
	case event.CounterIncreases:
		return event.ExpectationFailed, x.Name + " did not grow"
	}
	switch {
	case s.fired:
		return event.ExpectationUnknown, "it fired already when the fault began"
	case t.alertsUnread():
		return event.ExpectationUnknown, "alerts could not be read"
	}
	if why := t.whyUnknown(x.Name, ""); why != "" {
		return event.ExpectationUnknown, why
	}
	within := x.Within
	if within == 0 {
		within = f.reverted.Sub(f.begun)
	}
	return event.ExpectationFailed, "it did not fire within " + units.Duration(within.Round(time.Second))
}

// whyUnknown is what the sources said of a metric or an alert before the drill, else what otherwise says.
func (t *outcomes) whyUnknown(name, otherwise string) string {
	var texts []string
	for _, finding := range t.about(name) {
		texts = append(texts, finding.Text())
	}
	if len(texts) == 0 {
		return otherwise
	}
	return strings.Join(texts, "; ")
}

// valueText is a value with the series that it is of.
func valueText(v evidence.Sample) string {
	text := units.Number(v.Value)
	if labels := event.LabelText(v.Labels.Without("__name__")); labels != "" {
		text += " (" + labels + ")"
	}
	return text
}

// signalChecks say before a fault what its expectations can never see.
func (t *outcomes) signalChecks(info chaos.Info) (checks []chaos.Check) {
	for _, x := range info.Expect {
		switch x.Signal {
		case event.AlertFires, event.MetricBelow, event.CounterIncreases:
			for _, finding := range t.about(x.Name) {
				check := chaos.Check{Text: "expected: " + x.Text, Answer: chaos.Warns, Reason: finding.Text()}
				if remedy := finding.Remedy(); remedy != "" {
					check.Reason += ": " + remedy
				}
				checks = append(checks, check)
			}
		case event.Scales, event.Holds, event.Recovers, event.LatencyRises:
		}
	}
	return checks
}

// alertDeadline is the time that an expected alert is given: its own, else as long as the fault lasts.
func alertDeadline(x chaos.Expectation, info chaos.Info, given chaos.Params) time.Duration {
	if x.Within > 0 {
		return x.Within
	}
	full, err := chaos.Complete(info.Params, given)
	if err != nil {
		return 0
	}
	return full.Duration(chaos.TTL)
}
