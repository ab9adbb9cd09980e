package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"al.essio.dev/pkg/shellescape"
)

// Undoer undoes changes of one kind from the ledger's record alone.
type Undoer interface {
	// Undo undoes the change and returns nil once reading the object back shows that. It is
	// idempotent, bounds its own time, and never waits for long: what takes time (pods that start) is
	// a [*PendingError], and the caller asks again. When the object is not as the fault left it, the
	// error is a [*ConflictError], unless overwrite is true.
	Undo(ctx context.Context, undo json.RawMessage, overwrite bool) error
	// Describe says what the change is, from the record's own data and without contacting anybody. The label of a
	// record is nothing but a text, and can say anything. An error means that the record cannot be read.
	Describe(undo json.RawMessage) (Change, error)
	// Remedy is a command by which a person can undo the change: kubectl, toxiproxy-cli, tc.
	Remedy(undo json.RawMessage) string
}

// Change is what a record says of a change.
type Change struct {
	Object string // "statefulset xin-staging/redis"
	Place  string // "the cluster at https://10.0.0.1:6443 (context staging)"
	Undo   string // what undoing does: "set 2 replicas"
}

func (c Change) String() string { return c.Object + ", at " + c.Place + ": " + c.Undo }

// Undoers finds an undoer by the kind of a step.
type Undoers map[string]Undoer

// PendingError means that an undo is under way and not complete.
type PendingError struct{ What string } // "1 of 2 pods ready"

func (e *PendingError) Error() string { return e.What }

// PartialError means that a step was carried out on a part of its object and that the rest was refused for
// a reason that is a finding, such as a disruption budget. The injection goes on with that part.
type PartialError struct{ What string } // "1 of 2 pods evicted: a disruption budget refuses redis-1"

func (e *PartialError) Error() string { return e.What }

// ConflictError means that somebody else has changed the object since it was injected, so that undoing would
// overwrite their change. An operator has to decide.
type ConflictError struct {
	Object string // statefulset xin-staging/redis
	Found  string // "3 replicas"
	Left   string // how the fault had left it: "0 replicas"
	Before string // how the fault had found it: "2 replicas"
	Gone   bool   // it is not there any more: there is nothing to revert
}

func (e *ConflictError) Error() string {
	if e.Gone {
		return fmt.Sprintf("%s is not there any more (%s): there is nothing to revert", e.Object, e.Found)
	}
	return fmt.Sprintf("%s has been changed since: found %s, the fault had left %s, it was %s before", e.Object, e.Found, e.Left, e.Before)
}

// NotRevertedError is a change that could not be reverted, and how a person can do it.
type NotRevertedError struct {
	Object string
	Remedy string // a command to run
	Err    error
}

func (e *NotRevertedError) Error() string {
	var conflict *ConflictError
	if errors.As(e.Err, &conflict) && conflict.Gone {
		return fmt.Sprintf("%v; to close its entry in the ledger: %s", e.Err, e.Remedy)
	}
	return fmt.Sprintf("%s is not reverted: %v; to revert it: %s", e.Object, e.Err, e.Remedy)
}

// Unwrap is the reason.
func (e *NotRevertedError) Unwrap() error { return e.Err }

// OtherTargetError means that a record names another target than the configuration does. A target is never
// taken from a record alone: a run directory may be somebody else's, and contacting what it names would run
// its login program and hand over the operator's credentials.
type OtherTargetError struct {
	Record string // the place of the record: "Toxiproxy at http://10.0.0.7:8474"
	Own    string // that of the configuration; "" when it names none
	Flag   string // the setting that would name the record's place: "--toxiproxy http://10.0.0.7:8474"
}

func (e *OtherTargetError) Error() string {
	own := e.Own
	if own == "" {
		own = "none"
	}
	return fmt.Sprintf("the record is of %s, and the configuration names %s: nothing was contacted", e.Record, own)
}

// remedyFor is what a person can do about an error of undoing a record of a run directory; "" is none, where there are only
// objects that were found.
func remedyFor(u Undoer, undo json.RawMessage, err error, dir string) string {
	ofRun := ""
	if dir != "" {
		ofRun = " " + shellescape.Quote(dir) // without it, runs that are kept elsewhere are not found
	}
	var conflict *ConflictError
	if errors.As(err, &conflict) && conflict.Gone {
		return "squall recover --keep" + ofRun // it is not there any more: there is nothing to revert
	}
	var foreign *OtherTargetError
	if errors.As(err, &foreign) { // a command that goes there is no remedy either
		return "if that place is yours, squall recover " + foreign.Flag + ofRun
	}
	return u.Remedy(undo)
}
