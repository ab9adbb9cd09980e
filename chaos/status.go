package chaos

import "time"

// State of a fault.
type State uint8

// The states of an injection, in their order.
const (
	Idle        State = iota
	Checking          // the preflight runs
	Injecting         // being applied
	Active            // applied and verified
	Reverting         // being reverted
	NotReverted       // could not be reverted: an operator has to decide, see [Engine.Decide]
)

// String is the state's word on screen.
func (s State) String() string {
	return [...]string{"off", "checking", "starting", "active", "reverting", "not reverted"}[s]
}

// Status is a fault at one moment. Plain data, shared: do not write to its slices and maps.
type Status struct {
	Info      Info
	State     State
	Overrides Params // what the next injection would use
	Params    Params // what the current injection uses; nil when idle
	Scope     string // what is hit, short; "" before the first plan
	Summary   string // the parameters, short; of the next injection while it is off
	Detail    string // progress or trouble in words, "" if none
	Injected  time.Time
	Until     time.Time // when its time is up; zero unless active
	Remedies  []string  // when not reverted: what a person can run
	Conflict  bool      // when not reverted: because somebody else changed the object
}

// On reports whether the fault has changed something, or is about to, that is not yet reverted.
func (s Status) On() bool { return s.State >= Injecting }
