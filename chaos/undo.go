package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Undoer takes changes of one kind back, from the ledger's record alone.
type Undoer interface {
	// Undo takes the change back and returns nil once reading the object back shows that it is. It is
	// idempotent, bounds its own time, and never waits for long: what takes time (pods that start) is
	// a [*Pending] error, and the caller asks again. When the object is not as the fault left it, the
	// error is a [*MovedOn], unless overwrite says to go on.
	Undo(ctx context.Context, undo json.RawMessage, overwrite bool) error
	// Remedy is a command by which a person can take the change back: kubectl, toxiproxy-cli, tc.
	Remedy(undo json.RawMessage) string
}

// Undoers finds an undoer by the kind of a step.
type Undoers map[string]Undoer

// Pending says that an undo is under way and not there yet.
type Pending struct{ What string } // "1 of 2 pods ready"

func (p *Pending) Error() string { return p.What }

// Partly says that a step was carried out on a part of its object, and that the rest was refused for a
// reason that is a finding: a disruption budget. The fault goes on with that part.
type Partly struct{ What string } // "1 of 2 pods evicted: a disruption budget refuses redis-1"

func (p *Partly) Error() string { return p.What }

// MovedOn says that somebody else has changed the object since, so that undoing would overwrite
// what they did. A person has to choose.
type MovedOn struct {
	Object string // statefulset xin-staging/redis
	Found  string // "3 replicas"
	Left   string // how the fault had left it: "0 replicas"
	Before string // how the fault had found it: "2 replicas"
	Gone   bool   // it is not there any more: there is nothing to revert
}

func (m *MovedOn) Error() string {
	if m.Gone {
		return fmt.Sprintf("%s is not there any more (%s): there is nothing to revert", m.Object, m.Found)
	}
	return fmt.Sprintf("%s has been changed since: found %s, the fault had left %s, it was %s before", m.Object, m.Found, m.Left, m.Before)
}

// LeftBehind is a change that could not be reverted, and how a person can do it.
type LeftBehind struct {
	Object string
	Remedy string // a command to run
	Err    error
}

func (l *LeftBehind) Error() string {
	var moved *MovedOn
	if errors.As(l.Err, &moved) && moved.Gone {
		return fmt.Sprintf("%v; to close its entry in the ledger: %s", l.Err, l.Remedy)
	}
	return fmt.Sprintf("%s is not reverted: %v; to revert it: %s", l.Object, l.Err, l.Remedy)
}

// Unwrap is the reason.
func (l *LeftBehind) Unwrap() error { return l.Err }

// ForeignError says that a record names another place than the configuration does. Where to go is never
// taken from a record alone: a run directory may be somebody else's, and going where it says would run
// its login program and hand over the operator's credentials.
type ForeignError struct {
	Record string // the place of the record: "Toxiproxy at http://10.0.0.7:8474"
	Own    string // that of the configuration; "" when it names none
	Flag   string // the setting that would name the record's place: "--toxiproxy http://10.0.0.7:8474"
}

func (f *ForeignError) Error() string {
	own := f.Own
	if own == "" {
		own = "none"
	}
	return fmt.Sprintf("the record is of %s, and the configuration names %s: nothing was contacted", f.Record, own)
}

// closeEntry is the remedy for what is not there any more: there is nothing to revert.
const closeEntry = "squall recover --keep"

// remedyFor is what a person can do about an error of undoing.
func remedyFor(u Undoer, undo json.RawMessage, err error) string {
	var moved *MovedOn
	if errors.As(err, &moved) && moved.Gone {
		return closeEntry
	}
	var foreign *ForeignError
	if errors.As(err, &foreign) { // a command that goes there is no remedy either
		return "if that place is yours, squall recover " + foreign.Flag
	}
	return u.Remedy(undo)
}

// AllLeftBehind finds every [*LeftBehind] in a joined error.
func AllLeftBehind(err error) (all []*LeftBehind) {
	switch e := err.(type) { //nolint:errorlint // walks the tree itself
	case *LeftBehind:
		return []*LeftBehind{e}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, AllLeftBehind(inner)...)
		}
	case interface{ Unwrap() error }:
		return AllLeftBehind(e.Unwrap())
	}
	return all
}
