package tui

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/sys/unix"

	"xinbot.ir/squall/tui/panel"
)

// stoppedWithin is how long a process that asked to be stopped still runs, at most. One that goes on was not stopped:
// nobody watches its process group who could continue it.
const stoppedWithin = 200 * time.Millisecond

// suspension gives the terminal to the shell and takes it back. A process is stopped by its own key or by somebody
// else's signal, and a shell sets the terminal's mode meanwhile: keys would not arrive before Enter.
type suspension struct {
	program  *tea.Program
	terminal *os.File

	mu       sync.Mutex
	released bool
	resumed  chan os.Signal
}

// watchSuspension takes the terminal back after each stop until the context ends.
func watchSuspension(ctx context.Context, program *tea.Program, terminal *os.File) *suspension {
	s := &suspension{program: program, terminal: terminal, resumed: make(chan os.Signal, 1)}
	signal.Notify(s.resumed, syscall.SIGCONT)
	go func() {
		defer signal.Stop(s.resumed)
		for {
			select {
			case <-s.resumed:
				s.takeBack()
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

// stop gives the terminal to the shell and stops the process group, as Ctrl+Z does elsewhere.
func (s *suspension) stop() error {
	s.mu.Lock()
	err := s.release()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	time.AfterFunc(stoppedWithin, s.takeBack)
	return nil
}

// release must be called with the lock held.
func (s *suspension) release() error {
	if s.released {
		return nil
	}
	s.released = true
	return s.program.ReleaseTerminal()
}

// takeBack sets the terminal's mode, size and screen anew. In the background it waits for the next time.
func (s *suspension) takeBack() {
	group, err := unix.IoctlGetInt(int(s.terminal.Fd()), unix.TIOCGPGRP)
	if err != nil || group != unix.Getpgrp() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err = s.release(); err == nil {
		err = s.program.RestoreTerminal()
	}
	s.released = false
	if err != nil {
		s.program.Send(suspendedMsg{err})
	}
}

// suspendedMsg is a suspension that went wrong.
type suspendedMsg struct{ err error }

// suspend stops the program until the shell continues it. A fault would be on meanwhile and nobody would take it back.
func (m *Model) suspend() tea.Cmd {
	if panel.CountFaults(m.state.Now.Faults).On > 0 {
		m.Say("not suspended: a fault is on, and squall could not take it back meanwhile; revert it first", true)
		return nil
	}
	if m.suspension == nil {
		m.Say("not suspended: there is no terminal", true)
		return nil
	}
	return func() tea.Msg {
		if err := m.suspension.stop(); err != nil {
			return suspendedMsg{err}
		}
		return nil
	}
}
