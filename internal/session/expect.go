package session

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// judgeUnobservable decides at once what this run cannot observe.
func (t *outcomes) judgeUnobservable(x chaos.Expectation) (event.ExpectationVerdict, string) {
	switch x.Signal {
	case event.AlertFires:
		if !t.config.Monitoring.Alerts {
			return event.ExpectationUnknown, "nobody tells of alerts: give --prometheus, --alertmanager or --alert-receiver"
		}
	case event.MetricBelow, event.CounterIncreases:
		if !t.config.Monitoring.Metrics {
			return event.ExpectationUnknown, "nobody reads the platform's metrics: give --prometheus or --scrape"
		}
	case event.Scales:
		if t.config.Watch == nil {
			return event.ExpectationUnknown, "no Kubernetes to watch"
		}
	case event.Recovers, event.Holds, event.LatencyRises:
	}
	return event.ExpectationPending, ""
}

// judgeAtRevert decides, when the fault is reverted, what was expected while it was on.
func (t *outcomes) judgeAtRevert(f *faultOutcome) func(chaos.Expectation) (event.ExpectationVerdict, string) {
	return func(x chaos.Expectation) (event.ExpectationVerdict, string) {
		switch {
		case x.Signal == event.Holds && f.broken != "" && !f.steady:
			return event.ExpectationUnknown, f.broken + ", but objectives were not green before either"
		case x.Signal == event.Holds && f.broken != "":
			return event.ExpectationFailed, f.broken
		case x.Signal == event.Holds && f.flows.anyHurt() && len(healthOf(t.live).unknown) > 0:
			return event.ExpectationUnknown, healthOf(t.live).withUnknown(f.flows.text())
		case x.Signal == event.Holds && !f.steady:
			return event.ExpectationUnknown, "objectives were not known to be green before"
		case x.Signal == event.Holds:
			return event.ExpectationMet, healthOf(t.live).withUnknown(event.Recovery{Kind: event.Unbroken}.String())
		case x.Signal == event.Scales:
			return t.scaled(x, f.begun)
		}
		return event.ExpectationPending, ""
	}
}

// applyVerdicts decides the open expectations of a fault for which judge has a verdict. It returns what
// became known, for the journal. t.mu must be held.
func (t *outcomes) applyVerdicts(f *faultOutcome, judge func(chaos.Expectation) (event.ExpectationVerdict, string)) (decided []event.ExpectationDecided) {
	next := slices.Clone(f.findings)
	for i, x := range f.info.Expect {
		if next[i].Verdict != event.ExpectationPending {
			continue
		}
		next[i].Verdict, next[i].Reason = t.unlessNoEffect(f, x)(judge(x))
		if next[i].Verdict != event.ExpectationPending {
			decided = append(decided, event.ExpectationDecided{Injection: f.ref(), Finding: next[i]})
		}
	}
	f.findings = next
	return decided
}

// unlessNoEffect holds back that objectives held, or are green again, until it is known whether the fault had an effect: of
// a fault that changed nothing, neither says anything. t.mu must be held.
func (t *outcomes) unlessNoEffect(f *faultOutcome, x chaos.Expectation) func(event.ExpectationVerdict, string) (event.ExpectationVerdict, string) {
	return func(v event.ExpectationVerdict, why string) (event.ExpectationVerdict, string) {
		switch {
		case v != event.ExpectationMet || x.Signal != event.Holds && x.Signal != event.Recovers:
		case f.effect == nil:
			f.held[x] = why
			return event.ExpectationPending, ""
		case f.effect.Effect == event.NoEffect:
			return event.ExpectationUnknown, "no effect seen: the fault changed nothing that was measured"
		}
		return v, why
	}
}

// afterEffect is a recovery of a fault of which it is known whether it had an effect. outcomes.mu must be held.
func (f *faultOutcome) afterEffect(back event.PlatformRecovered) event.PlatformRecovered {
	back.NoEffect = f.effect != nil && f.effect.Effect == event.NoEffect
	return back
}

// released is what waited for the answer whether a fault had an effect.
type released struct {
	recovered *event.PlatformRecovered
	decided   []event.ExpectationDecided
}

// release decides what waited for that answer. Without one it is decided as it was seen. t.mu must be held.
func (t *outcomes) release(f *faultOutcome) (r released) {
	if f.effect == nil {
		f.effect = &event.EffectJudged{Injection: f.ref(), Effect: event.EffectUnknown, Reason: "the time of the fault was not compared with the time before it"}
	}
	if f.unbroken != nil {
		back := f.afterEffect(*f.unbroken)
		r.recovered, f.unbroken = &back, nil
	}
	r.decided = t.applyVerdicts(f, func(x chaos.Expectation) (event.ExpectationVerdict, string) {
		if why, was := f.held[x]; was {
			return event.ExpectationMet, why
		}
		if x.Signal == event.LatencyRises {
			return latencyRises(*f.effect)
		}
		return event.ExpectationPending, ""
	})
	return r
}

