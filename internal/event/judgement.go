package event

import (
	"fmt"
	"time"

	"xinbot.ir/squall/internal/units"
)

// ObjectiveBroken is an objective that no longer holds over the sliding window.
type ObjectiveBroken struct {
	Objective string  `json:"objective"` // as it was written: "gateway_latency: p(95)<1500"
	Title     string  `json:"title"`     // for people: "gateway latency p(95)<1500"
	Value     float64 `json:"value"`     // in the unit of the objective
	Measured  string  `json:"measured"`  // the value with its unit
}

// ObjectiveRecovered is an objective that holds again.
type ObjectiveRecovered struct {
	Objective string  `json:"objective"`
	Title     string  `json:"title"`
	Value     float64 `json:"value"`
	Measured  string  `json:"measured"`
}

// StopRuleMet is a stop rule whose condition lasted long enough.
type StopRuleMet struct {
	Rule     string  `json:"rule"`  // as it was written
	Title    string  `json:"title"` // its condition, for people
	For      float64 `json:"for"`   // seconds
	Value    float64 `json:"value"`
	Measured string  `json:"measured"`
}

// Condition is what a run was to be held against from the platform's own numbers, or its own.
type Condition string

// The conditions.
const (
	ConditionStopRule    Condition = "stop_rule"
	ConditionSteadyState Condition = "steady_state"
)

// Title is the kind of condition for people, as a sentence begins.
func (c Condition) Title() string {
	if c == ConditionSteadyState {
		return "Steady state"
	}
	return "Stop rule"
}

// ConditionUnread is a stop rule or a steady-state condition of which nothing was known for a part of the run, or at all:
// what it was to guard against could have happened then unseen.
type ConditionUnread struct {
	What   Condition `json:"what"`
	Rule   string    `json:"rule"` // as it was written
	Title  string    `json:"title"`
	Unread float64   `json:"unread"` // seconds in all
	Of     float64   `json:"of"`     // seconds of the run
	Never  bool      `json:"never,omitempty"`
	Reason string    `json:"reason"` // the last
}

func (d ConditionUnread) text() string {
	return d.What.Title() + " " + d.Title + " " + d.Extent() + ": " + d.Reason
}

// Extent is for how long nothing was known: "could not be read for 40 s of 2 min".
func (d ConditionUnread) Extent() string {
	if d.Never {
		return "could never be told"
	}
	return "could not be told for " + units.Lasted(duration(d.Unread)) + " of " + units.Lasted(duration(d.Of))
}

// GeneratorSaturated is the load generator at its own limit: what is measured now may be its fault.
type GeneratorSaturated struct {
	Reason string `json:"reason"`
}

// GeneratorRecovered is a generator that is no longer saturated.
type GeneratorRecovered struct{}

// GeneratorAway is the load generator that did not run for a while: it was suspended, starved of processor time, or
// the machine slept. What was under way then has no latency, and what fell due was not sent.
type GeneratorAway struct {
	Lasted  float64 `json:"lasted"`            // seconds
	Skipped uint64  `json:"skipped,omitempty"` // sends
}

func (d GeneratorAway) text() string {
	text := "The generator was away for " + units.Lasted(duration(d.Lasted))
	if d.Skipped > 0 {
		text += ", " + units.Counted(d.Skipped, "send", "sends") + " skipped"
	}
	return text
}

// Signal is what an expectation looks at.
type Signal string

// The signals.
const (
	Recovers         Signal = "recovers"          // objectives are green again after the revert, in time
	Holds            Signal = "holds"             // no objective breaks while the fault is on
	AlertFires       Signal = "alert_fires"       // an alert of the platform's
	Scales           Signal = "scales"            // an autoscaler reaches its goal
	MetricBelow      Signal = "metric_below"      // a metric stays below a bound
	CounterIncreases Signal = "counter_increases" // a counter, such as of fallbacks, grows
	LatencyRises     Signal = "latency_rises"     // a latency is higher while the fault is on than before it
)

// ExpectationVerdict is what came of an expectation.
type ExpectationVerdict string

