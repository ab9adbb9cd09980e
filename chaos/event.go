package chaos

import (
	"errors"
	"fmt"
	"time"
)

// EventKind is what happened to a fault.
type EventKind uint8

// The events of a fault, in the order in which they can come.
const (
	EventRefused EventKind = iota // not begun
	EventBegins                   // is about to touch the target
	EventActive                   // applied and read back
	EventChanged                  // other parameters
	EventUndo                     // is being taken back
	EventRetry                    // could not be taken back at once; it is tried again
	EventOver                     // taken back and read back
	EventStuck                    // could not be taken back
)

// Event is what the engine tells of a fault.
type Event struct {
	Kind     EventKind
	Fault    Info
	Run      int    // counts the injections from 1; 0 for EventRefused
	By       string // who caused it: operator, squall
	Text     string // one line of plain English
	Params   Params
	Plan     Plan
	Reason   string // of EventRefused, EventUndo, EventStuck
	Remedies []string
	Lasts    time.Duration
}

// ReasonKept is the reason of an EventOver that undid nothing: a person wanted it so.
const ReasonKept = "kept as it is"

// ReasonGone is the reason of an undo that found the fault ended by somebody else.
const ReasonGone = "somebody else ended it"

// Errors of orders that came at the wrong time.
var (
	ErrBlocked = errors.New("faults are blocked since the halt, until it is released")
	ErrClosed  = errors.New("the run is ending")
)

// errUnknown names a fault that there is not.
func errUnknown(id string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("there is no fault %s: this target has none", id)
	}
	return fmt.Errorf("there is no fault %s: faults are %s", id, list(known))
}
