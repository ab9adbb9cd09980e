package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	_ "before.xinbot.ir/bubbletea" // keeps Bubble Tea's init from asking the terminal
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"golang.org/x/term"

	"xinbot.ir/squall/tui/terminal"
)

const (
	// framesPerSecond is the most that is written to the terminal: keys are echoed within a frame.
	framesPerSecond = 20
	// leaveWithin is how long a terminal that has stopped reading may hold up the way out.
	leaveWithin = 2 * time.Second
)

// Run shows the console until the session's Done closes, the operator leaves, or ctx ends, and puts
// the terminal back in every case. Leaving early does not stop the session: the caller waits for
// its Done. An error of drawing, a panic included (*[PanicError]), is returned; the end of ctx is not
// an error.
func Run(ctx context.Context, s Session, opts Options) error {
	restore := saveTerminal(opts)
	opts = onTerminal(opts)
	m := New(s, opts)
	options := []tea.ProgramOption{
		tea.WithAltScreen(), tea.WithContext(ctx), tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler(),
	}
	if opts.Input != nil {
		options = append(options, tea.WithInput(opts.Input))
	}
	if opts.Output != nil {
		options = append(options, tea.WithOutput(opts.Output))
	}
	program := tea.NewProgram(m, options...)
	if keys, ok := opts.Input.(*terminal.Input); ok {
		watching, end := context.WithCancel(ctx)
		defer end()
		m.suspension = watchSuspension(watching, program, keys.File)
		m.typing = keys.SetTyping
		keys.Dropped = func(n int) { go program.Send(droppedKeysMsg(n)) } // the program reads keys while it is sent
	}
	ended := make(chan error, 1)
	go func() {
		_, err := program.Run()
		ended <- err
	}()
	err, left := error(nil), false
	select {
	case err = <-ended:
		left = true
	case <-ctx.Done():
	case <-s.Done():
	}
	if !left { // the program leaves by itself now, unless the terminal takes no more output
		select {
		case err = <-ended:
		case <-time.After(leaveWithin):
			program.Kill()
			restore()
			return errors.New("leave the console: the terminal takes no output")
		}
	}
	m.close() // what it had under way ends with it
	switch {
	case m.err != nil:
		return m.err
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("draw the console: %w", err)
	}
	return nil
}

// onTerminal takes replies out of the keys of a terminal, and asks it for its background unless that is known.
func onTerminal(opts Options) Options {
	in, out := os.Stdin, os.Stdout
	if opts.Input != nil {
		in, _ = opts.Input.(*os.File)
	}
	if opts.Output != nil {
		out, _ = opts.Output.(*os.File)
	}
	if in == nil || out == nil || !term.IsTerminal(int(in.Fd())) {
		return opts
	}
	if opts.Renderer == nil {
		opts.Renderer = lipgloss.NewRenderer(out) // standard output may be another file by now
	}
	keys := terminal.NewInput(in)
	opts.Input = keys
	if opts.Dark == nil {
		dark, _ := terminal.Dark(keys, out, os.LookupEnv)
		opts.Dark = &dark
	}
	return opts
}

// saveTerminal saves the terminal's mode, so that it can be restored even when bubbletea cannot.
func saveTerminal(opts Options) (restore func()) {
	file := os.Stdin
	if f, ok := opts.Input.(*os.File); ok {
		file = f
	} else if opts.Input != nil {
		return func() {}
	}
	state, err := term.GetState(int(file.Fd()))
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(int(file.Fd()), state) }
}
