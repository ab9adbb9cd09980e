package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"xinbot.ir/squall/internal/event"
)

// RecoverResult is what became of one open record.
type RecoverResult struct {
	Object    string
	Abandoned bool  // an operator decided to leave it as it is
	Gone      bool  // kept, for it is not there any more
	Err       error // nil: reverted, and verified by reading it back. Else a [*NotRevertedError]
}

// RecoverOptions are the options of [Recover]. The zero value overwrites nothing.
type RecoverOptions struct {
	// Decide is asked when somebody else has changed the object; nil: it is not reverted.
	Decide func(*ConflictError) event.Decision
	// Progress is called with what is being waited for; may be nil.
	Progress       func(object, what string)
	RevertTimeout  time.Duration // until failing attempts are given up; 0: 10 s
	PendingTimeout time.Duration // until waiting, for pods to start, is given up; 0: 2 min
	// RecheckDelay is the age from which a record needs a single check only: a request of the process that
	// died may still be carried out. 0: 3 s.
	RecheckDelay time.Duration
}

// Recover reverts what the ledger has open, newest change first, from the records alone. It may
// be run again at any time. What cannot be reverted keeps its record.
func Recover(ctx context.Context, l *Ledger, undoers Undoers, options RecoverOptions) []RecoverResult {
	options = options.withDefaults()
	var all []RecoverResult
	for _, r := range l.Unresolved() {
		all = append(all, recoverRecord(ctx, l.dir(), l.Resolve, r, undoers, options))
	}
	return all
}

func (o RecoverOptions) withDefaults() RecoverOptions {
	o.RevertTimeout = cmp.Or(o.RevertTimeout, 10*time.Second)
	o.PendingTimeout = cmp.Or(o.PendingTimeout, 2*time.Minute)
	o.RecheckDelay = cmp.Or(o.RecheckDelay, 3*time.Second)
	return o
}

func recoverRecord(ctx context.Context, dir string, resolve func(id string) error, r Record, undoers Undoers, options RecoverOptions) RecoverResult {
	result := RecoverResult{Object: r.Object}
	u, known := undoers[r.Kind]
	if !known {
		result.Err = &NotRevertedError{
			Object: r.Object, Remedy: "a squall that knows changes of kind " + r.Kind,
			Err: errors.New("this squall does not know changes of kind " + r.Kind),
		}
		return result
	}
	change, err := u.Describe(r.Undo)
	if err != nil {
		result.Err = &NotRevertedError{Object: r.Object, Remedy: u.Remedy(r.Undo), Err: err}
		return result
	}
	r.Object = cmp.Or(change.Object, r.Object)
	result.Object = r.Object
	overwrite := false
	for {
		err := undoRecord(ctx, u, r, overwrite, options)
		var conflict *ConflictError
		if errors.As(err, &conflict) && options.Decide != nil {
			decision := options.Decide(conflict)
			if conflict.Gone && decision == event.Overwrite {
				decision = event.Abandon
			}
			switch decision {
			case event.Overwrite:
				overwrite = true
				continue
			case event.Abandon:
				result.Abandoned, result.Gone, err = true, conflict.Gone, nil
			case event.Retry:
			}
		}
		if err == nil {
			err = resolve(r.ID)
		}
		if err != nil {
			result.Err = &NotRevertedError{Object: r.Object, Remedy: remedyFor(u, r.Undo, err, dir), Err: err}
		}
		return result
	}
}

// undoRecord tries until the change is undone or its timeout ends.
func undoRecord(ctx context.Context, u Undoer, r Record, overwrite bool, options RecoverOptions) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 2*time.Second
	failing, began, looked := time.Now(), time.Now(), false
	for {
		err := undoOnce(ctx, u, r, overwrite)
		var conflict *ConflictError
		var foreign *OtherTargetError
		switch {
		case errors.As(err, &conflict), errors.As(err, &foreign):
			return err
		case err == nil && (looked || age(r) >= options.RecheckDelay):
			return nil
		}
		next := wait.NextBackOff()
		switch {
		case err == nil: // once more, when the dead process can have nothing under way any more
			looked, next = true, options.RecheckDelay-age(r)
		case onlyPending(err):
			failing = time.Now()
			if options.Progress != nil {
				options.Progress(r.Object, err.Error())
			}
			if time.Since(began) >= options.PendingTimeout {
				return err
			}
		case time.Since(failing) >= options.RevertTimeout:
			return err
		case options.Progress != nil:
			options.Progress(r.Object, err.Error())
		}
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return cmp.Or(err, context.Cause(ctx))
		}
	}
}

// age is how old a record is, as far as clocks tell: one from the future is new.
func age(r Record) time.Duration { return max(0, time.Since(r.Time)) }

func undoOnce(ctx context.Context, u Undoer, r Record, overwrite bool) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	defer func() { // a record from a newer squall, or a damaged one, must not end the recovery of the others
		if value := recover(); value != nil {
			err = fmt.Errorf("revert %s: panic: %v", r.Object, value)
		}
	}()
	return u.Undo(ctx, r.Undo, overwrite)
}
