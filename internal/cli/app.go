package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/errtree"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/printable"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/report"
)

// IO is what the program touches outside of itself.
type IO struct {
	Args       []string // without the program's name
	Program    string   // the program itself, to start guards; "": runs have none
	In         *os.File
	Out        io.Writer
	Err        io.Writer
	LookupEnv  func(string) (string, bool)
	Environ    []string         // NAME=value; to see what is there that nobody looks up
	Signals    <-chan os.Signal // what asks the program to end
	LastSignal func()           // gives signals back to the system; may be nil
	Now        func() time.Time
}

// commands are the commands of the command line, with the world that they touch.
type commands struct {
	IO
	out   *stream       // Out
	lines *stream       // Err, for the progress line that is drawn anew
	typed *bufio.Reader // of In; nil until something is asked
	files *inputfile.Files
}

// keyboard reads what a person types, line by line.
func (a *commands) keyboard() *bufio.Reader {
	if a.typed == nil {
		a.typed = bufio.NewReader(a.In)
	}
	return a.typed
}

// Main runs one command and returns the exit code.
func Main(ctx context.Context, w IO) int {
	a := &commands{IO: w, out: newStream(w.Out, true), lines: newStream(w.Err, false), files: new(inputfile.Files)}
	a.Out, a.Err = a.out, a.lines
	a.out.ascii = a.withoutUTF8()
	a.lines.ascii = a.out.ascii
	a.hide(new(load.Keyring)) // those of a run are not known yet
	root := a.root()
	root.SetArgs(w.Args)
	root.SetIn(w.In)
	root.SetOut(w.Out) // help and completion are our own, and completion scripts are no lines for a terminal
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		a.printError(err)
	}
	return exitCode(err)
}

// printError writes an error, one line per problem.
func (a *commands) printError(err error) {
	mark := "squall:"
	for _, problem := range errtree.Joined(err) {
		fmt.Fprintf(a.Err, "%-7s %s\n", mark, printable.Line(problem))
		mark = ""
	}
}

// resolve settles the configuration of a command.
func (a *commands) resolve(flags *config.Flags, more func(*config.Input)) (config.Resolved, error) {
	in := a.input(flags.Given(), flags.Variables())
	if more != nil {
		more(&in)
	}
	type outcome struct {
		config.Resolved
		err error
	}
	read := make(chan outcome, 1)
	go func() {
		r, err := config.Resolve(in)
		read <- outcome{r, err}
	}()
	select {
	case o := <-read:
		o.Warnings = append(o.Warnings, a.otherVariables()...)
		return o.Resolved, o.err
	case s := <-a.Signals: // reading a pipe takes up to five seconds
		return config.Resolved{}, fmt.Errorf("read the configuration: %w", signalError{s})
	}
}

// input is where the settings of a command come from.
func (a *commands) input(flags map[string][]string, variables []string) config.Input {
	return config.Input{
		Flags: flags, Variables: variables, LookupEnv: a.LookupEnv, Files: a.files, Version: Version(),
		FaultParams: app.BuiltInFaults(), Documents: report.ExportNames(),
		Output: func(line string) (string, error) { return rotation.Output(context.Background(), line) },
	}
}

// hide takes the secrets of a run out of all that is written from now on, whoever made the text, and what may be one on the
// command line.
func (a *commands) hide(keys *load.Keyring) {
	keys.Hide(config.Mistyped(a.Args)...)
	a.out.redact, a.lines.redact = keys.Redact, keys.Redact
}

// untilSignal is a context that ends with the first signal.
func (a *commands) untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-a.Signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// columns is how many columns the terminal has that a stream is; 0: it is none, or does not say.
func columns(s *stream) int {
	file, ok := s.raw.(*os.File)
	if !ok {
		return 0
	}
	wide, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return wide
}

// withoutUTF8 reports whether the locale asks for another encoding than UTF-8. Where nothing is set, as in many
// containers, terminals have UTF-8 all the same.
func (a *commands) withoutUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale, _ := a.LookupEnv(name); locale != "" {
			encoding := strings.ToLower(strings.ReplaceAll(locale, "-", ""))
			return !strings.Contains(encoding, "utf8")
		}
	}
	return false
}

// terminal reports whether a stream is a terminal that can be drawn on.
func (a *commands) terminal(out any) bool {
	if s, ok := out.(*stream); ok {
		out = s.raw
	}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return false
	}
	name, _ := a.LookupEnv("TERM")
	return name != "dumb"
}
