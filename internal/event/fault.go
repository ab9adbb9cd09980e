package event

import (
	"fmt"
	"strings"
)

// Injection names one injection of a fault.
type Injection struct {
	Fault string `json:"fault"` // llm_latency
	Title string `json:"title"` // LLM latency
	Run   int    `json:"run"`   // counts the injections of a session from 1; 0: it was not begun
}

// Cause is why a fault ended, or is about to.
type Cause string

// The causes.
const (
	CauseAsked         Cause = "asked"      // it was asked for, by the actor
	CauseTimeUp        Cause = "time_up"    // its time to live is over
	CauseHalt          Cause = "halt"       // a halt reverts everything
	CauseRunEnded      Cause = "run_ends"   // the session ends
	CauseDone          Cause = "done"       // a one-shot fault is over once it is applied
	CauseFailed        Cause = "failed"     // it could not be applied or changed
	CauseEndedByOthers Cause = "foreign"    // somebody else ended it
	CauseAbandoned     Cause = "kept"       // a person decided to leave it as it is: nothing was reverted
	CauseUnrecorded    Cause = "unrecorded" // it could not be written down, so nothing was touched
	CauseKilled        Cause = "killed"     // squall was killed, and its guard has reverted it
)

// words is the cause for people.
func (c Cause) words() string {
	return map[Cause]string{
		CauseAsked:         "on request",
		CauseTimeUp:        "its time is up",
		CauseHalt:          "halt",
		CauseRunEnded:      "the run ends",
		CauseDone:          "it is done",
		CauseFailed:        "it failed",
		CauseEndedByOthers: "somebody else ended it",
		CauseAbandoned:     "kept as it is",
		CauseUnrecorded:    "it could not be written down",
		CauseKilled:        "squall was killed",
	}[c]
}

// CauseText is why, for people, with what is known of it.
func CauseText(c Cause, detail string) string {
	if c == CauseFailed && detail != "" {
		return detail
	}
	if detail == "" {
		return c.words()
	}
	return c.words() + ": " + detail
}

// Fact is one line of a preflight: "Namespace", "xin-staging".
type Fact struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Answer is the answer of a check.
type Answer uint8

// The answers, from good to bad.
const (
	Passes  Answer = iota
	Warns          // the fault may go on; a person should know
	Refuses        // the fault must not begin
)

// String is the answer's word.
func (a Answer) String() string {
	if int(a) >= len(answerWords) {
		return "unknown"
	}
	return answerWords[a]
}

var answerWords = [...]string{"ok", "warning", "refused"}

// Check is one condition that was looked at: a right, a budget, a foreign qdisc.
type Check struct {
	Text   string `json:"text"` // what was looked at: "may create pods/eviction in xin-staging"
	Answer Answer `json:"answer"`
	Reason string `json:"reason,omitempty"` // why not, and what would help; "" when it passes
	// Steady is about how the platform is before the fault, and not about the fault.
	Steady bool `json:"steady,omitempty"`
}

// String is a check as one text. What was looked at is quoted: by itself it reads as if it were so.
func (c Check) String() string {
	answer, there := map[Answer]string{Warns: "gives a warning", Refuses: "failed"}[c.Answer]
	switch {
	case c.Reason == "":
		return c.Text
	case !there:
		return c.Text + ": " + c.Reason
	}
	return fmt.Sprintf("check %q %s: %s", c.Text, answer, c.Reason)
}

