package session

import (
	"errors"
	"fmt"
	"os"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/errtree"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
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
		go s.shutDown()
	})
}

// shutDown runs apart from every other goroutine of the session, so that it can wait for them.
func (s *Session) shutDown() {
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
	s.saveSamples()
	s.effects.close(s.journal.timeline())
	s.outcomes.close()
	s.emitUnread()

	s.commands.Lock()
	defer s.commands.Unlock()
	failed := errtree.All[*chaos.NotRevertedError](faults)
	for _, rule := range errtree.All[*load.RuleNotRestoredError](errs[0]) {
		s.emit(squall, event.ChangeNotReverted{Object: rule.Rule.Object(), Remedy: rule.Remedy, Reason: rule.Err.Error()})
		failed = append(failed, &chaos.NotRevertedError{Object: rule.Rule.Object(), Remedy: rule.Remedy, Err: rule.Err})
	}
	end := s.endedBy
	for _, r := range s.ledger.Unresolved() {
		end.NotReverted = append(end.NotReverted, s.notRevertedText(r, failed))
	}
	for _, refused := range s.refusals() {
		errs = append(errs, errors.New(refused))
	}
	if n := s.lostWindows(); n > 0 {
		errs = append(errs, fmt.Errorf("write run directory: measured and not written: %s", units.Counted(uint64(n), "second", "seconds")))
	}
	errs = append(errs, faults, s.journal.add(s.ender, end))
	s.exportEvidence()
	s.stopOutlets()
	dir, err := s.placeOfRun()
	errs = append(errs, err, s.journal.close(), s.ledger.Close(), s.lock.Unlock())
	s.closed = true
	if s.endedBy.Cause == event.EndPanic {
		errs = append(errs, fmt.Errorf("squall failed: %s", s.endedBy.Detail))
	}
	path, err := s.config.Report(dir)
	if err != nil {
		errs = append(errs, fmt.Errorf("write report: %w", err))
	}
	s.err = errors.Join(errs...)
	s.mu.Lock()
	s.view.status, s.view.report = Finished, path
	s.mu.Unlock()
}

// placeOfRun is the run directory; when it was taken away while the run went on, what was written is saved to another.
// The error says so.
func (s *Session) placeOfRun() (dir string, err error) {
	lost := s.journal.writer.Check()
	if lost == nil {
		return s.config.Dir, nil
	}
	spare, err := os.MkdirTemp("", "squall-run-")
	if err == nil {
		err = s.journal.writer.CopyTo(spare)
	}
	if err != nil {
		return s.config.Dir, errors.Join(lost, err)
	}
	return spare, fmt.Errorf("%w: the run was saved to %s", lost, spare)
}

// notRevertedText returns why a record is unresolved and what a person can run.
func (s *Session) notRevertedText(r chaos.Record, failed []*chaos.NotRevertedError) string {
	for _, f := range failed {
		if f.Object == r.Object {
			return f.Error()
		}
	}
	if u := s.config.Undoers[r.Kind]; u != nil {
		return (&chaos.NotRevertedError{Object: r.Object, Remedy: u.Remedy(r.Undo), Err: errors.New("its record is unresolved")}).Error()
	}
	return r.Object
}

func (s *Session) lostWindows() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.lost
}

func (s *Session) refusals() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.refused
}

// Panicked ends the run after a panic in a goroutine of the program. The journal gets the stack, for
// the bug report; the screen gets one line.
func (s *Session) Panicked(value any, stack []byte) {
	s.emit(squall, event.SquallFailed{Error: fmt.Sprint(value), Stack: string(stack)})
	s.end(squall, event.RunEnded{Cause: event.EndPanic, Detail: fmt.Sprint(value)})
}
