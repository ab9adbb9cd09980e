package session

import (
	"fmt"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/load"
)

// halt reverts everything at once: faults and the spike end, VUs, rate, think time and mix are as
// started, toggled rules are restored. New spikes and faults are refused until releaseHalt. It returns
// at once; events say when each fault is reverted.
func (s *Session) halt(by event.Actor, _ command.Halt) error {
	s.mu.Lock()
	s.view.halted = true
	s.mu.Unlock()
	s.engine.Halt(by)
	return s.change(by,
		func(next *load.Settings) {
			paused := next.Paused
			*next = s.config.Settings
			next.Ramp, next.FreezeRules, next.Paused = 0, true, paused
		},
		func(from, to load.Settings) any { return event.Halted{From: from.WantedVUs(), To: to.WantedVUs()} })
}

// releaseHalt allows spikes and faults again.
func (s *Session) releaseHalt(by event.Actor, _ command.ReleaseHalt) error {
	if !s.halted() {
		return nil
	}
	err := s.change(by,
		func(next *load.Settings) { next.FreezeRules, next.Ramp = false, s.config.Settings.Ramp },
		func(load.Settings, load.Settings) any { return event.HaltReleased{} })
	if err != nil {
		return err
	}
	s.engine.ReleaseHalt()
	s.mu.Lock()
	s.view.halted = false
	s.mu.Unlock()
	return nil
}

// export writes the report of the run so far; the snapshot has its path.
func (s *Session) export(by event.Actor, _ command.Export) error {
	path, err := s.config.Report(s.config.Dir)
	if err != nil {
		return fmt.Errorf("export report: %w", err)
	}
	s.mu.Lock()
	s.view.report = path
	s.mu.Unlock()
	s.commands.Lock()
	defer s.commands.Unlock()
	if !s.closed {
		s.emit(by, event.ReportExported{Path: path})
	}
	return nil
}
