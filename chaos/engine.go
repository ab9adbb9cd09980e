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
	Faults    []Fault // in the order of their keys
	Undoers   Undoers // one for the kind of every step that has a record
	Ledger    *Ledger
	Overrides map[string]Params // what differs from the faults' own defaults, by id

	// Emit writes an event of a fault to the journal: event.FaultStarted and its siblings. When it returns an
	// error for a FaultStarted, nothing is touched.
	Emit func(by event.Actor, data any) error
	// Conditions adds checks that no fault can know, such as the steady state; may be nil.
	Conditions func(Info) []Check
	// Panicked is called after a panic in a fault, which counts as an error of the fault; may be nil.
	Panicked func(value any, stack []byte)

	Times Times // zero values mean the defaults
}

// Times bounds what the engine waits for.
type Times struct {
	PlanTimeout    time.Duration // one preflight
	StepTimeout    time.Duration // one step; longer than any single call in it, so that none is cut in two
	DriftInterval  time.Duration // between two checks that an active fault is still in place
	GracePeriod    time.Duration // for a step that is under way when its fault is to be reverted
	UndoTimeout    time.Duration // one attempt at one change
	RetryDelay     time.Duration // until the second attempt; doubles up to ten times as long
	RevertTimeout  time.Duration // of failing attempts, before an operator has to decide
	PendingTimeout time.Duration // the same, of an undo that is pending (pods that do not start)
	StopTimeout    time.Duration // the same, once the run ends
	RecheckDelay   time.Duration // after the undo of a step whose outcome was unknown, before it is checked again
}

func (t Times) withDefaults() Times {
	or := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	or(&t.PlanTimeout, 30*time.Second)
	or(&t.StepTimeout, 2*time.Minute)
	or(&t.DriftInterval, 5*time.Second)
	or(&t.GracePeriod, 5*time.Second)
	or(&t.UndoTimeout, 30*time.Second)
	or(&t.RetryDelay, 500*time.Millisecond)
	or(&t.RevertTimeout, 2*time.Minute)
	or(&t.PendingTimeout, 10*time.Minute)
	or(&t.StopTimeout, time.Minute)
	or(&t.RecheckDelay, 3*time.Second)
	return t
}

// Engine injects faults and reverts them. Its methods return at once; their effect shows in [Engine.Snapshot]
// and in events. It is safe for concurrent use.
type Engine struct {
	config  Config
	closing chan struct{} // closed by Stop
	work    sync.WaitGroup

	mu      sync.Mutex
	entries []*faultEntry // one per fault, in their order
	runs    int           // injections begun
	halted  bool
	closed  bool
}

// faultEntry is one fault and its injection, if it has one.
type faultEntry struct {
	fault     Fault
	info      Info       // of the fault
	status    Status     // under the engine's lock
	injection *injection // nil when idle
}

// New makes an engine. It starts nothing.
func New(c Config) *Engine {
	c.Times = c.Times.withDefaults()
	e := &Engine{config: c, closing: make(chan struct{})}
	for _, f := range c.Faults {
		info := f.Info()
		given := c.Overrides[info.ID]
		e.entries = append(e.entries, &faultEntry{fault: f, info: info, status: Status{Info: info, Overrides: given, Summary: summarize(f, given)}})
	}
	return e
}

// summarize is what an idle fault would do, "" if it cannot say.
func summarize(f Fault, given Params) string {
	b, ok := f.(Summarizer)
	if !ok {
		return ""
	}
	full, err := Complete(f.Info().Params, given)
	if err != nil {
		return ""
	}
	return b.Summarize(full)
}

// Snapshot is every fault as it is now, in the order of the keys.
func (e *Engine) Snapshot() []Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]Status, len(e.entries))
	for i, s := range e.entries {
		all[i] = s.status
	}
	return all
}

func (e *Engine) find(id string) (*faultEntry, error) {
	var known []string
	for _, s := range e.entries {
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
	plan, _, err := e.plan(ctx, s, e.mergeParams(s, given))
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
		checks = append(checks, e.dryRunStep(ctx, step))
	}
	return plan, checks, nil
}

func (e *Engine) dryRunStep(ctx context.Context, step Step) Check {
	if step.DryRun == nil {
		text := step.Object + ": there is no dry run for this"
		if step.Command != "" {
			text += "; it would do the same as " + step.Command
		}
		return Check{Text: text}
	}
	ctx, cancel := context.WithTimeout(ctx, e.config.Times.PlanTimeout)
	defer cancel()
	if err := e.safely(func() error { return step.DryRun(ctx) }); err != nil {
		return Check{Text: step.Object + ": the server would refuse", Answer: Refuses, Reason: err.Error()}
	}
	return Check{Text: step.Object + ": the server would accept"}
}

// mergeParams returns the configured parameters with others over them.
func (e *Engine) mergeParams(s *faultEntry, given Params) Params {
	e.mu.Lock()
	defer e.mu.Unlock()
	return s.status.Overrides.With(given)
}

