package tui

import (
	"io"
	"time"

	"github.com/charmbracelet/lipgloss"
)

// Options is how the console looks and where it is drawn. The zero value suits a person's terminal.
type Options struct {
	Clock    func() time.Time   // nil: time.Now
	Location *time.Location     // of the times on screen; nil: UTC
	Renderer *lipgloss.Renderer // knows the terminal's colours; nil: lipgloss' own
	Dark     *bool              // dark background; nil: as the terminal says, dark if it says nothing
	NoColor  bool               // shapes and attributes only; NO_COLOR is honoured without it
	ASCII    bool               // a terminal without UTF-8
	Input    io.Reader          // nil: standard input
	Output   io.Writer          // nil: standard output
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.Renderer == nil {
		o.Renderer = lipgloss.DefaultRenderer()
	}
	if o.Dark == nil {
		dark := o.Renderer.HasDarkBackground()
		o.Dark = &dark
	}
	return o
}
