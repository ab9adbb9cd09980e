package session

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// faultOutcome is what became of a fault's last injection. Guarded by Session.mu; its findings are
// replaced, never changed, for snapshots share them.
type faultOutcome struct {
	info     chaos.Info
	run      int
	begun    time.Time
	reverted time.Time
	recovery TimeToGreen
	lastBad  time.Time // end of the last second after the undo that broke an objective
	steady   bool      // objectives were green when it began
	active   bool      // it was applied: before that there is nothing to judge
	broken   string    // the first objective that broke while it was on
	findings []event.Finding
}

// endedByOthers is why nothing can be said of a fault's expectations.
const endedByOthers = "somebody else ended the fault"

// steadyStateCheck checks the objectives before a fault.
func (s *Session) steadyStateCheck() []chaos.Check {
	if s.config.SteadyState == IgnoreUnsteady {
		return nil
	}
	s.mu.Lock()
	h := healthOf(s.view.live)
	s.mu.Unlock()
	check := chaos.Check{Text: "steady state: objectives are green", Answer: chaos.Passes}
	switch {
	case !h.ok():
		check.Answer, check.Reason = chaos.Warns, h.reason()
		if s.config.SteadyState == RefuseUnsteady {
			check.Answer = chaos.Refuses
		}
	case len(h.unknown) > 0:
		check.Text = fmt.Sprintf("steady state: %d of %d objectives are green", h.passed, h.passed+len(h.unknown))
		check.Answer, check.Reason = chaos.Warns, "too few samples to judge "+strings.Join(h.unknown, ", ")
	}
	return []chaos.Check{check}
}

// objectiveHealth is what the objectives say at a moment.
type objectiveHealth struct {
	passed  int
	broken  []string // with the value
	unknown []string // too few samples
}

func healthOf(verdicts []slo.Result) (h objectiveHealth) {
	for _, v := range verdicts {
		if v.Objective.Scope.During != "" { // says what a fault may cost, not what health is
			continue
		}
		switch v.State {
		case slo.Fail:
			h.broken = append(h.broken, fmt.Sprintf("%s (%s)", v.Objective.Title(), v.ValueText()))
		case slo.Pass:
			h.passed++
		case slo.Unknown:
			h.unknown = append(h.unknown, v.Objective.Title())
		}
	}
	return h
}

// ok reports whether none fails and at least one passes. What has too few samples to be judged does not
// speak against it, and is named wherever it matters.
func (h objectiveHealth) ok() bool { return len(h.broken) == 0 && h.passed > 0 }

// reason returns why it is not green.
func (h objectiveHealth) reason() string {
	if len(h.broken) > 0 {
		return "broken now: " + strings.Join(h.broken, ", ")
	}
	return "no objective has enough samples yet"
}

// withUnknown names what could not be judged, behind a verdict.
func (h objectiveHealth) withUnknown(text string) string {
	if len(h.unknown) == 0 {
		return text
	}
	return text + "; too few samples to judge " + strings.Join(h.unknown, ", ")
}

// ref names the injection in events.
func (f *faultOutcome) ref() event.Injection {
	return event.Injection{Fault: f.info.ID, Title: f.info.Title, Run: f.run}
}

// trackFault keeps what an event of the engine means for recovery and expectations.
func (s *Session) trackFault(data any, written bool) {
	var decided []event.ExpectationDecided
	switch d := data.(type) {
	case event.FaultStarted:
		if written { // else it does not begin
			decided = s.trackStart(d)
		}
	case event.FaultActive:
		s.withOutcome(d.Injection, func(f *faultOutcome) { f.active = true })
	case event.FaultReverting:
		s.withOutcome(d.Injection, func(f *faultOutcome) {
			if d.Cause == event.CauseEndedByOthers {
				decided = s.abandonRecovery(f, endedByOthers)
			}
		})
	case event.FaultReverted:
		s.withOutcome(d.Injection, func(f *faultOutcome) { decided = s.trackRevert(f, d.Cause) })
	}
	s.emitFindings(decided)
}

// withOutcome calls use with what became of an injection, if it is the last one of its fault.
func (s *Session) withOutcome(i event.Injection, use func(*faultOutcome)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.view.follow[i.Fault]; f != nil && f.run == i.Run {
		use(f)
	}
}

func (s *Session) trackStart(d event.FaultStarted) []event.ExpectationDecided {
	info := s.infoOf(d.Fault)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancelRecovery(d.Fault)
	f := &faultOutcome{info: info, run: d.Run, begun: time.Now(), steady: healthOf(s.view.live).ok()}
	for _, x := range info.Expect {
		f.findings = append(f.findings, event.Finding{Signal: x.Signal, Text: x.Text})
		if x.Signal == event.Recovers {
			f.recovery.Goal = x.Within
		}
	}
	s.view.follow[d.Fault] = f
	return s.applyVerdicts(f, func(x chaos.Expectation) (event.ExpectationVerdict, string) {
		return judgeUnobservable(x, s.config.Watch != nil)
	})
}

