// Package dialog is everything that opens over the screen and takes the keys.
package dialog

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Dialog is something open over the screen that takes the keys. It knows itself and what the session
// shows, not the model that shows it.
type Dialog interface {
	// Update takes a key, pasted text ([tea.KeyMsg] with Paste), a [shownMsg], an [answeredMsg], or an answer
	// that the dialog asked for. It returns what is open next: itself, another dialog, or nil for none.
	Update(msg tea.Msg, c Console) (Dialog, tea.Cmd)
	// View draws it over a frame and changes nothing.
	View(frame *grid.Grid, s *view.State)
	// Keys are the keys that do something now.
	Keys(s *view.State) []Hint
	// Typing reports whether letters are text now, so that x is one and only Ctrl+X halts.
	Typing() bool
}

// Console is what a dialog may ask of the console that shows it.
type Console interface {
	State() *view.State
	Send(echo string, r Request) tea.Cmd           // gives a command to the session and says so
	Say(text string, bad bool)                     // shows a line in the footer
	Revert(f *session.FaultState) tea.Cmd          // reverts a fault, unless that was asked for already
	ReleaseHalt() tea.Cmd                          // allows spikes and faults again
	Finish() tea.Cmd                               // ends the run
	Ending() bool                                  // the run is ending
	FaultKey(i int, from Dialog) (Dialog, tea.Cmd) // a fault's own key, pressed in a dialog
}

// ShownMsg tells a dialog that there is a new snapshot, or that the screen has another size. It comes
// before the dialog is first drawn, too.
type ShownMsg struct{}

// AnsweredMsg carries the session's answer to a command that the dialog sent; nil: it was carried out.
type AnsweredMsg struct{ Err error }

// Closer is a dialog with something under way that ends when it closes.
type Closer interface{ Close() }
