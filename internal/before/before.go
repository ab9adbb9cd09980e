// Package bubbletea settles lipgloss's question for the background colour before Bubble Tea's init asks it of the
// terminal. Every command of squall would wait up to five seconds for an answer there, version and --help included,
// and a late answer would be read as keys. The console asks by itself, when it opens (tui/terminal).
//
// Go initialises packages in the order of their import paths as far as imports allow, so the path of this one has to
// come before github.com/charmbracelet/bubbletea, which is why it is a module of its own. Bubble Tea 2 no longer asks.
package bubbletea

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
