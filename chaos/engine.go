package chaos

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"xinbot.ir/squall/internal/event"
)

// Config is what an engine is made of.
type Config struct {
	Faults  []Fault // in the order of their keys
	Undoers Undoers // one for the kind of every step that has a record
	Ledger  *Ledger
	Given   map[string]Params // what differs from the faults' own defaults, by id

	// Emit writes an event of a fault down: event.FaultStarted and its siblings. When it returns an
	// error for a FaultStarted, nothing is touched.
	Emit func(by event.Actor, data any) error
	// Conditions adds checks that no fault can know, such as the steady state; may be nil.
	Conditions func() []Check
	// Panicked is told of a panic in a fault, which is treated as an error of it; may be nil.
	Panicked func(value any, stack []byte)

	Times Times // zero values mean the defaults
}

// Times bounds what the engine waits for.
type Times struct {
	Plan    time.Duration // one preflight
	Apply   time.Duration // one step; longer than any single call in it, so that none is cut in two
	Look    time.Duration // between two looks at whether an active fault is still there
	Grace   time.Duration // that a step under way has left when its fault is to be reverted
	Undo    time.Duration // one attempt at one change
	Retry   time.Duration // until the second attempt; doubles up to ten times as long
	Give    time.Duration // until failing attempts make a fault stuck
	Pending time.Duration // until an undo that makes no progress by itself (pods that do not start) does
	Stop    time.Duration // both, once the run ends
	Doubt   time.Duration // after an undo of a step whose outcome was not known, before it is looked at again
}

func (t Times) withDefaults() Times {
	or := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	or(&t.Plan, 30*time.Second)
	or(&t.Apply, 2*time.Minute)
	or(&t.Look, 5*time.Second)
	or(&t.Grace, 5*time.Second)
	or(&t.Undo, 30*time.Second)
	or(&t.Retry, 500*time.Millisecond)
	or(&t.Give, 2*time.Minute)
	or(&t.Pending, 10*time.Minute)
	or(&t.Stop, time.Minute)
	or(&t.Doubt, 3*time.Second)
	return t
}

// Engine injects faults and reverts them. Orders return at once; what they lead to shows in
// [Engine.Snapshot] and is told as events. It is safe for concurrent use.
type Engine struct {
	config  Config
	closing chan struct{} // closed by Stop
	work    sync.WaitGroup

	mu      sync.Mutex
	slots   []*slot // one per fault, in their order
	runs    int     // injections begun
	blocked bool
	closed  bool
}

// slot is the place of one fault.
type slot struct {
	fault  Fault
	info   Info   // of the fault
	status Status // under the engine's lock
	life   *life  // nil when idle
}

// New makes an engine. It starts nothing.
func New(c Config) *Engine {
	c.Times = c.Times.withDefaults()
	e := &Engine{config: c, closing: make(chan struct{})}
	for _, f := range c.Faults {
		info := f.Info()
		given := c.Given[info.ID]
		e.slots = append(e.slots, &slot{fault: f, info: info, status: Status{Info: info, Given: given, Summary: brief(f, given)}})
	}
	return e
}

// brief is what an idle fault would do, "" if it cannot say.
func brief(f Fault, given Params) string {
	b, ok := f.(Brief)
	if !ok {
		return ""
	}
	full, err := Complete(f.Info().Params, given)
	if err != nil {
		return ""
	}
	return b.Brief(full)
}

// Snapshot is every fault as it is now, in the order of the keys.
func (e *Engine) Snapshot() []Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]Status, len(e.slots))
	for i, s := range e.slots {
		all[i] = s.status
	}
	return all
}

func (e *Engine) find(id string) (*slot, error) {
	var known []string
	for _, s := range e.slots {
		if s.info.ID == id {
			return s, nil
		}
		known = append(known, s.info.ID)
	}
	return nil, errUnknown(id, known)
}

// Preflight makes the plan of an injection with these parameters over the configured ones. It
// changes nothing and takes as long as the target takes, within a bound.
func (e *Engine) Preflight(ctx context.Context, id string, given Params) (Plan, error) {
	s, err := e.find(id)
	if err != nil {
		return Plan{}, err
	}
	plan, _, err := e.plan(ctx, s, e.over(s, given))
	return plan, err
}

// DryRun makes the plan and asks for every step whether it would be accepted: by the server, where
// the API has a dry run. It changes nothing.
func (e *Engine) DryRun(ctx context.Context, id string, given Params) (Plan, []Check, error) {
	plan, err := e.Preflight(ctx, id, given)
	if err != nil {
		return plan, nil, err
	}
	checks := make([]Check, 0, len(plan.Steps))
	for _, step := range plan.Steps {
		checks = append(checks, e.rehearse(ctx, step))
	}
	return plan, checks, nil
}

func (e *Engine) rehearse(ctx context.Context, step Step) Check {
	if step.DryRun == nil {
		text := step.Object + ": there is no dry run for this"
		if step.Command != "" {
			text += "; it would do the same as " + step.Command
		}
		return Check{Text: text}
	}
	ctx, cancel := context.WithTimeout(ctx, e.config.Times.Plan)
	defer cancel()
	if err := e.safely(func() error { return step.DryRun(ctx) }); err != nil {
		return Check{Text: step.Object + ": the server would refuse", Answer: Refuses, Reason: err.Error()}
	}
	return Check{Text: step.Object + ": the server would accept"}
}

// over lays parameters over the configured ones.
func (e *Engine) over(s *slot, given Params) Params {
	e.mu.Lock()
	defer e.mu.Unlock()
	return s.status.Given.With(given)
}

