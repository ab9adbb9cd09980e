package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"xinbot.ir/squall/tui/terminal"
)

// screen is the terminal while the console has it to itself. It is taken before the run starts: the first thing that a
// source does may be to run a login program, which writes where it likes.
type screen struct {
	out     *os.File
	release func() error

	mu    sync.Mutex
	early []string // lines from before anybody was there to be told
	told  func(line string)
}

func captureScreen() (*screen, error) {
	s := &screen{}
	var err error
	if s.out, s.release, err = terminal.Capture(s.line); err != nil {
		return nil, fmt.Errorf("open the console: %w", err)
	}
	return s, nil
}

func (s *screen) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told == nil {
		s.early = append(s.early, text)
		return
	}
	s.told(text)
}

// tell hands out what was written so far, and what will be.
func (s *screen) tell(told func(line string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = told
	for _, line := range s.early {
		told(line)
	}
	s.early = nil
}

// giveBack ends the capture when no run has come of it, and writes what was held back. It does nothing to a nil screen.
func (s *screen) giveBack(to io.Writer) error {
	if s == nil {
		return nil
	}
	errs := []error{s.release()}
	for _, line := range s.early {
		_, err := fmt.Fprintln(to, line)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
