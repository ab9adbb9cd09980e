// Package panel draws the parts of the screen, one file per panel. A panel is given its size and the state, and draws
// itself on a grid of its own.
package panel

import (
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Panel is one part of the screen. SetSize comes before the first Sync; View is valid until the
// next Sync and always has exactly the size that was set.
type Panel interface {
	Title() string // for the rule above it; "" when it has none
	SetSize(w, h int)
	Sync(s *view.State)
	View() *grid.Grid
}

// base is the size and the drawing that every panel has.
type base struct{ g grid.Grid }

// SetSize sets the size of the panel and blanks it.
func (s *base) SetSize(w, h int) { s.g.Resize(w, h) }

// View is the drawing of the last Sync.
func (s *base) View() *grid.Grid { return &s.g }
