// Package slo gives a run its verdict. There is one: the exit code, the last lines on the terminal, the
// report and the k6 summary all show it, and none of them judges by itself.
package slo

import (
	"fmt"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// Answer is the verdict in one word.
type Answer uint8

// The answers. A run that could not be judged is not one that passed: absence must not look like health.
const (
	NotJudged Answer = iota
	Passed
	Failed
)

// String is the answer for people.
func (a Answer) String() string { return [...]string{"not judged", "passed", "failed"}[a] }

// The exit codes of a run.
const (
	ExitPassed      = 0
	ExitError       = 1  // squall itself, or a fault that was asked for and not injected
	ExitUsage       = 2  // flags or configuration; no run has it
	ExitNotReverted = 3  // something is still changed on the target
	ExitNotJudged   = 98 // an objective or a stop rule that was asked for, or the whole run, could not be judged
	ExitFailed      = 99 // an objective or an expectation failed, as with k6
)

// Policy is how strictly a run is judged.
type Policy struct {
	WarnExpectations bool        // a failed expectation is named, and costs nothing
	Unknown          UnknownRule // what an objective or a stop rule that could not be judged counts as
}

// UnknownRule is what an objective or a stop rule that could not be judged counts as.
type UnknownRule string

// The rules.
const (
	UnknownAsAsked UnknownRule = ""     // not judged when it was asked for, else nothing
	UnknownFails   UnknownRule = "fail" // as a failure
	UnknownPasses  UnknownRule = "pass" // as nothing
)

// Judged is an objective with what came of it.
type Judged struct {
	Result
	Asked bool    // by flag, variable or file; else it is built in
	Scope Scope   // the part of the run that it was held against
	Whole *Result // of the whole run, when Scope is a part of it
}

// Run is what a verdict is made of.
type Run struct {
	Objectives []Judged
	Unreadable int // objectives that could not be read, and so not judged
	Line       *timeline.Timeline
	Answered   uint64 // messages that the gateway answered, whatever it said
	Unsent     uint64 // requests that never left this machine
	Requests   uint64 // that ended, of the platform
	Missing    string // why nothing can be judged, such as counts that were lost; "" if nothing is missing
	Policy     Policy
}

// ReasonKind describes what a reason of a verdict is about.
type ReasonKind uint8

// The kinds, the worst first: the exit code goes by the first that there is.
const (
	NotReverted       ReasonKind = iota // something is still changed on the target
	SquallFailed                        // squall itself failed
	NotInjected                         // a fault that was asked for was not injected
	CutShort                            // a signal ended the run before its time
	ObjectiveFailed                     // an objective failed
	ExpectationFailed                   // an expectation of a fault failed
	StopRuleMet                         // a stop rule ended the run
	StopRuleUnread                      // as StopRuleUnknown, where what is not known fails
	NotEnded                            // the run was killed, or goes on
	NothingMeasured                     // the gateway answered nothing, or counts are missing
	LoadNotSent                         // a part of the load never left this machine
	ObjectiveUnknown                    // an objective that was asked for could not be judged
	StopRuleUnknown                     // a stop rule could not be held against anything in the whole run
)

// reasonRow describes what a kind of reason makes of the run.
var reasonRows = [...]struct {
	exit   int
	answer Answer
}{
	NotReverted:       {ExitNotReverted, Failed},
	SquallFailed:      {ExitError, Failed},
	NotInjected:       {ExitError, Failed},
	CutShort:          {ExitError, NotJudged},
	ObjectiveFailed:   {ExitFailed, Failed},
	ExpectationFailed: {ExitFailed, Failed},
	StopRuleMet:       {ExitFailed, Failed},
	StopRuleUnread:    {ExitFailed, Failed},
	NotEnded:          {ExitNotJudged, NotJudged},
	NothingMeasured:   {ExitNotJudged, NotJudged},
	LoadNotSent:       {ExitNotJudged, NotJudged},
	ObjectiveUnknown:  {ExitNotJudged, NotJudged},
	StopRuleUnknown:   {ExitNotJudged, NotJudged},
}

// Reason is why a run did not simply pass.
type Reason struct {
	Kind   ReasonKind
	About  string // the objective, the fault, the object
	Detail string // one line; may be ""
}

// Verdict is the one verdict of a run.
type Verdict struct {
	Answer  Answer
	Exit    int
	Reasons []Reason // the worst first; none when it passed
	Run     Run      // what was judged
}

// Judge returns the verdict.
func Judge(r Run) Verdict { return r.judge(append(r.SoFar().Reasons, ending(r)...)) }

// SoFar is the verdict if the run came to its end now, as it should.
func (r Run) SoFar() Verdict {
	var found []Reason
	for _, collect := range []func(Run) []Reason{changes, failures, injections, objectives, expectations, stopRules, measurement} {
		found = append(found, collect(r)...)
	}
	return r.judge(found)
}

// judge makes the verdict of what was found.
func (r Run) judge(found []Reason) Verdict {
	v := Verdict{Answer: Passed, Exit: ExitPassed, Run: r}
	for kind := range ReasonKind(len(reasonRows)) {
		for _, reason := range found {
			if reason.Kind == kind {
				v.Reasons = append(v.Reasons, reason)
			}
		}
	}
	if len(v.Reasons) > 0 {
		v.Answer, v.Exit = NotJudged, reasonRows[v.Reasons[0].Kind].exit
		for _, reason := range v.Reasons {
			v.Answer = max(v.Answer, reasonRows[reason.Kind].answer)
		}
	}
	return v
}

// changes are what is still changed on the target.
func changes(r Run) (found []Reason) {
	if r.Line.End != nil {
		for _, left := range r.Line.End.Data.NotReverted {
			found = append(found, Reason{NotReverted, left, ""})
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, i := range r.Line.Injections {
		if i.StillChanged() { // a fault can be stuck without a record in the ledger
			found = append(found, Reason{NotReverted, i.Label, i.NotReverted.Data.Reason})
		}
	}
	return found
}

// failures are those of squall itself, each once.
func failures(r Run) (found []Reason) {
	seen := map[string]bool{}
	for _, f := range r.Line.Failures {
		if text := f.Data.Error; !seen[text] {
			seen[text] = true
			found = append(found, Reason{SquallFailed, "squall", text})
		}
	}
	return found
}

// injections are faults that were asked for and did not happen.
func injections(r Run) (found []Reason) {
	for _, refused := range r.Line.Refused {
		found = append(found, Reason{NotInjected, refused.Data.Title, refused.Data.Reason})
	}
	for _, c := range r.Line.Commands {
		if c.By.Role == event.RoleSchedule && c.Data.Command == "inject" {
			found = append(found, Reason{NotInjected, c.Data.Title, c.Data.Reason})
		}
	}
	for _, i := range r.Line.Injections {
		if i.NotApplied() {
			found = append(found, Reason{NotInjected, i.Label, i.Reverting.Data.Detail})
		}
	}
	return found
}

func objectives(r Run) (found []Reason) {
	for _, o := range r.Objectives {
		kind, ok := ObjectiveFailed, o.State == Fail
		if o.State == Unknown {
			switch r.Policy.Unknown {
			case UnknownFails:
				ok = true
			case UnknownPasses:
			case UnknownAsAsked:
				kind, ok = ObjectiveUnknown, o.Asked
			}
		}
		if ok {
			found = append(found, Reason{kind, o.Objective.String(), o.Reason})
		}
	}
	if r.Unreadable > 0 {
		found = append(found, Reason{ObjectiveUnknown, fmt.Sprintf("%d of the objectives", r.Unreadable), "not readable"})
	}
	return found
}

func expectations(r Run) (found []Reason) {
	if r.Policy.WarnExpectations {
		return nil
	}
	for _, i := range r.Line.Injections {
		for _, f := range i.Findings {
			if f.Verdict == event.ExpectationFailed {
				found = append(found, Reason{ExpectationFailed, i.Label + ", " + f.Text, f.Reason})
			}
		}
	}
	return found
}

// stopRules are those that guarded nothing: there are none unless they were asked for.
func stopRules(r Run) (found []Reason) {
	kind := StopRuleUnknown
	switch r.Policy.Unknown {
	case UnknownPasses:
		return nil
	case UnknownFails:
		kind = StopRuleUnread
	case UnknownAsAsked:
	}
	for _, u := range r.Line.Unread {
		if u.Data.What == event.ConditionStopRule && u.Data.Never {
			found = append(found, Reason{kind, u.Data.Rule, u.Data.Reason})
		}
	}
	return found
}

// ending is whether the run came to an end of its own. One that was killed has not shown what it was to show, and one
// that a stop rule ended has shown what must not be.
func ending(r Run) []Reason {
	switch end := r.Line.End; {
	case end == nil:
		return []Reason{{NotEnded, "the run", "it was killed, or goes on"}}
	case end.Data.Cause == event.EndStopRule:
		return []Reason{{StopRuleMet, "the run", end.Data.Detail}}
	case end.Data.Cause == event.EndSignal && end.Data.Detail != event.Interrupt && r.Line.Start.Duration > 0:
		return []Reason{{CutShort, "the run", fmt.Sprintf("%s, after %s of %s", end.Data.Detail, lasted(end.At), lasted(r.Line.Start.Duration))}}
	}
	return nil
}

// mostUnsent is the share of requests that may fail to leave this machine. A run with more of them has not shown how the
// platform bears the load that was asked for; it is the share of failed requests that the performance plan allows.
const mostUnsent = 0.01

func lasted(seconds float64) string {
	return units.Duration(time.Duration(seconds * float64(time.Second)).Round(time.Second))
}

// measurement is whether there was anything to judge.
func measurement(r Run) []Reason {
	switch {
	case r.Missing != "":
		return []Reason{{NothingMeasured, "the run", r.Missing}}
	case r.Answered == 0 && r.Policy.Unknown != UnknownPasses:
		return []Reason{{NothingMeasured, "the run", "the gateway answered no message"}}
	case float64(r.Unsent) > mostUnsent*float64(r.Unsent+r.Requests):
		return []Reason{{LoadNotSent, "the load", fmt.Sprintf("%s of %s requests never left this machine", units.Count(r.Unsent), units.Count(r.Unsent+r.Requests))}}
	}
	return nil
}

// Crossed reports whether an objective counts against the run: what k6 calls a crossed threshold.
func (v Verdict) Crossed(o Judged) bool {
	for _, reason := range v.Reasons {
		if (reason.Kind == ObjectiveFailed || reason.Kind == ObjectiveUnknown) && reason.About == o.Objective.String() {
			return true
		}
	}
	return false
}
