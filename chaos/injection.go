package chaos

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
)

// injection is one injection of a fault, from its preflight until it is reverted. Only its goroutine makes
// changes; the fields that other goroutines read are guarded by the engine's lock.
type injection struct {
	engine      *Engine
	entry       *faultEntry
	by          event.Actor
	overrides   Params
	adjustments chan adjustRequest
	decisions   chan event.Decision

	// Under the engine's lock.
	objects   []string
	ended     bool
	endedBy   event.Actor
	cause     event.Cause
	detail    string
	stopped   chan struct{}       // closed by end
	remaining []*NotRevertedError // what is still changed once the goroutine has ended

	// The goroutine's own.
	number  int
	applied []appliedStep
	ttl     time.Duration
	failure string   // why it could not be injected; stays on the screen afterwards
	partial []string // findings of steps that were carried out in part
}

// adjustRequest is a change of parameters that was asked for.
type adjustRequest struct {
	params Params
	by     event.Actor
}

// appliedStep is a step that was begun.
type appliedStep struct {
	step           Step
	record         string // id in the ledger; "" without one
	undo           json.RawMessage
	outcomeUnknown bool // it failed, and the target may have carried it out
}

// end asks the goroutine to revert the fault. The first cause counts. engine.mu must be held.
func (inj *injection) end(by event.Actor, cause event.Cause, detail string) {
	if inj.ended {
		return
	}
	inj.ended, inj.endedBy, inj.cause, inj.detail = true, by, cause, detail
	close(inj.stopped)
}

// endBySquall ends the injection for a reason of the engine's own.
func (inj *injection) endBySquall(cause event.Cause, detail string) {
	inj.engine.mu.Lock()
	defer inj.engine.mu.Unlock()
	inj.end(squall, cause, detail)
}

func (inj *injection) isEnded() bool {
	select {
	case <-inj.stopped:
		return true
	default:
		return false
	}
}

// holdsAny returns the first of the objects that the injection has reserved, "" if none. engine.mu must be held.
func (inj *injection) holdsAny(objects []string) string {
	for _, o := range objects {
		if slices.Contains(inj.objects, o) {
			return o
		}
	}
	return ""
}

// updateStatus edits the status that snapshots show.
func (inj *injection) updateStatus(edit func(*Status)) {
	inj.engine.mu.Lock()
	defer inj.engine.mu.Unlock()
	edit(&inj.entry.status)
}

// ref names the injection in events.
func (inj *injection) ref() event.Injection {
	info := inj.entry.info
	return event.Injection{Fault: info.ID, Title: info.Title, Run: inj.number}
}

// emit writes an event to the journal.
func (inj *injection) emit(by event.Actor, data any) error { return inj.engine.config.Emit(by, data) }

// run injects the fault, keeps it until its end, and reverts it.
func (inj *injection) run() {
	plan, ok := inj.preflight()
	if !ok {
		return
	}
	err := inj.apply(plan.Steps)
	switch {
	case err != nil:
		inj.failure = "it could not be injected: " + err.Error()
		inj.endBySquall(event.CauseFailed, inj.failure)
	case plan.OneShot:
		inj.showError(inj.emit(inj.by, event.FaultActive{Injection: inj.ref(), Scope: plan.Scope, OneShot: true, Findings: inj.partial, Records: inj.records()}))
		inj.endBySquall(event.CauseDone, "")
	default:
		until := deadline(inj.ttl)
		inj.updateStatus(func(s *Status) { s.State, s.Until = Active, until })
		inj.showError(inj.emit(inj.by, event.FaultActive{Injection: inj.ref(), Scope: plan.Scope, TTL: inj.ttl.Seconds(), Findings: inj.partial, Records: inj.records()}))
		inj.awaitEnd(until)
	}
	inj.revert()
}

// records are those of the ledger that the injection's changes have.
func (inj *injection) records() (ids []string) {
	for _, done := range inj.applied {
		if done.record != "" {
			ids = append(ids, done.record)
		}
	}
	return ids
}

// deadline is when a time to live that begins now is up; zero for none.
func deadline(ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return time.Now().Add(ttl)
}

