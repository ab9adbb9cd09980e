package session

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// outcomes is what became of each fault's last injection: the recovery clock and the expectations. It learns from the
// engine's events and from each closed second, and emits what is decided.
type outcomes struct {
	config Config
	emit   func(by event.Actor, data any)
	states func() []chaos.Status
	infoOf func(fault string) chaos.Info
	scaled func(x chaos.Expectation, since time.Time) (event.ExpectationVerdict, string)
	// about is what the sources of metrics and alerts say of one of them that is no good news.
	about func(name string) []evidence.Finding
	// alertsUnread reports whether no source of alerts can be read.
	alertsUnread func() bool

	mu     sync.Mutex
	live   []slo.Result // the objectives over the sliding window, as of the last closed second
	faults map[string]*faultOutcome

	newest  map[string]map[string]evidence.Sample // by metric and series
	missing map[string]time.Time                  // when a metric had no series last
	firing  map[string]map[string]bool            // by the name of the alert, and each one of it
}

// faultOutcome is what became of a fault's last injection. Guarded by outcomes.mu; its findings are
// replaced, never changed, because snapshots share them.
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
	hurt     []int     // objectives that broke while it was on, by their place in the configuration
	flows    flowsHealth
	findings []event.Finding
	effect   *event.EffectJudged           // nil: not judged yet
	held     map[chaos.Expectation]string  // what was met, why, and says nothing if the fault had no effect
	unbroken *event.PlatformRecovered      // waits for that answer, too
	signals  map[chaos.Expectation]*signal // that expectations wait for
}

// endedByOthers is why nothing can be said of a fault's expectations.
const endedByOthers = "somebody else ended the fault"

// steadyStateCheck checks the objectives before a fault.
func (t *outcomes) steadyStateCheck() []chaos.Check {
	if t.config.SteadyState == IgnoreUnsteady {
		return nil
	}
	t.mu.Lock()
	h := healthOf(t.live)
	t.mu.Unlock()
	check := chaos.Check{Text: steadyState + "objectives are green", Answer: chaos.Passes, Steady: true}
	switch {
	case !h.ok():
		check.Answer, check.Reason = chaos.Warns, h.reason()
		if t.config.SteadyState == RefuseUnsteady {
			check.Answer = chaos.Refuses
		}
	case len(h.unknown) > 0:
		check.Text = fmt.Sprintf(steadyState+"%d of %d objectives are green", h.passed, h.passed+len(h.unknown))
		check.Answer, check.Reason = chaos.Warns, "too few samples to judge "+strings.Join(h.unknown, ", ")
	}
	return []chaos.Check{check}
}

// objectiveHealth is what the objectives say at a moment.
type objectiveHealth struct {
	passed     int
	broken     []string // with the value
	unknown    []string // too few samples
	outOfScope string   // why one was not judged, "" if none was left out
}

