package tui

import (
	"fmt"
	"runtime/debug"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/dialog"
)

// queue sends commands one after the other in the order of the keys, off the screen's own
// goroutine: a slow disk never stops the picture.
type queue struct {
	do      func(command.Command) error // of the session
	waiting []dialog.Request
	busy    bool
}

// add queues a command and returns what starts it, nil while another one runs.
func (q *queue) add(c dialog.Request) tea.Cmd {
	if n := len(q.waiting); n > 0 && c.Kind != "" && q.waiting[n-1].Kind == c.Kind {
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
	return q.perform(c, true)
}

// drop forgets what waits: after a halt nothing older may follow.
func (q *queue) drop() { q.waiting = nil }

// doneMsg means that a command was answered.
type doneMsg struct {
	request dialog.Request
	err     error
	queued  bool // it held the queue
}

// perform sends a command to the session.
func (q *queue) perform(o dialog.Request, queued bool) tea.Cmd {
	do := q.do
	return guard(func() tea.Msg { return doneMsg{o, do(o.Command), queued} })
}

// snapshotMsg carries a snapshot.
type snapshotMsg struct{ snapshot session.Snapshot }

// tickMsg asks for the next one.
type tickMsg time.Time

// panicMsg carries a panic from a goroutine of ours to the loop, which ends the program.
type panicMsg struct{ err error }

// PanicError is a panic of the console or of the session under it. Its message has no stack; the
// stack is for the journal.
type PanicError struct {
	Value any
	Stack []byte
}

// Error names the panic.
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
