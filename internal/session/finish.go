package session

import (
	"errors"
	"fmt"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/load"
)

// finish ends the run: traffic drains, faults are reverted, rules restored, the report is written. It
// returns at once; Done is closed at the end. Only the first call counts.
func (s *Session) finish(by event.Actor, _ command.Finish) error {
	end := event.RunEnded{Cause: event.EndAsked}
	switch by.Role {
	case event.RoleSignal:
		end = event.RunEnded{Cause: event.EndSignal, Detail: by.Name}
	case event.RoleStopRule:
		end = event.RunEnded{Cause: event.EndStopRule, Detail: by.Name}
	}
	s.end(by, end)
	return nil
}

// Abort ends the run without waiting for requests in flight; they are counted as interrupted.
func (s *Session) Abort(by event.Actor) {
	_ = s.finish(by, command.Finish{}) // cannot fail
	s.abort()
}

func (s *Session) end(by event.Actor, end event.RunEnded) {
	s.ending.Do(func() {
		s.mu.Lock()
		s.view.status = Draining
		s.endedBy, s.ender = end, by
		s.mu.Unlock()
		go s.windUp()
	})
}

// windUp runs apart from every other goroutine of the session, so that it can wait for them.
func (s *Session) windUp() {
	defer close(s.done)
	var faults error
	reverted := make(chan struct{})
	go func() { // beside the draining: requests that hang in a fault come back when it is gone
		defer close(reverted)
		faults = s.engine.Stop(squall)
	}()
	errs := []error{s.gen.Stop(s.ctx)}
	<-reverted
	s.abort()
	s.work.Wait()
	s.closeOpenExpectations()

	s.commands.Lock()
	defer s.commands.Unlock()
	end := s.endedBy
	for _, r := range s.ledger.Unresolved() {
		end.NotReverted = append(end.NotReverted, s.leftOver(r, faults))
	}
	for _, left := range leftBehind(errs[0]) {
		end.NotReverted = replaceObject(end.NotReverted, left)
		s.emit(squall, event.ChangeNotReverted{Object: ruleObject(left.Rule), Remedy: left.Remedy, Reason: left.Err.Error()})
	}
	for _, refused := range s.refusals() {
		errs = append(errs, errors.New(refused))
	}
	if n := s.lostSeconds(); n > 0 {
		errs = append(errs, fmt.Errorf("write run directory: %s seconds were measured and not written", count(n)))
	}
	errs = append(errs, faults,
		s.journal.add(s.ender, end),
		s.journal.close(), s.ledger.Close(), s.lock.Unlock())
	s.closed = true
	if s.endedBy.Cause == event.EndPanic {
		errs = append(errs, fmt.Errorf("squall failed: %s", s.endedBy.Detail))
	}
	path, err := s.config.Report(s.config.Dir)
	if err != nil {
		errs = append(errs, fmt.Errorf("write report: %w", err))
	}
	s.err = errors.Join(errs...)
	s.mu.Lock()
	s.view.status, s.view.report = Finished, path
	s.mu.Unlock()
}

// leftOver is the full account of an open record: why it is open and what a person can run.
func (s *Session) leftOver(r chaos.Record, faults error) string {
	for _, left := range chaos.NotRevertedErrors(faults) {
		if left.Object == r.Object {
			return left.Error()
		}
	}
	if u := s.config.Undoers[r.Kind]; u != nil {
		return (&chaos.NotRevertedError{Object: r.Object, Remedy: u.Remedy(r.Undo), Err: errors.New("its record is still open")}).Error()
	}
	return r.Object
}

func (s *Session) lostSeconds() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.lost
}

func (s *Session) refusals() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.refused
}

// leftBehind finds the rules in a joined error.
func leftBehind(err error) []*load.LeftBehind {
	if err == nil {
		return nil
	}
	if left, ok := err.(*load.LeftBehind); ok { //nolint:errorlint // walks the tree itself
		return []*load.LeftBehind{left}
	}
	var all []*load.LeftBehind
	switch e := err.(type) { //nolint:errorlint // walks the tree itself
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, leftBehind(inner)...)
		}
	case interface{ Unwrap() error }:
		all = leftBehind(e.Unwrap())
	}
	return all
}

// replaceObject puts the full account of a rule in the place of its bare name.
func replaceObject(list []string, left *load.LeftBehind) []string {
	for i, object := range list {
		if strings.Contains(object, left.Rule.RuleID) {
			list[i] = left.Error()
			return list
		}
	}
	return append(list, left.Error())
}

// Panicked ends the run after a panic in a goroutine of the program. The journal gets the stack, for
// the bug report; the screen gets one line.
func (s *Session) Panicked(value any, stack []byte) {
	s.emit(squall, event.SquallFailed{Error: fmt.Sprint(value), Stack: string(stack)})
	s.end(squall, event.RunEnded{Cause: event.EndPanic, Detail: fmt.Sprint(value)})
}
