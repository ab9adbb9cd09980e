package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/session"
)

// guardFile is what a guard says of its own troubles, in the run directory.
const guardFile = "guard.log"

// guardReady is the line by which a guard says that it watches.
const guardReady = "ready"

// guardStart is how long a guard may take to say so.
const guardStart = 15 * time.Second

// guardOrder is what a guard is told through its standard input, where nobody else can read it. That stays open until the
// run's process has ended, however it does. The variables of the environment it inherits.
type guardOrder struct {
	Flags     map[string][]string `json:"flags"` // those that squall recover has
	Variables []string            `json:"variables"`
	Pipes     map[string][]byte   `json:"pipes"` // what pipes held that the flags name, which the run has read
	Key       chaos.Key           `json:"key"`   // of the run's ledger
}

// guard is the command that a run starts beside itself.
func (a *commands) guard() *cobra.Command {
	return &cobra.Command{
		Use:    "guard RUN",
		Short:  "Revert what a run has changed when it is killed; started by squall run",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			err := a.watch(cmd.Context(), dir)
			if err != nil { // nobody is there to read standard error
				line := fmt.Sprintf("%s %v\n", a.Now().UTC().Format(time.RFC3339), err)
				err = errors.Join(err, appendLine(filepath.Join(dir, guardFile), line))
			}
			return err
		},
	}
}

func appendLine(path, line string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(line)
	return errors.Join(err, file.Close())
}

// watch reads the order and guards the run.
func (a *commands) watch(ctx context.Context, dir string) error {
	var order guardOrder
	if err := json.NewDecoder(a.In).Decode(&order); err != nil {
		return usage(fmt.Errorf("guard %s: read the order of the run: %w: this command is started by squall run", dir, err))
	}
	in := a.input(order.Flags, order.Variables)
	in.AdminOnly, in.Files = true, inputfile.Remembering(order.Pipes)
	resolved, err := config.Resolve(in)
	if err != nil {
		return usage(err)
	}
	ctx, cancel := a.untilSignal(ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, a.In) // the run holds the other end as long as it lives, and says nothing more
	}()
	ready := func() { fmt.Fprintln(a.Out, guardReady) }
	if err := session.Guard(ctx, dir, ended, ready, app.GuardOptions(resolved, order.Key)); err != nil {
		return errors.New(resolved.Options.Keys.Redact(err.Error())) // it goes to a file
	}
	return nil
}

// Self is the path of this program, "" if it cannot be known. On Linux it is that of the running file, even if
// another has taken its place since.
func Self() string {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}

// guardOf returns what starts the guard of a run: this program in a session of its own, so that no signal of a
// terminal and no end of the run's process group reaches it.
func (a *commands) guardOf(flags *config.Flags) session.StartGuard {
	if a.Program == "" {
		return nil
	}
	return func(dir string, key chaos.Key) error {
		if err := a.startGuard(dir, guardOrder{flags.Only(recoverFlags...), flags.Variables(), a.files.Pipes(), key}); err != nil {
			return fmt.Errorf("start the guard, which reverts faults when squall is killed: %w", err)
		}
		return nil
	}
}

func (a *commands) startGuard(dir string, order guardOrder) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	text, err := json.Marshal(order)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), a.Program) // it outlives whatever ends the run
	cmd.Args = []string{"squall", "guard", dir}
	cmd.SysProcAttr = ownSession()
	heard, alive, err := os.Pipe() // while alive is open, this process lives
	if err != nil {
		return err
	}
	said, theirs, err := os.Pipe()
	if err != nil {
		return errors.Join(err, heard.Close(), alive.Close())
	}
	cmd.Stdin, cmd.Stdout = heard, theirs
	err = cmd.Start()
	_, _ = heard.Close(), theirs.Close()
	if err != nil {
		return errors.Join(err, said.Close(), alive.Close())
	}
	go func() {
		_ = cmd.Wait() // it outlives the run; a zombie would stay
		_ = alive.Close()
	}()
	ready := make(chan error, 1)
	go func() {
		if _, err := alive.Write(text); err != nil {
			ready <- errors.Join(err, said.Close())
			return
		}
		line, err := bufio.NewReader(said).ReadString('\n')
		if err == nil && strings.TrimSpace(line) != guardReady {
			err = fmt.Errorf("it said %q", line)
		}
		ready <- errors.Join(err, said.Close())
	}()
	select {
	case err = <-ready:
	case <-time.After(guardStart):
		err = fmt.Errorf("it was not ready within %s", guardStart)
	}
	if err == nil {
		return nil
	}
	if killErr := cmd.Process.Kill(); !errors.Is(killErr, os.ErrProcessDone) {
		err = errors.Join(err, killErr)
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("it ended at once")
	}
	return fmt.Errorf("%w: see %s", err, filepath.Join(dir, guardFile))
}