// latencyRises is judged by what the fault changed.
func latencyRises(d event.EffectJudged) (event.ExpectationVerdict, string) {
	switch {
	case d.Slower != nil:
		return event.ExpectationMet, d.Slower.String()
	case d.Latencies > 0:
		return event.ExpectationFailed, fmt.Sprintf("no latency rose by more than %s %% for certain", units.Number(100*d.Tolerance))
	}
	return event.ExpectationUnknown, cmp.Or(d.Reason, tooLittleLatency)
}

// tooLittleLatency is why no latency was judged of a fault that had another effect.
const tooLittleLatency = "too little traffic to judge a latency"

// emitReleased records it.
func (t *outcomes) emitReleased(r released) {
	if r.recovered != nil {
		t.emit(objectives, *r.recovered)
	}
	t.emitFindings(r.decided)
}

// releaseFormer decides what still waits of a fault that is about to be injected again.
func (t *outcomes) releaseFormer(fault string) {
	var r released
	t.mu.Lock()
	if f := t.faults[fault]; f != nil {
		r = t.release(f)
	}
	t.mu.Unlock()
	t.emitReleased(r)
}

// judgeEffect takes whether a fault had an effect, adds other signs of one, and decides what waited for it. It returns what
// is known now, and what to do once that is written down.
func (t *outcomes) judgeEffect(d event.EffectJudged) (known event.EffectJudged, then func()) {
	var r released
	t.withOutcome(d.Injection, func(f *faultOutcome) {
		for _, x := range f.findings {
			if x.ShowsEffect() {
				d.Observed = append(d.Observed, x.Text)
			}
		}
		if f.broken != "" && f.steady && !f.reverted.IsZero() {
			d.Observed = append(d.Observed, f.broken)
		}
		if len(d.Observed) > 0 {
			d.Effect, d.Reason = event.EffectSeen, ""
		}
		f.effect = &d
		r = t.release(f)
	})
	return d, func() { t.emitReleased(r) }
}

// tellEffect records whether a fault had an effect.
func (s *Session) tellEffect(d event.EffectJudged) {
	known, then := s.outcomes.judgeEffect(d)
	s.emit(squall, known)
	then()
}

// emitFindings records what was decided.
func (t *outcomes) emitFindings(decided []event.ExpectationDecided) {
	for _, d := range decided {
		t.emit(squall, d)
	}
}

// recoversWithin decides what is expected of a recovery that is over.
func recoversWithin(r TimeToGreen, h objectiveHealth) func(chaos.Expectation) (event.ExpectationVerdict, string) {
	back := event.RecoveryAfter(r.Took.Round(time.Second), r.Unbroken)
	seen := map[event.RecoveryKind]string{event.Unbroken: "", event.AtOnce: "recovered ", event.Measured: "took "}[back.Kind] + back.String()
	return func(x chaos.Expectation) (event.ExpectationVerdict, string) {
		switch {
		case x.Signal != event.Recovers:
			return event.ExpectationPending, ""
		case x.Within > 0 && r.Took > x.Within && !r.Unbroken:
			return event.ExpectationFailed, h.withUnknown(seen)
		}
		return event.ExpectationMet, h.withUnknown(seen)
	}
}

// close decides what is still open at the end of the run: unknown, with the reason.
func (t *outcomes) close() {
	stuck := map[string]bool{}
	for _, f := range t.states() {
		stuck[f.Info.ID] = f.State == chaos.NotReverted
	}
	var decided []event.ExpectationDecided
	var waited []released
	t.mu.Lock()
	for _, f := range t.faults {
		waited = append(waited, t.release(f))
		why := "the run ended before the fault was reverted"
		if !f.reverted.IsZero() {
			why = "the run ended " + recoveryText(time.Since(f.reverted)) + " after the fault was reverted, before objectives could be judged green"
		}
		if f.recovery.Reason != "" {
			why = f.recovery.Reason
		}
		if f.recovery.Watching {
			f.recovery.Watching, f.recovery.Reason = false, why
		}
		left := f.reverted.IsZero() && stuck[f.info.ID]
		decided = append(decided, t.applyVerdicts(f, func(x chaos.Expectation) (event.ExpectationVerdict, string) {
			if left && x.Signal == event.Recovers {
				return event.ExpectationFailed, "the fault could not be reverted"
			}
			if f.signals[x] != nil && !f.reverted.IsZero() {
				return event.ExpectationUnknown, t.notYet(f, x)
			}
			return event.ExpectationUnknown, why
		})...)
	}
	t.mu.Unlock()
	for _, r := range waited {
		t.emitReleased(r)
	}
	t.emitFindings(decided)
}

// notYet is why nothing is known, at the end of the run, of a signal that could still have come.
func (t *outcomes) notYet(f *faultOutcome, x chaos.Expectation) string {
	ended := " when the run ended, " + recoveryText(time.Since(f.reverted)) + " after the fault was reverted"
	switch x.Signal {
	case event.AlertFires:
		return t.whyUnknown(x.Name, "it had not fired"+ended)
	case event.CounterIncreases:
		return t.whyUnknown(x.Name, x.Name+" had not grown"+ended)
	case event.MetricBelow, event.Scales, event.Recovers, event.Holds, event.LatencyRises:
	}
	return t.whyUnknown(x.Name, "it was still watched"+ended)
}