// plan completes the parameters and makes the plan, with the checks that the engine itself adds.
func (e *Engine) plan(ctx context.Context, s *slot, given Params) (plan Plan, full Params, err error) {
	if full, err = Complete(s.info.Params, given); err != nil {
		return Plan{}, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.config.Times.Plan)
	defer cancel()
	err = e.safely(func() (err error) { plan, err = s.fault.Plan(ctx, full); return err })
	if err != nil {
		return Plan{}, full, err
	}
	plan.Checks = append(plan.Checks, e.collisions(s, plan.Objects)...)
	if e.config.Conditions != nil && s.idle(e) {
		plan.Checks = append(plan.Checks, e.config.Conditions()...)
	}
	return plan, full, nil
}

func (s *slot) idle(e *Engine) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !s.status.On()
}

// collisions refuses objects that another active fault has.
func (e *Engine) collisions(own *slot, objects []string) (checks []Check) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.collide(own, objects)
}

func (e *Engine) collide(own *slot, objects []string) (checks []Check) {
	for _, s := range e.slots {
		if s == own || s.life == nil {
			continue
		}
		if shared := s.life.holds(objects); shared != "" {
			checks = append(checks, Check{
				Text: "no other fault holds " + shared, Answer: Refuses,
				Reason: s.info.Title + " is on and changes the same object: revert it first",
			})
		}
	}
	return checks
}

// Inject begins an injection. The preflight is made again; what it refuses is told as an event. The
// error says why nothing was even tried.
func (e *Engine) Inject(id string, given Params, by event.Actor) error {
	s, err := e.find(id)
	if err != nil {
		return err
	}
	wanted := e.over(s, given)
	if _, err := Complete(s.info.Params, wanted); err != nil {
		return fmt.Errorf("inject %s: %w", id, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		err = ErrClosed
	case e.blocked:
		err = ErrBlocked
	case s.life != nil:
		err = fmt.Errorf("it is %s already", s.status.State)
	}
	if err != nil {
		return fmt.Errorf("inject %s: %w", id, err)
	}
	l := &life{engine: e, slot: s, by: by, given: wanted, stopped: make(chan struct{}), orders: make(chan order, 1), settle: make(chan event.Decision, 1)}
	s.life = l
	s.status = Status{Info: s.info, State: Checking, Given: wanted}
	e.work.Go(func() {
		defer l.guard()
		l.live()
	})
	return nil
}

// Adjust changes live parameters of an active fault.
func (e *Engine) Adjust(id string, given Params, by event.Actor) error {
	s, err := e.find(id)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.life == nil || s.status.State != Active {
		return fmt.Errorf("change %s: it is %s, not active", id, s.status.State)
	}
	full, err := Complete(s.info.Params, s.status.Params.With(given))
	if err != nil {
		return fmt.Errorf("change %s: %w", id, err)
	}
	for _, r := range s.info.Params {
		if !r.Live && full[r.Name] != s.status.Params[r.Name] {
			return fmt.Errorf("change %s: %s cannot be changed while the fault is active: revert it first", id, r.Name)
		}
	}
	select {
	case s.life.orders <- order{given: full, by: by}:
		return nil
	default:
		return fmt.Errorf("change %s: the last change is still being made", id)
	}
}

// Revert takes a fault back. A fault that is being reverted, or is off, is fine.
func (e *Engine) Revert(id string, by event.Actor) error {
	s, err := e.find(id)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.life != nil {
		s.life.end(by, event.CauseAsked, "")
	}
	return nil
}

// Decide says what to do about a fault that could not be reverted. The decision is written down
// before it is carried out.
func (e *Engine) Decide(id string, d event.Decision, by event.Actor) error {
	s, err := e.find(id)
	if err != nil {
		return err
	}
	e.mu.Lock()
	l, state := s.life, s.status.State
	e.mu.Unlock()
	if l == nil || state != Stuck {
		return fmt.Errorf("decide about %s: it is %s", id, state)
	}
	if err := l.emit(by, event.FaultDecided{Injection: l.ref(), Decision: d}); err != nil {
		return fmt.Errorf("decide about %s: %w", id, err)
	}
	select {
	case l.settle <- d:
	default: // one decision is being carried out
	}
	return nil
}

// Halt takes every fault back and refuses new ones until Release. It returns at once.
func (e *Engine) Halt(by event.Actor) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.blocked = true
	e.endAll(by, event.CauseHalt)
}

func (e *Engine) endAll(by event.Actor, cause event.Cause) {
	for _, s := range e.slots {
		if s.life != nil {
			s.life.end(by, cause, "")
		}
	}
}

// Release lets faults be injected again.
func (e *Engine) Release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.blocked = false
}

// Stop takes every fault back, refuses new ones for good, and waits until nothing is left to wait
// for, which is bounded. The error joins a [*LeftBehind] for every change that is still there.
func (e *Engine) Stop(by event.Actor) error {
	e.mu.Lock()
	if !e.closed {
		e.closed = true
		close(e.closing)
	}
	e.endAll(by, event.CauseRunEnded)
	e.mu.Unlock()
	e.work.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for _, s := range e.slots {
		if s.life != nil {
			errs = append(errs, s.life.left...)
		}
	}
	return errors.Join(errs...)
}

// safely turns a panic of a fault into an error: what it changed must be reverted all the same.
func (e *Engine) safely(run func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
			if e.config.Panicked != nil {
				e.config.Panicked(value, debug.Stack())
			}
		}
	}()
	return run()
}

// list joins names for a message.
func list(names []string) string { return strings.Join(names, ", ") }
