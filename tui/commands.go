package tui

import (
	"fmt"
	"runtime/debug"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/session"
)

// command is one intention on its way to the session.
type command struct {
	name string       // verb and object, for an error: "set virtual users"
	kind string       // a waiting command of the same kind is replaced: a held key never piles up
	run  func() error // calls the session
	then string       // what to say when it is done; "" says nothing more
	// after takes the answer to what asked for it, and tells whether an error is shown there.
	after func(m *Model, err error) (shown bool)
}

// queue sends commands one after the other in the order of the keys, off the screen's own
// goroutine: a slow disk never stops the picture.
type queue struct {
	waiting []command
	busy    bool
}

// add queues a command and returns what starts it, nil while another one runs.
func (q *queue) add(c command) tea.Cmd {
	if n := len(q.waiting); n > 0 && c.kind != "" && q.waiting[n-1].kind == c.kind {
		q.waiting[n-1] = c
	} else {
		q.waiting = append(q.waiting, c)
	}
	return q.next()
}

// next starts the oldest command that waits.
func (q *queue) next() tea.Cmd {
	if q.busy || len(q.waiting) == 0 {
		return nil
	}
	c := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.busy = true
	return perform(c, true)
}

// drop forgets what waits: after a halt nothing older may follow.
func (q *queue) drop() { q.waiting = nil }

// doneMsg says that a command has come back.
type doneMsg struct {
	command command
	err     error
	queued  bool // it held the queue
}

// perform runs a command.
func perform(c command, queued bool) tea.Cmd {
	return guard(func() tea.Msg { return doneMsg{c, c.run(), queued} })
}

// snapshotMsg brings a snapshot.
type snapshotMsg struct{ snapshot session.Snapshot }

// tickMsg asks for the next one.
type tickMsg time.Time

// panicMsg brings a panic from a goroutine of ours to the loop, which ends the program.
type panicMsg struct{ err error }

// PanicError is a panic of the console or of the session under it. Its message has no stack; the
// stack is for the journal.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says that the console failed and why.
func (e *PanicError) Error() string { return fmt.Sprintf("draw the console: panic: %v", e.Value) }

// guard turns a panic in a command into a message, so that it never leaves the terminal raw.
func guard(run func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if value := recover(); value != nil {
				msg = panicMsg{&PanicError{value, debug.Stack()}}
			}
		}()
		return run()
	}
}