// FaultStarted is a fault that is about to be injected. It is on the disk before anything is touched.
type FaultStarted struct {
	Injection
	Driver  string            `json:"driver,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
	Summary string            `json:"summary,omitempty"` // of the parameters: "3 s ± 500 ms"
	Scope   string            `json:"scope,omitempty"`   // what is hit: "proxy llm-upstream"
	Cluster string            `json:"cluster,omitempty"` // Kubernetes: the context and the address of its API server
	TTL     float64           `json:"ttl,omitempty"`     // time to live, seconds
	Facts   []Fact            `json:"facts,omitempty"`   // of the preflight
	Checks  []Check           `json:"checks,omitempty"`  // of the preflight
	Expect  []Expected        `json:"expect,omitempty"`  // that each get a verdict
}

// Expected is what is expected of a fault.
type Expected struct {
	Signal Signal `json:"signal"`
	Text   string `json:"text"` // as the finding has it
}

// where is what is hit, and in which cluster: contexts of other clusters often have the same workloads.
func (d FaultStarted) where() string {
	if d.Cluster == "" {
		return d.Scope
	}
	return d.Scope + " at " + d.Cluster
}

// FaultActive is a fault that was applied and read back.
type FaultActive struct {
	Injection
	Scope    string   `json:"scope,omitempty"`
	TTL      float64  `json:"ttl,omitempty"` // seconds
	OneShot  bool     `json:"one_shot,omitempty"`
	Findings []string `json:"findings,omitempty"` // steps that were carried out in part
	Records  []string `json:"records,omitempty"`  // of the ledger, one per change
}

func (d FaultActive) text() string {
	text := fmt.Sprintf("%s is active on %s", d.Title, d.Scope)
	switch {
	case d.OneShot:
		text = fmt.Sprintf("%s done on %s", d.Title, d.Scope)
	case d.TTL > 0:
		text += " for " + seconds(d.TTL)
	}
	return with(text, strings.Join(d.Findings, "; "))
}

// ParamChange is one parameter that is other than before, in the form for people.
type ParamChange struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// FaultChanged is other parameters of an active fault.
type FaultChanged struct {
	Injection
	Params  map[string]string `json:"params,omitempty"` // all of them, as they are now
	Summary string            `json:"summary,omitempty"`
	Scope   string            `json:"scope,omitempty"`
	TTL     float64           `json:"ttl,omitempty"` // seconds
	Changes []ParamChange     `json:"changes,omitempty"`
}

func (d FaultChanged) text() string {
	parts := make([]string, len(d.Changes))
	for i, c := range d.Changes {
		parts[i] = fmt.Sprintf("%s %s → %s", strings.ToLower(c.Label), c.From, c.To)
	}
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	return d.Title + " changed: " + strings.Join(parts, ", ")
}

// FaultNotChanged is a change of an active fault that was refused; the fault goes on as it was.
type FaultNotChanged struct {
	Injection
	Reason string `json:"reason"`
}

// FaultReverting is a fault whose revert begins.
type FaultReverting struct {
	Injection
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail,omitempty"` // for CauseFailed the error, for CauseForeign the object that was changed
}

func (d FaultReverting) text() string {
	if d.Cause == CauseEndedByOthers {
		return fmt.Sprintf("%s was ended by somebody else: %s is not as squall had left it", d.Title, d.Detail)
	}
	return d.Title + " is being reverted: " + CauseText(d.Cause, d.Detail)
}

// FaultRetried is a revert that failed at first and is tried again.
type FaultRetried struct {
	Injection
	Reason string `json:"reason"`
}

// FaultReverted is the end of a fault, verified by reading back, unless the cause is CauseKept.
type FaultReverted struct {
	Injection
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail,omitempty"`
}

func (d FaultReverted) text() string {
	switch d.Cause {
	case CauseAbandoned:
		return d.Title + " stays as it is now, as was decided"
	case CauseEndedByOthers, CauseFailed:
		return "Nothing of " + d.Title + " is left; this was verified"
	case CauseUnrecorded:
		return d.Title + " has changed nothing"
	}
	return d.Title + " is reverted; this was verified"
}

// FaultRefused is a fault that was not begun.
type FaultRefused struct {
	Injection
	Driver string            `json:"driver,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	Scope  string            `json:"scope,omitempty"` // what it would have hit; "" when the plan could not be made
	Reason string            `json:"reason"`
	Facts  []Fact            `json:"facts,omitempty"`  // of the preflight
	Checks []Check           `json:"checks,omitempty"` // of the preflight
}

// FaultNotReverted is a fault whose revert failed for good; it waits for a decision.
type FaultNotReverted struct {
	Injection
	Reason   string   `json:"reason"`
	Remedies []string `json:"remedies,omitempty"` // what a person can run
}

// Decision on a fault that could not be reverted.
type Decision string

// The decisions.
const (
	Retry     Decision = "retry"
	Overwrite Decision = "overwrite" // revert it although somebody else has changed it
	Abandon   Decision = "abandon"   // leave it as it is now and forget its record
)

// FaultDecided is what a person decided about a fault that could not be reverted.
type FaultDecided struct {
	Injection
	Decision Decision `json:"decision"`
}

func (d FaultDecided) text() string {
	return d.Title + ": " + map[Decision]string{
		Retry:     "try again to revert it",
		Overwrite: "revert it over the change that somebody else made",
		Abandon:   "leave it as it is now",
	}[d.Decision]
}

// Ref is the injection that an event of a fault is about; every event of a fault has it.
func (i Injection) Ref() Injection { return i }
