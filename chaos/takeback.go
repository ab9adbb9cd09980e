package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"xinbot.ir/squall/internal/event"
)

// takeBack undoes every change, newest first, and tries again until all are gone or the run has no
// patience left; then the life's left says what is not.
func (l *life) takeBack() {
	l.engine.mu.Lock()
	by, cause, detail := l.endedBy, l.cause, l.detail
	s := &l.slot.status
	s.State, s.Until, s.Detail = Reverting, time.Time{}, ""
	l.engine.mu.Unlock()
	l.note(l.emit(by, event.FaultReverting{Injection: l.ref(), Cause: cause, Detail: detail}))
	overwrite := false
	for {
		err := l.undoAll(overwrite)
		if err == nil {
			l.over(cause, detail)
			return
		}
		decision, decided := l.stuck(err)
		var moved *MovedOn
		if errors.As(err, &moved) && moved.Gone && decision == event.Overwrite {
			decision = event.Abandon // there is nothing to overwrite
		}
		switch {
		case !decided:
			return
		case decision == event.Abandon:
			if l.keep() == nil {
				l.over(event.CauseKept, "")
				return
			}
		}
		overwrite = decision == event.Overwrite
		l.show(func(s *Status) { s.State, s.Detail, s.Remedies, s.Moved = Reverting, "", nil, false })
	}
}

// over ends the life.
func (l *life) over(cause event.Cause, detail string) {
	l.note(l.emit(squall, event.FaultReverted{Injection: l.ref(), Cause: cause, Detail: detail}))
	l.show(func(s *Status) {
		l.slot.life = nil
		*s = Status{Info: s.Info, Given: s.Given, Scope: s.Scope, Summary: s.Summary, Injected: s.Injected, Detail: l.failure}
	})
}

// keep forgets the records without undoing.
func (l *life) keep() error {
	for len(l.changes) > 0 {
		if err := l.forget(len(l.changes) - 1); err != nil {
			l.note(err)
			return err
		}
	}
	return nil
}

// undoAll tries until every change is gone, somebody else turns out to have changed an object, or
// patience ends.
func (l *life) undoAll(overwrite bool) error {
	times := l.engine.config.Times
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = times.Retry, 10*times.Retry
	failing, waiting := time.Now(), time.Now()
	for try := 1; ; try++ {
		err := l.undoOnce(overwrite)
		var moved *MovedOn
		if err == nil || errors.As(err, &moved) {
			return err
		}
		now := time.Now()
		patience, since := times.Give, failing
		if onlyPending(err) {
			patience, since, failing = times.Pending, waiting, now
		}
		closing := l.engine.closing
		if l.isClosing() {
			patience, closing = min(patience, times.Stop), nil
		}
		if now.Sub(since) >= patience {
			return err
		}
		l.tellRetry(try, err, patience-now.Sub(since))
		timer := time.NewTimer(wait.NextBackOff())
		select {
		case <-timer.C:
		case <-closing: // the end of the run has less patience, counted from now
			timer.Stop()
			failing, waiting = now, now
			wait.Reset()
		}
	}
}

// tellRetry shows why a fault is not reverted yet. The timeline has the first time.
func (l *life) tellRetry(try int, err error, left time.Duration) {
	why := strings.ReplaceAll(err.Error(), "\n", "; ")
	if onlyPending(err) {
		l.show(func(s *Status) { s.Detail = why })
		return
	}
	l.show(func(s *Status) {
		s.Detail = fmt.Sprintf("try %d failed, gives up in %s: %s", try, Words(left.Round(time.Second)), why)
	})
	if try == 1 {
		l.note(l.emit(squall, event.FaultRetried{Injection: l.ref(), Reason: why}))
	}
}

func (l *life) isClosing() bool {
	select {
	case <-l.engine.closing:
		return true
	default:
		return false
	}
}

// undoOnce tries every change once, newest first; one that fails does not keep the others.
func (l *life) undoOnce(overwrite bool) error {
	var errs []error
	for i := len(l.changes) - 1; i >= 0; i-- {
		err := l.undo(l.changes[i], overwrite)
		if err == nil && l.changes[i].doubtful {
			// The call that failed may still be on its way; what it does must be seen.
			l.pause(l.engine.config.Times.Doubt)
			err = l.undo(l.changes[i], overwrite)
		}
		if err == nil {
			err = l.forget(i)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (l *life) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// undo takes one change back, on a context of its own.
func (l *life) undo(c change, overwrite bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.engine.config.Times.Undo)
	defer cancel()
	return l.engine.safely(func() error {
		if c.record == "" {
			return c.step.Revert(ctx)
		}
		return l.engine.config.Undoers[c.step.Kind].Undo(ctx, c.undo, overwrite)
	})
}

// onlyPending tells whether every part of an error is a [*Pending].
func onlyPending(err error) bool {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			if !onlyPending(e) {
				return false
			}
		}
		return true
	}
	var pending *Pending
	return errors.As(err, &pending)
}

// stuck says what is not reverted and waits for a decision; none comes once the run ends.
func (l *life) stuck(err error) (event.Decision, bool) {
	var moved *MovedOn
	isMoved := errors.As(err, &moved)
	left := l.leftBehind(err)
	var remedies []string
	for _, one := range AllLeftBehind(errors.Join(left...)) {
		remedies = append(remedies, one.Remedy)
	}
	reason := strings.ReplaceAll(err.Error(), "\n", "; ")
	l.show(func(s *Status) { s.State, s.Detail, s.Remedies, s.Moved = Stuck, reason, remedies, isMoved })
	l.note(l.emit(squall, event.FaultNotReverted{Injection: l.ref(), Reason: reason, Remedies: remedies}))
	if !l.isClosing() {
		select {
		case d := <-l.settle:
			return d, true
		case <-l.engine.closing: // one more try: the cause may be gone by now
			return event.Retry, true
		}
	}
	l.engine.mu.Lock()
	l.left = left
	l.engine.mu.Unlock()
	return "", false
}