// trackRevert judges a fault that is over. Session.mu must be held.
func (s *Session) trackRevert(f *faultOutcome, cause event.Cause) []event.ExpectationDecided {
	f.reverted = time.Now()
	switch {
	case cause == event.CauseEndedByOthers:
		return s.abandonRecovery(f, endedByOthers)
	case !f.active:
		return s.abandonRecovery(f, "the fault could not be injected")
	case cause == event.CauseAbandoned:
		return s.abandonRecovery(f, "the fault was kept as it is")
	}
	f.lastBad = f.reverted
	f.recovery.Watching = true
	return s.applyVerdicts(f, s.judgeAtRevert(f))
}

// abandonRecovery leaves everything that is still open of a fault unknown. Session.mu must be held.
func (s *Session) abandonRecovery(f *faultOutcome, why string) []event.ExpectationDecided {
	f.recovery.Reason = why
	return s.applyVerdicts(f, func(chaos.Expectation) (event.ExpectationVerdict, string) {
		return event.ExpectationUnknown, why
	})
}

// cancelRecovery stops the recovery clocks of other faults: what comes now is no longer their recovery.
func (s *Session) cancelRecovery(by string) {
	for id, f := range s.view.follow {
		if f.recovery.Watching && id != by {
			f.recovery.Watching = false
			f.recovery.Reason = "another fault began first"
		}
	}
}

// watchRecovery holds a closed second against the faults that are on and the clocks that run.
func (s *Session) watchRecovery(o metric.Observation, live []slo.Result) {
	end := o.Window.Start.Add(o.Window.Length)
	bad, what := s.disturbed(o)
	now := healthOf(live)
	on := map[string]bool{}
	for _, f := range s.engine.Snapshot() {
		on[f.Info.ID] = f.On()
	}
	var decided []event.ExpectationDecided
	var recovered []*faultOutcome
	s.mu.Lock()
	for _, f := range s.view.follow {
		for _, v := range live {
			if on[f.info.ID] && v.State == slo.Fail && f.broken == "" {
				f.broken = fmt.Sprintf("%s broke (%s)", v.Objective.Title(), v.ValueText())
			}
		}
		if !f.recovery.Watching {
			continue
		}
		if o.Window.Start.Before(f.reverted) {
			continue // a second that the fault was still in
		}
		if bad {
			f.lastBad = end
			f.broken = cmp.Or(f.broken, what)
		}
		since := end.Sub(f.reverted)
		switch r := &f.recovery; {
		case now.ok() && !bad:
			r.Watching, r.Done, r.Took = false, true, f.lastBad.Sub(f.reverted).Round(time.Second)
			r.Unbroken = f.broken == "" && f.steady
			copied := *f
			recovered = append(recovered, &copied)
			decided = append(decided, s.applyVerdicts(f, recoversWithin(*r, now))...)
		case r.Goal > 0 && since > r.Goal:
			why := "not green after " + units.Duration(since.Round(time.Second))
			if what != "" {
				why += ": " + what
			}
			decided = append(decided, s.applyVerdicts(f, func(x chaos.Expectation) (event.ExpectationVerdict, string) {
				if x.Signal == event.Recovers {
					return event.ExpectationFailed, why
				}
				return event.ExpectationPending, ""
			})...)
		}
	}
	s.mu.Unlock()
	for _, f := range recovered {
		s.emit(objectives, event.PlatformRecovered{Injection: f.ref(), Seconds: f.recovery.Took.Seconds(), Unbroken: f.recovery.Unbroken})
	}
	s.emitFindings(decided)
}

// recoveryText is a recovery time in words; one second is the finest that can be told.
func recoveryText(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return units.Duration(d.Round(time.Second))
}

// disturbed reports whether a second by itself breaks an objective. The sliding window that the verdicts
// on screen are made of still contains the fault for its whole length, which would make every recovery
// look that much longer.
func (s *Session) disturbed(o metric.Observation) (bad bool, what string) {
	second := o.Totals()
	for _, objective := range s.config.Objectives {
		if objective.Scope.During != "" { // says nothing of health
			continue
		}
		if v := objective.Evaluate(second); v.State == slo.Fail {
			return true, fmt.Sprintf("%s is at %s", objective.Title(), v.ValueText())
		}
	}
	return false, ""
}