// recoverPanic reports a panic of the engine itself, which ends the run. The records of the injection stay
// unresolved, and its changes are reported as not reverted.
func (inj *injection) recoverPanic() {
	value := recover()
	if value == nil {
		return
	}
	err := fmt.Errorf("panic: %v", value)
	left := inj.remainingErrors(err)
	inj.engine.mu.Lock()
	inj.remaining = left
	inj.entry.status.State, inj.entry.status.Detail = NotReverted, err.Error()
	inj.engine.mu.Unlock()
	if inj.engine.config.Panicked != nil {
		inj.engine.config.Panicked(value, debug.Stack())
	}
}

// remainingErrors returns a [*NotRevertedError] for every change that is still there.
func (inj *injection) remainingErrors(err error) (left []*NotRevertedError) {
	for _, done := range inj.applied {
		remedy := "stop squall"
		if done.record != "" {
			remedy = remedyFor(inj.engine.config.Undoers[done.step.Kind], done.undo, err, inj.engine.config.Ledger.dir())
		}
		left = append(left, &NotRevertedError{Object: done.step.Object, Remedy: remedy, Err: err})
	}
	return left
}

// untilEnded returns a context that is cancelled grace after the end of the injection was asked for.
func (inj *injection) untilEnded(grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-ctx.Done():
			return
		case <-inj.stopped:
		}
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
			cancel()
		}
	}()
	return ctx, cancel
}

// preflight plans the injection, reserves its objects and writes its start to the journal; not ok when it was
// refused.
func (inj *injection) preflight() (Plan, bool) {
	e := inj.engine
	ctx, cancel := inj.untilEnded(0) // a preflight changes nothing, so it can be cut
	defer cancel()
	plan, params, err := e.plan(ctx, inj.entry, inj.overrides)
	if err != nil {
		if inj.isEnded() {
			err = errors.New("it was ended before it began")
		}
		inj.refuse(Plan{}, err.Error())
		return Plan{}, false
	}
	e.mu.Lock()
	collisions := e.conflictsLocked(inj.entry, plan.Objects)
	if len(collisions) == 0 {
		inj.objects = plan.Objects
	}
	e.mu.Unlock()
	refused := plan.Refused()
	switch {
	case len(refused) > 0:
		inj.refuse(plan, reasons(refused))
		return Plan{}, false
	case len(collisions) > 0: // since the plan was made
		inj.refuse(plan, reasons(collisions))
		return Plan{}, false
	case inj.isEnded():
		inj.refuse(plan, "it was ended before it began")
		return Plan{}, false
	}
	inj.ttl = params.Duration(TTL)
	e.mu.Lock()
	e.runs++
	inj.number = e.runs
	s := &inj.entry.status
	s.State, s.Params, s.Scope, s.Summary, s.Injected = Injecting, params, plan.Scope, plan.Params, time.Now()
	e.mu.Unlock()
	err = inj.emit(inj.by, event.FaultStarted{
		Injection: inj.ref(), Driver: cmp.Or(plan.Driver, inj.entry.info.Driver), Params: params, Summary: plan.Params, Scope: plan.Scope, Cluster: plan.Cluster,
		TTL: inj.ttl.Seconds(), Facts: plan.Facts, Checks: plan.Checks, Expect: expected(inj.entry.info.Expect),
	})
	if err != nil {
		// The line may be in the journal all the same, and then has to be closed.
		inj.showError(inj.emit(squall, event.FaultReverted{Injection: inj.ref(), Cause: event.CauseUnrecorded}))
		inj.refuse(plan, "it could not be written down: "+err.Error())
		return Plan{}, false
	}
	return plan, true
}

// expected are expectations as the journal has them.
func expected(all []Expectation) []event.Expected {
	var texts []event.Expected
	for _, x := range all {
		texts = append(texts, event.Expected{Signal: x.Signal, Text: x.Text})
	}
	return texts
}

