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

// Recovered is what became of one open record.
type Recovered struct {
	Object string
	Kept   bool  // a person decided to leave it as it is
	Gone   bool  // kept, for it is not there any more
	Err    error // nil: it is back, and this was read back. Else a [*LeftBehind]
}

// Recovery says how [Recover] goes about it. The zero value asks nobody and overwrites nothing.
type Recovery struct {
	// Decide chooses when somebody else has changed the object; nil leaves it behind.
	Decide func(*MovedOn) event.Decision
	// Progress is told what is being waited for; may be nil.
	Progress func(object, what string)
	Give     time.Duration // until failing attempts are given up; 0: 10 s
	Pending  time.Duration // until waiting, for pods to start, is given up; 0: 2 min
	// Doubt is how old a record must be before one look is enough: what a dying process had sent may
	// still be on its way. 0: 3 s.
	Doubt time.Duration
}

// Recover reverts what the ledger has open, newest change first, from the records alone. It may
// be run again at any time. What cannot be reverted keeps its record.
func Recover(ctx context.Context, l *Ledger, undoers Undoers, how Recovery) []Recovered {
	or := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	or(&how.Give, 10*time.Second)
	or(&how.Pending, 2*time.Minute)
	or(&how.Doubt, 3*time.Second)
	var all []Recovered
	for _, r := range l.Open() {
		all = append(all, recoverRecord(ctx, l, r, undoers, how))
	}
	return all
}

func recoverRecord(ctx context.Context, l *Ledger, r Record, undoers Undoers, how Recovery) Recovered {
	result := Recovered{Object: r.Object}
	u, known := undoers[r.Kind]
	if !known {
		result.Err = &LeftBehind{
			Object: r.Object, Remedy: "a squall that knows changes of kind " + r.Kind,
			Err: errors.New("this squall does not know changes of kind " + r.Kind),
		}
		return result
	}
	overwrite := false
	for {
		err := undoRecord(ctx, u, r, overwrite, how)
		var moved *MovedOn
		if errors.As(err, &moved) && how.Decide != nil {
			decision := how.Decide(moved)
			if moved.Gone && decision == event.Overwrite {
				decision = event.Abandon
			}
			switch decision {
			case event.Overwrite:
				overwrite = true
				continue
			case event.Abandon:
				result.Kept, result.Gone, err = true, moved.Gone, nil
			case event.Retry:
			}
		}
		if err == nil {
			err = l.Close(r.ID)
		}
		if err != nil {
			result.Err = &LeftBehind{Object: r.Object, Remedy: remedyFor(u, r.Undo, err), Err: err}
		}
		return result
	}
}

// undoRecord tries until the change is gone or patience ends.
func undoRecord(ctx context.Context, u Undoer, r Record, overwrite bool, how Recovery) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 2*time.Second
	failing, began, looked := time.Now(), time.Now(), false
	for {
		err := undoOnce(ctx, u, r, overwrite)
		var moved *MovedOn
		var foreign *ForeignError
		switch {
		case errors.As(err, &moved), errors.As(err, &foreign):
			return err
		case err == nil && (looked || time.Since(r.Time) >= how.Doubt):
			return nil
		}
		next := wait.NextBackOff()
		switch {
		case err == nil: // once more, when the dead process can have nothing under way any more
			looked, next = true, how.Doubt-time.Since(r.Time)
		case onlyPending(err):
			failing = time.Now()
			if how.Progress != nil {
				how.Progress(r.Object, err.Error())
			}
			if time.Since(began) >= how.Pending {
				return err
			}
		case time.Since(failing) >= how.Give:
			return err
		case how.Progress != nil:
			how.Progress(r.Object, err.Error())
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
