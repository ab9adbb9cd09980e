package slo

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
)

// line is a run of some events, which has ended unless they say how.
func line(data ...any) *timeline.Timeline {
	var events []event.Event
	ended := false
	for _, d := range data {
		_, is := d.(event.RunEnded)
		ended = ended || is
	}
	if !ended {
		data = append(data, event.RunEnded{Cause: event.EndAsked})
	}
	for i, d := range data {
		events = append(events, event.Make(time.Time{}, float64(i), event.By(event.RoleSchedule), d))
	}
	return timeline.Of(events)
}

func objective(state State, asked bool) Judged {
	return Judged{Result: Result{Objective: DefaultObjectives()[0], State: state, Reason: "because"}, Asked: asked}
}

// timed is a run of a minute that ended early.
func timed(cause event.EndCause, detail string) *timeline.Timeline {
	return timeline.Of([]event.Event{
		event.Make(time.Time{}, 0, event.By(event.RoleSquall), event.RunStarted{Duration: 60}),
		event.Make(time.Time{}, 9, event.By(event.RoleSquall), event.RunEnded{Cause: cause, Detail: detail}),
	})
}

func TestJudge(t *testing.T) {
	llm := event.Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}
	started, active := event.FaultStarted{Injection: llm}, event.FaultActive{Injection: llm}
	failedExpectation := event.ExpectationDecided{Injection: llm, Finding: event.Finding{Text: "recovers", Verdict: event.ExpectationFailed}}
	unread := event.ConditionUnread{What: event.ConditionStopRule, Rule: "prometheus: up < 1 for 5s", Never: true, Reason: "it has no series"}
	pass := []Judged{objective(Pass, false)}
	with := func(state State, asked bool) []Judged {
		return []Judged{objective(Pass, true), objective(state, asked)}
	}
	for _, c := range []struct {
		name   string
		run    Run
		answer Answer
		exit   int
		worst  ReasonKind
	}{
		{"all held", Run{Objectives: pass, Line: line(), Answered: 9}, Passed, 0, 0},
		{"no objective at all", Run{Line: line(), Answered: 9}, Passed, 0, 0},
		{"failed", Run{Objectives: with(Fail, false), Line: line(), Answered: 9}, Failed, 99, ObjectiveFailed},
		{"unknown and built in", Run{Objectives: with(Unknown, false), Line: line(), Answered: 9}, Passed, 0, 0},
		{"unknown and asked for", Run{Objectives: with(Unknown, true), Line: line(), Answered: 9}, NotJudged, 98, ObjectiveUnknown},
		{"unknown and asked for, passes", Run{Objectives: with(Unknown, true), Line: line(), Answered: 9, Policy: Policy{Unknown: UnknownPasses}}, Passed, 0, 0},
		{"unknown and built in, fails", Run{Objectives: with(Unknown, false), Line: line(), Answered: 9, Policy: Policy{Unknown: UnknownFails}}, Failed, 99, ObjectiveFailed},
		{"unknown beside failed", Run{Objectives: append(with(Unknown, true), objective(Fail, false)), Line: line(), Answered: 9}, Failed, 99, ObjectiveFailed},
		{"cannot be read", Run{Objectives: pass, Unreadable: 1, Line: line(), Answered: 9}, NotJudged, 98, ObjectiveUnknown},
		{"nothing answered", Run{Objectives: pass, Line: line()}, NotJudged, 98, NothingMeasured},
		{"nothing answered and failed", Run{Objectives: with(Fail, false), Line: line()}, Failed, 99, ObjectiveFailed},
		{"counts are missing", Run{Objectives: pass, Line: line(), Answered: 9, Missing: "counts"}, NotJudged, 98, NothingMeasured},
		{"expectation", Run{Objectives: pass, Line: line(started, active, failedExpectation), Answered: 9}, Failed, 99, ExpectationFailed},
		{"expectation, warns", Run{Objectives: pass, Line: line(started, active, failedExpectation), Answered: 9, Policy: Policy{WarnExpectations: true}}, Passed, 0, 0},
		{"fault refused", Run{Objectives: pass, Line: line(event.FaultRefused{}), Answered: 9}, Failed, 1, NotInjected},
		{"schedule refused", Run{Objectives: pass, Line: line(event.CommandRefused{Command: "inject"}), Answered: 9}, Failed, 1, NotInjected},
		{"another command refused", Run{Objectives: pass, Line: line(event.CommandRefused{Command: "spike"}), Answered: 9}, Passed, 0, 0},
		{"could not be applied", Run{Objectives: pass, Line: line(started, event.FaultReverting{Injection: llm, Cause: event.CauseFailed, Detail: "405"}, event.FaultReverted{Injection: llm}), Answered: 9}, Failed, 1, NotInjected},
		{"not reverted", Run{Objectives: with(Fail, true), Line: line(started, active, event.FaultNotReverted{Injection: llm}), Answered: 9}, Failed, 3, NotReverted},
		{"not reverted at the end", Run{Objectives: pass, Line: line(event.RunEnded{NotReverted: []string{"x"}}), Answered: 9}, Failed, 3, NotReverted},
		{"killed", Run{Objectives: pass, Line: &timeline.Timeline{}, Answered: 9}, NotJudged, 98, NotEnded},
		{"killed and failed", Run{Objectives: with(Fail, false), Line: &timeline.Timeline{}, Answered: 9}, Failed, 99, ObjectiveFailed},
		{"ended by a stop rule", Run{Objectives: pass, Line: line(event.RunEnded{Cause: event.EndStopRule, Detail: "rule"}), Answered: 9}, Failed, 99, StopRuleMet},
		{"ended by a signal", Run{Objectives: pass, Line: timed(event.EndSignal, "terminated"), Answered: 9}, NotJudged, 1, CutShort},
		{"ended by a signal and failed", Run{Objectives: with(Fail, false), Line: timed(event.EndSignal, "hangup"), Answered: 9}, Failed, 1, CutShort},
		{"ended by Ctrl-C", Run{Objectives: pass, Line: timed(event.EndSignal, event.Interrupt), Answered: 9}, Passed, 0, 0},
		{"ended by the operator", Run{Objectives: pass, Line: timed(event.EndAsked, ""), Answered: 9}, Passed, 0, 0},
		{"ended by a signal, without a planned time", Run{Objectives: pass, Line: line(event.RunEnded{Cause: event.EndSignal, Detail: "terminated"}), Answered: 9}, Passed, 0, 0},
		{"a stop rule was never read", Run{Objectives: pass, Line: line(unread), Answered: 9}, NotJudged, 98, StopRuleUnknown},
		{"a stop rule was never read, passes", Run{Objectives: pass, Line: line(unread), Answered: 9, Policy: Policy{Unknown: UnknownPasses}}, Passed, 0, 0},
		{"a stop rule was never read, fails", Run{Objectives: pass, Line: line(unread), Answered: 9, Policy: Policy{Unknown: UnknownFails}}, Failed, 99, StopRuleUnread},
		{"a stop rule was not read for a part", Run{Objectives: pass, Line: line(event.ConditionUnread{What: event.ConditionStopRule, Unread: 9}), Answered: 9}, Passed, 0, 0},
		{"a steady state was never read", Run{Objectives: pass, Line: line(event.ConditionUnread{What: event.ConditionSteadyState, Never: true}), Answered: 9}, Passed, 0, 0},
		{"not all was sent", Run{Objectives: pass, Line: line(), Answered: 900, Requests: 980, Unsent: 20}, NotJudged, 98, LoadNotSent},
		{"nearly all was sent", Run{Objectives: pass, Line: line(), Answered: 900, Requests: 992, Unsent: 8}, Passed, 0, 0},
		{"squall failed", Run{Objectives: with(Fail, true), Line: line(event.SquallFailed{Error: "x"}), Answered: 9}, Failed, 1, SquallFailed},
	} {
		v := Judge(c.run)
		if v.Answer != c.answer || v.Exit != c.exit || (len(v.Reasons) > 0 && v.Reasons[0].Kind != c.worst) || (len(v.Reasons) == 0) != (c.answer == Passed) {
			t.Errorf("%s: %s, exit code %d, reasons %+v; want %s, %d", c.name, v.Answer, v.Exit, v.Reasons, c.answer, c.exit)
		}
	}
}

// What k6's reader finds crossed is what the exit code goes by.
func TestCrossed(t *testing.T) {
	for state, want := range map[State]bool{Pass: false, Fail: true, Unknown: false} {
		o := objective(state, false)
		if got := Judge(Run{Objectives: []Judged{o}, Line: line(), Answered: 1}).Crossed(o); got != want {
			t.Errorf("%s is crossed: %v", state, got)
		}
	}
	if asked := objective(Unknown, true); !Judge(Run{Objectives: []Judged{asked}, Line: line(), Answered: 1}).Crossed(asked) {
		t.Error("an objective that was asked for and not judged is not crossed")
	}
}
