package chaos

import (
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

// life is one injection, from its preflight until it is reverted. Its goroutine alone carries
// changes out; what other goroutines read of it is under the engine's lock.
type life struct {
	engine *Engine
	slot   *slot
	by     event.Actor
	given  Params
	orders chan order
	settle chan event.Decision

	// Under the engine's lock.
	objects []string
	ended   bool
	endedBy event.Actor
	cause   event.Cause
	detail  string
	stopped chan struct{} // closed by end
	left    []error       // what is not reverted once the goroutine is gone

	// The goroutine's own.
	run     int
	changes []change
	lasts   time.Duration
	failure string   // why it could not be injected; stays on the screen afterwards
	partly  []string // findings of steps that were carried out in part
}

// order asks for other parameters.
type order struct {
	given Params
	by    event.Actor
}

// change is a step that was begun.
type change struct {
	step     Step
	record   string // id in the ledger; "" without one
	undo     json.RawMessage
	doubtful bool // whether it took is not known
}

// end asks the goroutine to revert the fault. The first cause counts. The engine's lock must be held.
func (l *life) end(by event.Actor, cause event.Cause, detail string) {
	if l.ended {
		return
	}
	l.ended, l.endedBy, l.cause, l.detail = true, by, cause, detail
	close(l.stopped)
}

// finish is end from the goroutine.
func (l *life) finish(cause event.Cause, detail string) {
	l.engine.mu.Lock()
	defer l.engine.mu.Unlock()
	l.end(squall, cause, detail)
}

func (l *life) isEnded() bool {
	select {
	case <-l.stopped:
		return true
	default:
		return false
	}
}

// holds names an object that the life has reserved, "" if none. The engine's lock is held.
func (l *life) holds(objects []string) string {
	for _, o := range objects {
		if slices.Contains(l.objects, o) {
			return o
		}
	}
	return ""
}

// show changes what screens see.
func (l *life) show(edit func(*Status)) {
	l.engine.mu.Lock()
	defer l.engine.mu.Unlock()
	edit(&l.slot.status)
}

// ref names the injection in events.
func (l *life) ref() event.Injection {
	info := l.slot.info
	return event.Injection{Fault: info.ID, Title: info.Title, Run: l.run}
}

// emit writes an event down.
func (l *life) emit(by event.Actor, data any) error { return l.engine.config.Emit(by, data) }

// live is the goroutine.
func (l *life) live() {
	plan, ok := l.admit()
	if !ok {
		return
	}
	err := l.apply(plan.Steps)
	switch {
	case err != nil:
		l.failure = "it could not be injected: " + err.Error()
		l.finish(event.CauseFailed, l.failure)
	case plan.Momentary:
		l.note(l.emit(l.by, event.FaultActive{Injection: l.ref(), Scope: plan.Scope, OneShot: true, Findings: l.partly}))
		l.finish(event.CauseDone, "")
	default:
		until := deadline(l.lasts)
		l.show(func(s *Status) { s.State, s.Until = Active, until })
		l.note(l.emit(l.by, event.FaultActive{Injection: l.ref(), Scope: plan.Scope, TTL: l.lasts.Seconds(), Findings: l.partly}))
		l.hold(until)
	}
	l.takeBack()
}

// deadline is when a time to live that begins now is up; zero for none.
func deadline(ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return time.Now().Add(ttl)
}

// guard turns a mistake of the engine itself into the end of the run: its records stay open, and are
// named as not reverted.
func (l *life) guard() {
	value := recover()
	if value == nil {
		return
	}
	err := fmt.Errorf("panic: %v", value)
	left := l.leftBehind(err)
	l.engine.mu.Lock()
	l.left = left
	l.slot.status.State, l.slot.status.Detail = Stuck, err.Error()
	l.engine.mu.Unlock()
	if l.engine.config.Panicked != nil {
		l.engine.config.Panicked(value, debug.Stack())
	}
}

// leftBehind names every change that is not reverted.
func (l *life) leftBehind(err error) (left []error) {
	for _, c := range l.changes {
		remedy := "stop squall"
		if c.record != "" {
			remedy = remedyFor(l.engine.config.Undoers[c.step.Kind], c.undo, err)
		}
		left = append(left, &LeftBehind{Object: c.step.Object, Remedy: remedy, Err: err})
	}
	return left
}

// untilEnded is a context that ends some time after the life was told to end.
func (l *life) untilEnded(grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-ctx.Done():
			return
		case <-l.stopped:
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

// admit makes the preflight, reserves the objects, and writes down that the fault begins.
func (l *life) admit() (Plan, bool) {
	e := l.engine
	ctx, cancel := l.untilEnded(0) // a preflight changes nothing, so it can be cut
	defer cancel()
	plan, params, err := e.plan(ctx, l.slot, l.given)
	if err != nil {
		if l.isEnded() {
			err = errors.New("it was ended before it began")
		}
		l.refuse(Plan{}, err.Error())
		return Plan{}, false
	}
	e.mu.Lock()
	collisions := e.collide(l.slot, plan.Objects)
	if len(collisions) == 0 {
		l.objects = plan.Objects
	}
	e.mu.Unlock()
	refused := plan.Refused()
	switch {
	case len(refused) > 0:
		l.refuse(plan, reasons(refused))
		return Plan{}, false
	case len(collisions) > 0: // since the plan was made
		l.refuse(plan, reasons(collisions))
		return Plan{}, false
	case l.isEnded():
		l.refuse(plan, "it was ended before it began")
		return Plan{}, false
	}
	l.lasts = params.Duration(TTL)
	e.mu.Lock()
	e.runs++
	l.run = e.runs
	s := &l.slot.status
	s.State, s.Params, s.Scope, s.Summary, s.Injected = Injecting, params, plan.Scope, plan.Params, time.Now()
	e.mu.Unlock()
	err = l.emit(l.by, event.FaultStarted{
		Injection: l.ref(), Driver: l.slot.info.Driver, Params: params, Summary: plan.Params, Scope: plan.Scope,
		TTL: l.lasts.Seconds(), Facts: plan.Facts, Checks: plan.Checks,
	})
	if err != nil {
		// The line may be in the journal all the same, and then has to be closed.
		l.note(l.emit(squall, event.FaultReverted{Injection: l.ref(), Cause: event.CauseUnrecorded}))
		l.refuse(plan, "it could not be written down: "+err.Error())
		return Plan{}, false
	}
	return plan, true
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

// refuse ends a life that has touched nothing.
func (l *life) refuse(plan Plan, why string) {
	l.run = 0
	l.note(l.emit(l.by, event.FaultRefused{Injection: l.ref(), Driver: l.slot.info.Driver, Params: l.given, Scope: plan.Scope, Reason: why, Facts: plan.Facts, Checks: plan.Checks}))
	l.engine.mu.Lock()
	defer l.engine.mu.Unlock()
	info := l.slot.info
	l.slot.status = Status{Info: info, Given: l.given, Summary: brief(l.slot.fault, l.given), Detail: why}
	l.slot.life = nil
}

// note shows an error of writing down, which is no reason to stop here.
func (l *life) note(err error) {
	if err != nil {
		l.show(func(s *Status) { s.Detail = err.Error() })
	}
}

// apply carries steps out, each after its record is on the disk.
func (l *life) apply(steps []Step) error {
	for _, step := range steps {
		if l.isEnded() {
			return errors.New("it was ended while it began")
		}
		i := slices.IndexFunc(l.changes, func(c change) bool { return c.step.Kind == step.Kind && c.step.Object == step.Object })
		if i < 0 {
			c, err := l.intend(step)
			if err != nil {
				return err
			}
			l.changes = append(l.changes, c)
			i = len(l.changes) - 1
		} else {
			l.changes[i].step = step // an adjustment: the record stands
		}
		err := l.applyOne(step)
		var partly *Partly
		switch {
		case errors.As(err, &partly):
			l.partly = append(l.partly, partly.What)
		case err != nil:
			l.changes[i].doubtful = true
			return err
		}
	}
	return nil
}

// applyOne bounds a step. A halt lets a call that is under way come to its end, for a call that is
// cut may still be carried out.
func (l *life) applyOne(step Step) error {
	times := l.engine.config.Times
	ctx, cancel := l.untilEnded(times.Grace)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, times.Apply)
	defer stop()
	return l.engine.safely(func() error { return step.Apply(ctx) })
}

func (l *life) intend(step Step) (change, error) {
	c := change{step: step}
	if step.Undo == nil {
		return c, nil
	}
	if l.engine.config.Undoers[step.Kind] == nil {
		return c, fmt.Errorf("change %s: there is no undo for changes of kind %s", step.Object, step.Kind)
	}
	raw, err := json.Marshal(step.Undo)
	if err != nil {
		return c, fmt.Errorf("record %s: %w", step.Object, err)
	}
	c.undo = raw
	c.record, err = l.engine.config.Ledger.Intend(step.Kind, step.Object, c.undo)
	return c, err
}

// hold keeps the fault until somebody ends it, its time is up, or it turns out to be gone.
func (l *life) hold(until time.Time) {
	looks := time.NewTicker(l.engine.config.Times.Look)
	defer looks.Stop()
	for {
		timer := time.NewTimer(time.Until(until))
		if until.IsZero() { // it has no time to live
			timer.Stop()
		}
		select {
		case <-l.stopped:
			timer.Stop()
			return
		case <-timer.C:
			l.finish(event.CauseTimeUp, "")
		case <-looks.C:
			timer.Stop()
			l.look()
		case o := <-l.orders:
			timer.Stop()
			until = l.adjust(o, until)
		}
	}
}

// look ends the fault if one of its changes is no longer there. It would be wrong to show it as active,
// and wronger to say that the platform recovered when squall took it back.
func (l *life) look() {
	ctx, cancel := l.untilEnded(0)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, l.engine.config.Times.Undo)
	defer stop()
	for _, c := range l.changes {
		if c.step.Look == nil {
			continue
		}
		there := true
		err := l.engine.safely(func() (err error) { there, err = c.step.Look(ctx); return err })
		if err == nil && !there {
			l.finish(event.CauseForeign, c.step.Object)
			return
		}
	}
}
