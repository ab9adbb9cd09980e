package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// revert undoes every change, newest first, and tries again until all are undone or the time for it is over.
// Then remaining holds what is not.
func (inj *injection) revert() {
	inj.engine.mu.Lock()
	by, cause, detail := inj.endedBy, inj.cause, inj.detail
	s := &inj.entry.status
	s.State, s.Until, s.Detail = Reverting, time.Time{}, ""
	inj.engine.mu.Unlock()
	inj.showError(inj.emit(by, event.FaultReverting{Injection: inj.ref(), Cause: cause, Detail: detail}))
	overwrite := false
	for {
		err := inj.undoAll(overwrite)
		if err == nil {
			inj.finish(cause, detail)
			return
		}
		decision, decided := inj.awaitDecision(err)
		var conflict *ConflictError
		if errors.As(err, &conflict) && conflict.Gone && decision == event.Overwrite {
			decision = event.Abandon // there is nothing to overwrite
		}
		switch {
		case !decided:
			return
		case decision == event.Abandon:
			if inj.abandon() == nil {
				inj.finish(event.CauseAbandoned, "")
				return
			}
		}
		overwrite = decision == event.Overwrite
		inj.updateStatus(func(s *Status) { s.State, s.Detail, s.Remedies, s.Conflict = Reverting, "", nil, false })
	}
}

// finish writes the end of the injection to the journal and makes the fault idle.
func (inj *injection) finish(cause event.Cause, detail string) {
	inj.showError(inj.emit(squall, event.FaultReverted{Injection: inj.ref(), Cause: cause, Detail: detail}))
	inj.updateStatus(func(s *Status) {
		inj.entry.injection = nil
		*s = Status{Info: s.Info, Overrides: s.Overrides, Scope: s.Scope, Summary: s.Summary, Injected: s.Injected, Detail: inj.failure}
	})
}

// abandon resolves the records without undoing anything.
func (inj *injection) abandon() error {
	for len(inj.applied) > 0 {
		if err := inj.resolve(len(inj.applied) - 1); err != nil {
			inj.showError(err)
			return err
		}
	}
	return nil
}

// undoAll tries until every change is undone, an object turns out to have been changed by somebody else, or the
// time for it is over.
func (inj *injection) undoAll(overwrite bool) error {
	times := inj.engine.config.Times
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = times.RetryDelay, 10*times.RetryDelay
	failing, waiting := time.Now(), time.Now()
	for try := 1; ; try++ {
		err := inj.undoOnce(overwrite)
		var conflict *ConflictError
		if err == nil || errors.As(err, &conflict) {
			return err
		}
		now := time.Now()
		timeout, since := times.RevertTimeout, failing
		if onlyPending(err) {
			timeout, since, failing = times.PendingTimeout, waiting, now
		}
		closing := inj.engine.closing
		if inj.isClosing() {
			timeout, closing = min(timeout, times.StopTimeout), nil
		}
		if now.Sub(since) >= timeout {
			return err
		}
		inj.emitRetry(try, err, timeout-now.Sub(since))
		timer := time.NewTimer(wait.NextBackOff())
		select {
		case <-timer.C:
		case <-closing: // once the run ends the time is shorter, and counts from now
			timer.Stop()
			failing, waiting = now, now
			wait.Reset()
		}
	}
}

// emitRetry shows why a fault is not reverted yet. Only the first failed try is an event.
func (inj *injection) emitRetry(try int, err error, left time.Duration) {
	why := strings.ReplaceAll(err.Error(), "\n", "; ")
	if onlyPending(err) {
		inj.updateStatus(func(s *Status) { s.Detail = why })
		return
	}
	inj.updateStatus(func(s *Status) {
		s.Detail = fmt.Sprintf("try %d failed, gives up in %s: %s", try, units.Duration(left.Round(time.Second)), why)
	})
	if try == 1 {
		inj.showError(inj.emit(squall, event.FaultRetried{Injection: inj.ref(), Reason: why}))
	}
}

func (inj *injection) isClosing() bool {
	select {
	case <-inj.engine.closing:
		return true
	default:
		return false
	}
}

// undoOnce tries to undo every change once, newest first. One that fails does not keep the others from it.
func (inj *injection) undoOnce(overwrite bool) error {
	var errs []error
	for i := len(inj.applied) - 1; i >= 0; i-- {
		err := inj.undoStep(inj.applied[i], overwrite)
		if err == nil && inj.applied[i].outcomeUnknown {
			// The target may still carry out the request that failed.
			inj.pause(inj.engine.config.Times.RecheckDelay)
			err = inj.undoStep(inj.applied[i], overwrite)
		}
		if err == nil {
			err = inj.resolve(i)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (inj *injection) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// undoStep undoes one change. Its context is its own, so that the end of the run does not cut it off.
func (inj *injection) undoStep(done appliedStep, overwrite bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), inj.engine.config.Times.UndoTimeout)
	defer cancel()
	return inj.engine.safely(func() error {
		if done.record == "" {
			return done.step.Revert(ctx)
		}
		return inj.engine.config.Undoers[done.step.Kind].Undo(ctx, done.undo, overwrite)
	})
}

// onlyPending reports whether every part of an error is a [*PendingError].
func onlyPending(err error) bool {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			if !onlyPending(e) {
				return false
			}
		}
		return true
	}
	var pending *PendingError
	return errors.As(err, &pending)
}

// awaitDecision reports what is not reverted and waits for an operator's decision; not ok once the run ends.
func (inj *injection) awaitDecision(err error) (event.Decision, bool) {
	var conflict *ConflictError
	isMoved := errors.As(err, &conflict)
	left := inj.remainingErrors(err)
	var remedies []string
	for _, one := range left {
		remedies = append(remedies, one.Remedy)
	}
	reason := strings.ReplaceAll(err.Error(), "\n", "; ")
	inj.updateStatus(func(s *Status) { s.State, s.Detail, s.Remedies, s.Conflict = NotReverted, reason, remedies, isMoved })
	inj.showError(inj.emit(squall, event.FaultNotReverted{Injection: inj.ref(), Reason: reason, Remedies: remedies}))
	if !inj.isClosing() {
		select {
		case d := <-inj.decisions:
			return d, true
		case <-inj.engine.closing: // one more try: the cause may be gone by now
			return event.Retry, true
		}
	}
	inj.engine.mu.Lock()
	inj.remaining = left
	inj.engine.mu.Unlock()
	return "", false
}