// The verdicts. A pending one is still being watched.
const (
	ExpectationPending ExpectationVerdict = ""
	ExpectationMet     ExpectationVerdict = "pass"
	ExpectationFailed  ExpectationVerdict = "fail"
	ExpectationUnknown ExpectationVerdict = "unknown"
)

// Finding is an expectation with what came of it.
type Finding struct {
	Signal  Signal             `json:"signal"`
	Text    string             `json:"text"` // what was expected: "recovers within 2 min"
	Verdict ExpectationVerdict `json:"verdict"`
	Reason  string             `json:"reason,omitempty"` // what was seen, or why nothing could be
}

// ShowsEffect reports whether what was seen is something that the fault did to the platform. That objectives held, or are
// green again, is none: a fault that did nothing lets them hold, too.
func (f Finding) ShowsEffect() bool {
	if f.Verdict != ExpectationMet {
		return false
	}
	switch f.Signal {
	case AlertFires, CounterIncreases, Scales, LatencyRises:
		return true
	case Recovers, Holds, MetricBelow:
	}
	return false
}

// ExpectationDecided is one expectation of a fault that was decided.
type ExpectationDecided struct {
	Injection
	Finding
}

func (d ExpectationDecided) text() string {
	word := map[ExpectationVerdict]string{ExpectationMet: "held", ExpectationFailed: "failed"}[d.Verdict]
	if word == "" {
		word = "unknown"
	}
	return fmt.Sprintf("%s, expected: %s: %s (%s)", d.Title, d.Finding.Text, word, d.Reason)
}

// PlatformRecovered is the end of a recovery: objectives are green again after a fault.
type PlatformRecovered struct {
	Injection
	Seconds  float64 `json:"seconds"`            // from the verified revert to the first green second; finest is 1
	Unbroken bool    `json:"unbroken,omitempty"` // no objective ever broke
	Unjudged int     `json:"unjudged,omitempty"` // objectives that had too few samples to say so
	// NoEffect is a fault that changed nothing that is measured: there was nothing to recover from.
	NoEffect bool `json:"no_effect,omitempty"`
}

// recoveredLook is no good news of a fault that did nothing.
func recoveredLook(d PlatformRecovered) Look {
	if d.NoEffect {
		return quietLook
	}
	return Look{Sign: '✓', Tone: Good, Chart: true, Observed: true}
}

func (d PlatformRecovered) text() string {
	if d.NoEffect {
		return d.Title + ": nothing to recover from"
	}
	switch r := d.Recovery(); r.Kind {
	case Unbroken:
		return d.Title + ": " + r.String() + unjudged(d.Unjudged)
	case AtOnce:
		return d.Title + ": objectives are green again, " + r.String() + " of the revert" + unjudged(d.Unjudged)
	default:
		return d.Title + ": objectives are green again, " + r.String() + " after it was reverted" + unjudged(d.Unjudged)
	}
}

// Recovery is how the platform came back.
func (d PlatformRecovered) Recovery() Recovery {
	return RecoveryAfter(time.Duration(d.Seconds*float64(time.Second)), d.Unbroken)
}

// unjudged names those that nothing is known of.
func unjudged(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d could not be judged", n)
}

// WorkloadScaled is another number of pods of a watched workload.
type WorkloadScaled struct {
	Workload string `json:"workload"`         // deployment xin-staging/gateway
	Before   *int   `json:"before,omitempty"` // pods ready before; nil: it was not watched before
	Ready    int    `json:"ready"`            // pods
	Wanted   int    `json:"wanted"`           // replicas asked for
	Min      int    `json:"min,omitempty"`
	Max      int    `json:"max,omitempty"` // of its autoscaler; 0: it has none
}

func (d WorkloadScaled) text() string {
	text := fmt.Sprintf("%s: %d of %d pods ready", d.Workload, d.Ready, d.Wanted)
	if d.Before != nil && *d.Before != d.Ready {
		text = fmt.Sprintf("%s: %d → %d pods ready of %d wanted", d.Workload, *d.Before, d.Ready, d.Wanted)
	}
	if d.Max > 0 {
		text += fmt.Sprintf(" (autoscaler %d to %d)", d.Min, d.Max)
	}
	return text
}
