package session

import (
	"errors"
	"fmt"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// Finish ends the run: traffic drains, rules are put back, the report is written. It returns at
// once; Done is closed at the end. Only the first call's reason counts.
func (s *Session) Finish(reason string) { s.finish(rundir.End{Reason: reason}) }

// Abort ends the run without waiting for requests in flight; they are counted as interrupted.
func (s *Session) Abort(reason string) {
	s.Finish(reason)
	s.abort()
}

func (s *Session) finish(end rundir.End) {
	s.ending.Do(func() {
		s.mu.Lock()
		s.view.phase = Draining
		s.endedBy = end
		s.mu.Unlock()
		go s.end()
	})
}

// end runs apart from every other goroutine of the session, so that it can wait for them.
func (s *Session) end() {
	defer close(s.done)
	var faults error
	reverted := make(chan struct{})
	go func() { // beside the draining: requests that hang in a fault come back when it is gone
		defer close(reverted)
		faults = s.engine.Stop(squall, "the run ends")
	}()
	errs := []error{s.gen.Stop(s.ctx)}
	<-reverted
	s.abort()
	s.work.Wait()
	s.unfinished()

	s.commands.Lock()
	defer s.commands.Unlock()
	end := s.endedBy
	for _, r := range s.ledger.Open() {
		end.LeftOver = append(end.LeftOver, s.leftOver(r, faults))
	}
	for _, left := range leftBehind(errs[0]) {
		end.LeftOver = replaceObject(end.LeftOver, left)
		s.say(rundir.RuleState, squall, "Left behind: "+left.Error(), nil)
	}
	for _, refused := range s.refusals() {
		errs = append(errs, errors.New(refused))
	}
	errs = append(errs, faults,
		s.record(rundir.Finished, squall, closing(end), end, true),
		s.writer.Close(), s.ledger.Release(), s.lock.Unlock())
	if s.endedBy.Reason == reasonPanic {
		errs = append(errs, fmt.Errorf("squall failed: %s", s.endedBy.Detail))
	}
	path, err := s.config.Report(s.config.Dir)
	if err != nil {
		errs = append(errs, fmt.Errorf("write report: %w", err))
	}
	s.err = errors.Join(errs...)
	s.mu.Lock()
	s.view.phase, s.view.report, s.view.end = Finished, path, &end
	s.mu.Unlock()
}

// leftOver is the full account of an open record: why it is open and what a person can run.
func (s *Session) leftOver(r chaos.Record, faults error) string {
	for _, left := range chaos.AllLeftBehind(faults) {
		if left.Object == r.Object {
			return left.Error()
		}
	}
	if u := s.config.Undoers[r.Kind]; u != nil {
		return (&chaos.LeftBehind{Object: r.Object, Remedy: u.Remedy(r.Undo), Err: errors.New("its record is still open")}).Error()
	}
	return r.Object
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

func closing(e rundir.End) string {
	text := "Ended: " + e.Reason
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	if n := len(e.LeftOver); n > 0 {
		text += ", " + count(n) + " left behind"
	}
	return text
}

const reasonPanic = "panic"

// panicked is told of a panic in one of the generator's goroutines. The stack goes into the
// journal, for the bug report; the screen gets one line.
func (s *Session) panicked(value any, stack []byte) {
	s.Panicked(value, stack)
}

// Panicked ends the run after a panic in a goroutine of the program. The journal gets the stack.
func (s *Session) Panicked(value any, stack []byte) {
	text := fmt.Sprintf("squall failed: %v", value)
	if err := s.record(rundir.Failure, squall, text, map[string]string{"stack": string(stack)}, true); err != nil {
		s.suffer(err)
	}
	s.finish(rundir.End{Reason: reasonPanic, Detail: fmt.Sprint(value)})
}