// plan completes the parameters and makes the plan, with the checks that the engine itself adds.
func (e *Engine) plan(ctx context.Context, s *faultEntry, given Params) (plan Plan, full Params, err error) {
	if full, err = Complete(s.info.Params, given); err != nil {
		return Plan{}, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.config.Times.PlanTimeout)
	defer cancel()
	err = e.safely(func() (err error) { plan, err = s.fault.Plan(ctx, full); return err })
	if err != nil {
		return Plan{}, full, err
	}
	plan.Checks = append(plan.Checks, e.conflicts(s, plan.Objects)...)
	if e.config.Conditions != nil && s.idle(e) {
		plan.Checks = append(plan.Checks, e.config.Conditions(s.info)...)
	}
	return plan, full, nil
}

func (s *faultEntry) idle(e *Engine) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !s.status.On()
}

// conflicts refuses objects that another active fault has changed.
func (e *Engine) conflicts(own *faultEntry, objects []string) (checks []Check) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.conflictsLocked(own, objects)
}

func (e *Engine) conflictsLocked(own *faultEntry, objects []string) (checks []Check) {
	for _, s := range e.entries {
		if s == own || s.injection == nil {
			continue
		}
		if shared := s.injection.holdsAny(objects); shared != "" {
			checks = append(checks, Check{
				Text: "no other fault holds " + shared, Answer: Refuses,
				Reason: s.info.Title + " is on and changes the same object: revert it first",
			})
		}
	}
	return checks
}

// Inject begins an injection. The preflight is made again, and what it refuses is an
// event. An error means that nothing was tried.
func (e *Engine) Inject(id string, given Params, by event.Actor) error {
	s, err := e.find(id)
	if err != nil {
		return err
	}
	wanted := e.mergeParams(s, given)
	if _, err := Complete(s.info.Params, wanted); err != nil {
		return fmt.Errorf("inject %s: %w", id, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		err = ErrClosed
	case e.halted:
		err = ErrHalted
	case s.injection != nil:
		err = fmt.Errorf("it is %s already", s.status.State)
	}
	if err != nil {
		return fmt.Errorf("inject %s: %w", id, err)
	}
	inj := &injection{engine: e, entry: s, by: by, overrides: wanted, stopped: make(chan struct{}), adjustments: make(chan adjustRequest, 1), decisions: make(chan event.Decision, 1)}
	s.injection = inj
	s.status = Status{Info: s.info, State: Checking, Overrides: wanted}
	e.work.Go(func() {
		defer inj.recoverPanic()
		inj.run()
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
	if s.injection == nil || s.status.State != Active {
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
	case s.injection.adjustments <- adjustRequest{params: full, by: by}:
		return nil
	default:
		return fmt.Errorf("change %s: the last change is still being made", id)
	}
}

// Revert asks for the end of an injection. A fault that is being reverted, or is off, is fine.
func (e *Engine) Revert(id string, by event.Actor) error {
	s, err := e.find(id)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.injection != nil {
		s.injection.end(by, event.CauseAsked, "")
	}
	return nil
}

// Decide is an operator's decision about a fault that could not be reverted. It is in the journal before it is
// carried out.
func (e *Engine) Decide(id string, d event.Decision, by event.Actor) error {
	s, err := e.find(id)
	if err != nil {
		return err
	}
	e.mu.Lock()
	inj, state := s.injection, s.status.State
	e.mu.Unlock()
	if inj == nil || state != NotReverted {
		return fmt.Errorf("decide about %s: it is %s", id, state)
	}
	if err := inj.emit(by, event.FaultDecided{Injection: inj.ref(), Decision: d}); err != nil {
		return fmt.Errorf("decide about %s: %w", id, err)
	}
	select {
	case inj.decisions <- d:
	default: // one decision is being carried out
	}
	return nil
}

// Halt reverts every fault and refuses new ones until ReleaseHalt. It returns at once.
func (e *Engine) Halt(by event.Actor) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.halted = true
	e.endAll(by, event.CauseHalt)
}

func (e *Engine) endAll(by event.Actor, cause event.Cause) {
	for _, s := range e.entries {
		if s.injection != nil {
			s.injection.end(by, cause, "")
		}
	}
}

// ReleaseHalt lets faults be injected again after a halt.
func (e *Engine) ReleaseHalt() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.halted = false
}

// Stop reverts every fault, refuses new ones for good, and waits until nothing is left to wait
// for, which is bounded. The error joins a [*NotRevertedError] for every change that is still there.
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
	for _, s := range e.entries {
		if s.injection != nil {
			for _, remaining := range s.injection.remaining {
				errs = append(errs, remaining)
			}
		}
	}
	return errors.Join(errs...)
}

// safely turns a panic of a fault into an error, so that its changes are reverted all the same.
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

// joinNames joins names for a message.
func joinNames(names []string) string { return strings.Join(names, ", ") }