func reasons(checks []Check) string {
	var parts []string
	for _, c := range checks {
		text := c.Text
		if c.Reason != "" {
			text = c.Reason
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// refuse ends an injection that has changed nothing.
func (inj *injection) refuse(plan Plan, why string) {
	inj.number = 0
	inj.showError(inj.emit(inj.by, event.FaultRefused{Injection: inj.ref(), Driver: cmp.Or(plan.Driver, inj.entry.info.Driver), Params: inj.overrides, Scope: plan.Scope, Reason: why, Facts: plan.Facts, Checks: plan.Checks}))
	inj.engine.mu.Lock()
	defer inj.engine.mu.Unlock()
	info := inj.entry.info
	inj.entry.status = Status{Info: info, Overrides: inj.overrides, Summary: summarize(inj.entry.fault, inj.overrides), Detail: why}
	inj.entry.injection = nil
}

// showError shows an error of the journal or the ledger that must not keep the injection from going on.
func (inj *injection) showError(err error) {
	if err != nil {
		inj.updateStatus(func(s *Status) { s.Detail = err.Error() })
	}
}

// apply applies steps, each after its record is on the disk.
func (inj *injection) apply(steps []Step) error {
	for _, step := range steps {
		if inj.isEnded() {
			return errors.New("it was ended while it began")
		}
		i := slices.IndexFunc(inj.applied, func(done appliedStep) bool { return done.step.Kind == step.Kind && done.step.Object == step.Object })
		if i < 0 {
			done, err := inj.record(step)
			if err != nil {
				return err
			}
			inj.applied = append(inj.applied, done)
			i = len(inj.applied) - 1
		} else {
			inj.applied[i].step = step // an adjustment: the record stands
		}
		err := inj.applyOne(step)
		var partial *PartialError
		switch {
		case errors.As(err, &partial):
			inj.partial = append(inj.partial, partial.What)
		case err != nil:
			inj.applied[i].outcomeUnknown = true
			return err
		}
	}
	return nil
}

// applyOne applies a step within its timeout. A halt gives a request that is under way GracePeriod to finish,
// because the target may still carry out a request that was cut off.
func (inj *injection) applyOne(step Step) error {
	times := inj.engine.config.Times
	ctx, cancel := inj.untilEnded(times.GracePeriod)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, times.StepTimeout)
	defer stop()
	return inj.engine.safely(func() error { return step.Apply(ctx) })
}

func (inj *injection) record(step Step) (appliedStep, error) {
	done := appliedStep{step: step}
	if step.Undo == nil {
		return done, nil
	}
	if inj.engine.config.Undoers[step.Kind] == nil {
		return done, fmt.Errorf("change %s: there is no undo for changes of kind %s", step.Object, step.Kind)
	}
	raw, err := json.Marshal(step.Undo)
	if err != nil {
		return done, fmt.Errorf("record %s: %w", step.Object, err)
	}
	done.undo = raw
	done.record, err = inj.engine.config.Ledger.Record(step.Kind, step.Object, done.undo)
	return done, err
}

// awaitEnd returns when the fault is to be reverted: that was asked for, its time-to-live is over, or one of its
// changes is no longer in place. Meanwhile it carries out adjustments.
func (inj *injection) awaitEnd(until time.Time) {
	looks := time.NewTicker(inj.engine.config.Times.DriftInterval)
	defer looks.Stop()
	for {
		timer := time.NewTimer(time.Until(until))
		if until.IsZero() { // it has no time to live
			timer.Stop()
		}
		select {
		case <-inj.stopped:
			timer.Stop()
			return
		case <-timer.C:
			inj.endBySquall(event.CauseTimeUp, "")
		case <-looks.C:
			timer.Stop()
			inj.checkDrift()
		case request := <-inj.adjustments:
			timer.Stop()
			until = inj.adjust(request, until)
		}
	}
}

// checkDrift ends the injection if one of its changes is no longer in place: it would be shown as active, and
// the recovery time would be counted from a revert that changed nothing.
func (inj *injection) checkDrift() {
	ctx, cancel := inj.untilEnded(0)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, inj.engine.config.Times.UndoTimeout)
	defer stop()
	for _, done := range inj.applied {
		if done.step.InPlace == nil {
			continue
		}
		there := true
		err := inj.engine.safely(func() (err error) { there, err = done.step.InPlace(ctx); return err })
		if err == nil && !there {
			inj.endBySquall(event.CauseEndedByOthers, done.step.Object)
			return
		}
	}
}
