package session

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// recoveryGoal is the platform's own: green again two minutes after a drill.
const recoveryGoal = 2 * time.Minute

// following is what became of a fault's last injection. Guarded by Session.mu; its findings are
// replaced, never changed, for snapshots share them.
type following struct {
	info     chaos.Info
	run      int
	begun    time.Time
	undone   time.Time
	recovery Recovery
	lastBad  time.Time // end of the last second after the undo that broke an objective
	steady   bool      // objectives were green when it began
	active   bool      // it was applied: before that there is nothing to judge
	broken   string    // the first objective that broke while it was on
	findings []chaos.Finding
}

// endedByOthers is why nothing can be said of a fault's expectations.
const endedByOthers = "somebody else ended the fault"

// steady looks at the objectives as they are before a fault.
func (s *Session) steady() []chaos.Check {
	if s.config.SteadyState == IgnoreUnsteady {
		return nil
	}
	s.mu.Lock()
	h := healthOf(s.view.live)
	s.mu.Unlock()
	check := chaos.Check{Text: "steady state: objectives are green", Answer: chaos.Passes}
	switch {
	case !h.green():
		check.Answer, check.Reason = chaos.Warns, h.trouble()
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

func healthOf(verdicts []load.Verdict) (h objectiveHealth) {
	for _, v := range verdicts {
		switch v.State {
		case load.Fail:
			h.broken = append(h.broken, fmt.Sprintf("%s (%s)", plain(v.Objective), measured(v)))
		case load.Pass:
			h.passed++
		case load.Unknown:
			h.unknown = append(h.unknown, plain(v.Objective))
		}
	}
	return h
}

// green tells that none fails and one at least passes. What has too few samples to be judged does not
// speak against it, and is named wherever it matters.
func (h objectiveHealth) green() bool { return len(h.broken) == 0 && h.passed > 0 }

// trouble says why it is not green.
func (h objectiveHealth) trouble() string {
	if len(h.broken) > 0 {
		return "broken now: " + strings.Join(h.broken, ", ")
	}
	return "no objective has enough samples yet"
}

// but names what could not be judged, behind a verdict.
func (h objectiveHealth) but(text string) string {
	if len(h.unknown) == 0 {
		return text
	}
	return text + "; too few samples to judge " + strings.Join(h.unknown, ", ")
}

// followFault keeps what an event of the engine means for recovery and expectations.
func (s *Session) followFault(e chaos.Event, written bool) {
	s.mu.Lock()
	var decided []rundir.Expected
	switch e.Kind {
	case chaos.EventBegins:
		if !written { // it does not begin
			break
		}
		s.view.chaos++
		s.interrupt(e.Fault.ID)
		f := &following{info: e.Fault, run: e.Run, begun: time.Now(), steady: healthOf(s.view.live).green()}
		for _, x := range e.Fault.Expect {
			f.findings = append(f.findings, chaos.Finding{Text: x.Text})
			if x.Sight == chaos.Recovers {
				f.recovery.Goal = x.Within
			}
		}
		s.view.follow[e.Fault.ID] = f
		decided = s.decide(f, func(x chaos.Expectation) (chaos.Verdict, string) { return unseen(x, s.config.Watch != nil) })
	case chaos.EventActive:
		if f := s.view.follow[e.Fault.ID]; f != nil && f.run == e.Run {
			f.active = true
		}
	case chaos.EventUndo:
		if f := s.view.follow[e.Fault.ID]; f != nil && f.run == e.Run && e.Reason == chaos.ReasonGone {
			f.recovery.Reason = endedByOthers
			decided = s.decide(f, func(chaos.Expectation) (chaos.Verdict, string) { return chaos.Unknown, endedByOthers })
		}
	case chaos.EventOver:
		switch f := s.view.follow[e.Fault.ID]; {
		case f == nil || f.run != e.Run:
		case !f.active || e.Reason == chaos.ReasonKept || e.Reason == chaos.ReasonGone:
			why := "the fault could not be injected"
			switch {
			case e.Reason == chaos.ReasonGone:
				why = endedByOthers
			case f.active:
				why = "the fault was kept as it is"
			}
			f.undone, f.recovery.Reason = time.Now(), why
			decided = s.decide(f, func(chaos.Expectation) (chaos.Verdict, string) { return chaos.Unknown, why })
		default:
			f.undone = time.Now()
			f.lastBad = f.undone
			f.recovery.Watching = true
			decided = s.decide(f, s.afterwards(f))
		}
	case chaos.EventRefused, chaos.EventChanged, chaos.EventRetry, chaos.EventStuck:
	}
	s.mu.Unlock()
	s.tellFindings(decided)
}

// interrupt stops the recovery clocks of other faults: what comes now is no longer their recovery.
func (s *Session) interrupt(by string) {
	for id, f := range s.view.follow {
		if f.recovery.Watching && id != by {
			f.recovery.Watching = false
			f.recovery.Reason = "another fault began first"
		}
	}
}

// watchRecovery holds a closed second against the faults that are on and the clocks that run.
func (s *Session) watchRecovery(o load.Observation, live []load.Verdict) {
	end := o.Window.Start.Add(o.Window.Length)
	bad, what := s.broke(o)
	now := healthOf(live)
	on := map[string]bool{}
	for _, f := range s.engine.Snapshot() {
		on[f.Info.ID] = f.On()
	}
	var decided []rundir.Expected
	var recovered []*following
	s.mu.Lock()
	for _, f := range s.view.follow {
		for _, v := range live {
			if on[f.info.ID] && v.State == load.Fail && f.broken == "" {
				f.broken = fmt.Sprintf("%s broke (%s)", plain(v.Objective), measured(v))
			}
		}
		if !f.recovery.Watching {
			continue
		}
		if o.Window.Start.Before(f.undone) {
			continue // a second that the fault was still in
		}
		if bad {
			f.lastBad = end
			f.broken = cmp.Or(f.broken, what)
		}
		since := end.Sub(f.undone)
		switch r := &f.recovery; {
		case now.green() && !bad:
			r.Watching, r.Done, r.Took = false, true, f.lastBad.Sub(f.undone).Round(time.Second)
			r.Unbroken = f.broken == "" && f.steady
			copied := *f
			recovered = append(recovered, &copied)
			decided = append(decided, s.decide(f, recoversWithin(*r, now))...)
		case r.Goal > 0 && since > r.Goal:
			why := "not green after " + chaos.Words(since.Round(time.Second))
			if what != "" {
				why += ": " + what
			}
			decided = append(decided, s.decide(f, func(x chaos.Expectation) (chaos.Verdict, string) {
				if x.Sight == chaos.Recovers {
					return chaos.Fail, why
				}
				return chaos.Open, ""
			})...)
		}
	}
	s.mu.Unlock()
	for _, f := range recovered {
		text := fmt.Sprintf("%s: objectives are green again, %s after it was taken back", f.info.Title, took(f.recovery.Took))
		if f.recovery.Unbroken {
			text = f.info.Title + ": objectives stayed green all the time"
		}
		s.say(rundir.FaultRecovered, objectives, text,
			rundir.Fault{Fault: f.info.ID, Title: f.info.Title, Run: f.run, Seconds: f.recovery.Took.Seconds()})
	}
	s.tellFindings(decided)
}

// took is a recovery time in words; one second is the finest that can be told.
func took(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return chaos.Words(d.Round(time.Second))
}

// broke tells whether a second by itself breaks an objective. The sliding window that the verdicts
// on screen are made of drags the fault along for its whole length, which would make every recovery
// look that much longer.
func (s *Session) broke(o load.Observation) (bad bool, what string) {
	second := &load.Totals{Latency: o.Latency, Counts: o.Window.Series, Seconds: o.Window.Length.Seconds(), Missed: o.Window.Missed, Checks: o.Checks}
	for _, objective := range s.config.Objectives {
		if v := objective.Evaluate(second); v.State == load.Fail {
			return true, fmt.Sprintf("%s is at %s", plain(objective), measured(v))
		}
	}
	return false, ""
}
