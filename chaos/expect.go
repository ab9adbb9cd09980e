package chaos

import "time"

// Sight is what an expectation looks at.
type Sight uint8

// What can be expected of the platform during and after a fault.
const (
	Recovers  Sight = iota // objectives are green again within Within after the undo
	Holds                  // no objective breaks while the fault is on
	Alerts                 // the alert Name fires within Within after the injection (0: while the fault is on)
	Scales                 // the autoscaler Name reaches Bound replicas, 0: its maximum
	StaysLow               // the metric Name stays below Bound
	FallsBack              // the metric Name, a counter of fallbacks, grows
)

// Expectation is one thing that the platform should do around a fault.
type Expectation struct {
	Sight  Sight
	Name   string
	Within time.Duration
	Bound  float64
	Text   string // for people: "recovers within 2 min"
}

// Verdict on an expectation.
type Verdict string

// The verdicts. Open ones are still being watched.
const (
	Open    Verdict = ""
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// Finding is an expectation with its verdict.
type Finding struct {
	Text    string  `json:"text"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason,omitempty"` // what was seen, or why nothing could be
}