func healthOf(verdicts []slo.Result) (h objectiveHealth) {
	for _, v := range verdicts {
		if v.Objective.Scope.During != "" { // that one says what a fault may cost, not what health is
			continue
		}
		if v.OutOfScope {
			h.outOfScope = v.Reason
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
	if len(h.unknown) == 0 && h.outOfScope != "" {
		return h.outOfScope
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

// track applies an event of the engine; written is false when the journal does not have it.
func (t *outcomes) track(data any, written bool) {
	var decided []event.ExpectationDecided
	switch d := data.(type) {
	case event.FaultStarted:
		if written { // else it does not begin
			t.releaseFormer(d.Fault)
			decided = t.trackStart(d)
		}
	case event.FaultActive:
		t.withOutcome(d.Injection, func(f *faultOutcome) { f.active = true })
	case event.FaultReverting:
		t.withOutcome(d.Injection, func(f *faultOutcome) {
			if d.Cause == event.CauseEndedByOthers {
				decided = t.abandonRecovery(f, endedByOthers)
			}
		})
	case event.FaultReverted:
		t.withOutcome(d.Injection, func(f *faultOutcome) { decided = t.trackRevert(f, d.Cause) })
	}
	t.emitFindings(decided)
}

// withOutcome calls use with what became of an injection, if it is the last one of its fault.
func (t *outcomes) withOutcome(i event.Injection, use func(*faultOutcome)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.faults[i.Fault]; f != nil && f.run == i.Run {
		use(f)
	}
}

func (t *outcomes) trackStart(d event.FaultStarted) []event.ExpectationDecided {
	info := t.infoOf(d.Fault)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cancelRecovery(d.Fault)
	f := &faultOutcome{info: info, run: d.Run, begun: time.Now(), steady: healthOf(t.live).ok(), held: map[chaos.Expectation]string{}}
	for _, x := range info.Expect {
		f.findings = append(f.findings, event.Finding{Signal: x.Signal, Text: x.Text})
		if x.Signal == event.Recovers {
			f.recovery.Goal = x.Within
		}
	}
	t.faults[d.Fault] = f
	t.watchSignals(f)
	return t.applyVerdicts(f, t.judgeUnobservable)
}

// trackRevert judges a fault that is over. t.mu must be held.
func (t *outcomes) trackRevert(f *faultOutcome, cause event.Cause) []event.ExpectationDecided {
	f.reverted = time.Now()
	switch {
	case cause == event.CauseEndedByOthers:
		return t.abandonRecovery(f, endedByOthers)
	case !f.active:
		return t.abandonRecovery(f, "the fault could not be injected")
	case cause == event.CauseAbandoned:
		return t.abandonRecovery(f, "the fault was kept as it is")
	}
	f.lastBad = f.reverted
	f.recovery.Watching = true
	return t.applyVerdicts(f, t.judgeAtRevert(f))
}

// abandonRecovery leaves everything that is still open of a fault unknown. t.mu must be held.
func (t *outcomes) abandonRecovery(f *faultOutcome, why string) []event.ExpectationDecided {
	f.recovery.Reason = why
	return t.applyVerdicts(f, func(chaos.Expectation) (event.ExpectationVerdict, string) {
		return event.ExpectationUnknown, why
	})
}

// cancelRecovery stops the recovery clocks of other faults: what comes now is no longer their recovery.
func (t *outcomes) cancelRecovery(by string) {
	for id, f := range t.faults {
		if f.recovery.Watching && id != by {
			f.recovery.Watching = false
			f.recovery.Reason = "another fault began first"
		}
	}
}

// fill adds to states of faults what became of them.
func (t *outcomes) fill(states []FaultState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range states {
		if f := t.faults[states[i].Info.ID]; f != nil {
			states[i].Run, states[i].Reverted, states[i].Recovery, states[i].Findings, states[i].Effect = f.run, f.reverted, f.recovery, f.findings, f.effect
		}
	}
}

// observe applies a closed second: to the faults that are on, and to the recovery clocks.
func (t *outcomes) observe(o metric.Observation, live []slo.Result) {
	end := o.Window.Start.Add(o.Window.Length)
	bad, what := t.disturbed(o)
	overall := t.overall(o.Recent)
	now := healthOf(overall)
	on := map[string]bool{}
	for _, f := range t.states() {
		on[f.Info.ID] = f.On()
	}
	var decided []event.ExpectationDecided
	var recovered []event.PlatformRecovered
	t.mu.Lock()
	t.live = live
	for _, f := range t.faults {
		if on[f.info.ID] {
			f.noteBroken(live)
		}
		decided = append(decided, t.settleSignals(f, end)...)
		if f.reverted.IsZero() || o.Window.Start.Before(f.reverted) { // a second that the fault was in
			f.flows.during(o.Window.Flows)
			continue
		}
		if !f.recovery.Watching {
			continue
		}
		if bad {
			f.broken = cmp.Or(f.broken, what)
		}
		fails := f.flows.after(o.Window.Flows)
		if bad || fails {
			f.lastBad = end
		}
		since := end.Sub(f.reverted)
		switch r := &f.recovery; {
		case now.ok() && !bad && !fails && f.flows.recovered() && f.holdsAgain(overall, end):
			r.Watching, r.Done, r.Took = false, true, f.lastBad.Sub(f.reverted).Round(time.Second)
			r.Unbroken = f.broken == "" && !f.flows.anyHurt()
			back := event.PlatformRecovered{Injection: f.ref(), Seconds: r.Took.Seconds(), Unbroken: r.Unbroken, Unjudged: len(now.unknown)}
			if r.Unbroken && f.effect == nil {
				f.unbroken = &back
			} else {
				recovered = append(recovered, f.afterEffect(back))
			}
			decided = append(decided, t.applyVerdicts(f, recoversWithin(*r, now))...)
		case r.Goal > 0 && since > r.Goal:
			why := "not green after " + units.Duration(since.Round(time.Second))
			switch unwell := f.flows.unwell(); {
			case what != "":
				why += ": " + what
			case unwell != "":
				why += ": no second without failures of " + unwell + " since"
			}
			decided = append(decided, t.applyVerdicts(f, func(x chaos.Expectation) (event.ExpectationVerdict, string) {
				if x.Signal == event.Recovers {
					return event.ExpectationFailed, why
				}
				return event.ExpectationPending, ""
			})...)
		}
	}
	t.mu.Unlock()
	for _, back := range recovered {
		t.emit(objectives, back)
	}
	t.emitFindings(decided)
}

// noteBroken keeps which objectives break while the fault is on.
func (f *faultOutcome) noteBroken(live []slo.Result) {
	for i, v := range live {
		if v.State != slo.Fail {
			continue
		}
		f.broken = cmp.Or(f.broken, fmt.Sprintf("%s broke (%s)", v.Objective.Title(), v.ValueText()))
		if !slices.Contains(f.hurt, i) {
			f.hurt = append(f.hurt, i)
		}
	}
}

// holdsAgain reports whether each objective that broke holds over the sliding window. One that has too few samples to be
// judged does not once nothing bad is left in the window.
func (f *faultOutcome) holdsAgain(overall []slo.Result, end time.Time) bool {
	if end.Sub(f.lastBad) >= metric.RecentWindows*time.Second {
		return true
	}
	return !slices.ContainsFunc(f.hurt, func(i int) bool { return i < len(overall) && overall[i].State == slo.Unknown })
}

// recoveryText is a recovery time in words; one second is the finest that can be told.
func recoveryText(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return units.Duration(d.Round(time.Second))
}

// overall holds the objectives against the sliding window wherever they are about: by what is asked of the time outside of
// faults, the clock of a recovery stops.
func (t *outcomes) overall(recent *metric.Totals) []slo.Result {
	all := make([]slo.Result, len(t.config.Objectives))
	for i, o := range t.config.Objectives {
		all[i] = o.Evaluate(recent)
	}
	return all
}

// disturbed reports whether a second by itself breaks an objective. The sliding window that the verdicts
// on screen are made of still contains the fault for its whole length, which would make every recovery
// look that much longer.
func (t *outcomes) disturbed(o metric.Observation) (bad bool, what string) {
	second := o.Totals()
	for _, objective := range t.config.Objectives {
		if objective.Scope.During != "" { // says nothing of health
			continue
		}
		if v := objective.Evaluate(second); v.State == slo.Fail {
			return true, fmt.Sprintf("%s is at %s", objective.Title(), v.ValueText())
		}
	}
	return false, ""
}
