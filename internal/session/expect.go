package session

import (
	"fmt"
	"slices"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
)

// unseen decides at once what squall has no eyes for yet.
func unseen(x chaos.Expectation, scaling bool) (chaos.Verdict, string) {
	switch x.Sight {
	case chaos.Alerts:
		return chaos.Unknown, "squall does not read alerts yet"
	case chaos.StaysLow, chaos.FallsBack:
		return chaos.Unknown, "squall does not read the platform's metrics yet"
	case chaos.Scales:
		if !scaling {
			return chaos.Unknown, "no Kubernetes to watch"
		}
	case chaos.Recovers, chaos.Holds:
	}
	return chaos.Open, ""
}

// afterwards decides, when the fault is back, what was expected while it was on.
func (s *Session) afterwards(f *following) func(chaos.Expectation) (chaos.Verdict, string) {
	return func(x chaos.Expectation) (chaos.Verdict, string) {
		switch {
		case x.Sight == chaos.Holds && f.broken != "" && !f.steady:
			return chaos.Unknown, f.broken + ", but objectives were not green before either"
		case x.Sight == chaos.Holds && f.broken != "":
			return chaos.Fail, f.broken
		case x.Sight == chaos.Holds && !f.steady:
			return chaos.Unknown, "objectives were not known to be green before"
		case x.Sight == chaos.Holds:
			return chaos.Pass, healthOf(s.view.live).but("no objective broke")
		case x.Sight == chaos.Scales:
			return s.scaledEnough(x, f.begun)
		}
		return chaos.Open, ""
	}
}

// decide gives every open expectation of a fault its verdict, where there is one. It returns what
// became known, for the journal. Session.mu is held.
func (s *Session) decide(f *following, judge func(chaos.Expectation) (chaos.Verdict, string)) (decided []rundir.Expected) {
	next := slices.Clone(f.findings)
	for i, x := range f.info.Expect {
		if next[i].Verdict != chaos.Open {
			continue
		}
		next[i].Verdict, next[i].Reason = judge(x)
		if next[i].Verdict != chaos.Open {
			decided = append(decided, rundir.Expected{Fault: f.info.ID, Title: f.info.Title, Run: f.run, Finding: next[i]})
		}
	}
	f.findings = next
	return decided
}

// tellFindings writes down what was decided. What could not be judged is no news for the timeline: the
// fault's own row counts it, and the journal has it for the report.
func (s *Session) tellFindings(decided []rundir.Expected) {
	for _, d := range decided {
		word := map[chaos.Verdict]string{chaos.Pass: "held", chaos.Fail: "failed", chaos.Unknown: "unknown"}[d.Verdict]
		text := fmt.Sprintf("%s, expected: %s: %s (%s)", d.Title, d.Text, word, d.Reason)
		if d.Verdict != chaos.Unknown {
			s.say(rundir.Expectation, squall, text, d)
			continue
		}
		e, err := s.event(rundir.Expectation, squall, text, d)
		if err == nil {
			err = s.writer.Event(e, false)
		}
		if err != nil {
			s.suffer(err)
		}
	}
}

// recoversWithin decides what is expected of a recovery that is over.
func recoversWithin(r Recovery, h objectiveHealth) func(chaos.Expectation) (chaos.Verdict, string) {
	return func(x chaos.Expectation) (chaos.Verdict, string) {
		switch {
		case x.Sight != chaos.Recovers:
			return chaos.Open, ""
		case r.Unbroken:
			return chaos.Pass, h.but("objectives stayed green all the time")
		case x.Within > 0 && r.Took > x.Within:
			return chaos.Fail, h.but("took " + took(r.Took))
		}
		return chaos.Pass, h.but("took " + took(r.Took))
	}
}

// unfinished gives what is still open at the end of the run its verdict: unknown, and why.
func (s *Session) unfinished() {
	stuck := map[string]bool{}
	for _, f := range s.engine.Snapshot() {
		stuck[f.Info.ID] = f.State == chaos.Stuck
	}
	var decided []rundir.Expected
	s.mu.Lock()
	for _, f := range s.view.follow {
		why := "the run ended before the fault was taken back"
		if !f.undone.IsZero() {
			why = "the run ended " + took(time.Since(f.undone)) + " after the fault was taken back, before objectives could be judged green"
		}
		if f.recovery.Reason != "" {
			why = f.recovery.Reason
		}
		if f.recovery.Watching {
			f.recovery.Watching, f.recovery.Reason = false, why
		}
		left := f.undone.IsZero() && stuck[f.info.ID]
		decided = append(decided, s.decide(f, func(x chaos.Expectation) (chaos.Verdict, string) {
			if left && x.Sight == chaos.Recovers {
				return chaos.Fail, "the fault could not be taken back"
			}
			return chaos.Unknown, why
		})...)
	}
	s.mu.Unlock()
	s.tellFindings(decided)
}
