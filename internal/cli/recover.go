package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
)

func (a *commands) recover() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recover [RUN...]",
		Short: "Revert what a dead run left changed, from its ledger",
		Long: `Reverts the faults that a run had injected, and restores the automation rules that it had toggled,
when it could not do so itself because it was killed or the platform was away. Without arguments it looks at every
run below ` + app.Runs + `/; a run that is kept elsewhere has to be named. A run that is still going on is left alone, and running it again does no harm. When somebody
else has changed an object since, it asks, or needs --overwrite or --keep. Where to go comes from the configuration, as for
squall run: a record of another place (a run directory of somebody else) is refused, nothing is contacted, and the exit code is 3.`,
		Example: `  squall recover
  squall recover --target staging runs/20260102T030405Z-staging
  squall recover --keep runs/20260102T030405Z-staging`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeDirectories,
	}
	var overwrite, keep bool
	addBoolFlag(cmd, &overwrite, "overwrite", "", "revert objects that somebody else has changed since")
	addBoolFlag(cmd, &keep, "keep", "", "leave objects as they are that somebody else has changed since, and forget them")
	flags := configured(cmd, nil)
	showOnly(cmd, append(recoverFlags, "overwrite", "keep")...)
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		if overwrite && keep {
			return usage(errors.New("--overwrite and --keep: give one of them"))
		}
		resolved, err := a.resolve(flags, func(in *config.Input) { in.AdminOnly = true })
		if err != nil {
			return usage(err)
		}
		if len(dirs) == 0 {
			if dirs, err = app.Unfinished(); err != nil {
				return err
			}
			dirs = slices.DeleteFunc(dirs, func(dir string) bool {
				if isRunning(dir) {
					fmt.Fprintf(a.Out, "· %s: the run is still going on, and left alone\n", dir)
					return true
				}
				return false
			})
		}
		ctx, cancel := a.untilSignal(cmd.Context())
		defer cancel()
		return a.recoverRuns(ctx, dirs, a.recovery(resolved, a.conflictPolicy(ctx, overwrite, keep)))
	}
	return cmd
}

// recoverFlags are the flags of the configuration that matter for putting things back.
var recoverFlags = []string{"config", "target", "orchestrator", "toxiproxy", "kubeconfig", "context", "timeout", "ca", "cert", "key", "insecure-skip-verify", "env"}

// recoverRuns recovers run directories and says what became of each change.
func (a *commands) recoverRuns(ctx context.Context, dirs []string, how session.RecoverOptions) error {
	var errs []error
	found, left := 0, 0
	for _, dir := range dirs {
		changes, err := session.Recover(ctx, dir, how)
		if err != nil {
			errs = append(errs, err)
		}
		for _, change := range changes {
			found++
			switch {
			case change.Err != nil:
				left++
				fmt.Fprintf(a.Out, "✗ %s: %v\n", dir, change.Err)
			case change.Gone:
				fmt.Fprintf(a.Out, "✓ %s: %s is not there any more; its entry is closed\n", dir, change.Object)
			case change.Abandoned:
				fmt.Fprintf(a.Out, "✓ %s: %s stays as it is now\n", dir, change.Object)
			case wasDemo(dir):
				fmt.Fprintf(a.Out, "✓ %s: %s ended with the embedded platform\n", dir, change.Object)
			default:
				fmt.Fprintf(a.Out, "✓ %s: %s is back as it was found\n", dir, change.Object)
			}
		}
	}
	if found == 0 && len(errs) == 0 {
		fmt.Fprintln(a.Out, "Nothing is left to revert.")
	}
	if left > 0 {
		a.printErrors(errs)
		return exitStatus(exitNotReverted)
	}
	return errors.Join(errs...)
}

// wasDemo reports whether a run had its platform in its own process.
func wasDemo(dir string) bool {
	run, err := rundir.Open(dir)
	return err == nil && run.Meta.Embedded
}

// conflictPolicy decides what happens to objects that somebody else has changed: as the flags say, else as a
// person at the terminal says, else they are not reverted.
func (a *commands) conflictPolicy(ctx context.Context, overwrite, keep bool) func(*chaos.ConflictError) event.Decision {
	switch {
	case overwrite:
		return func(*chaos.ConflictError) event.Decision { return event.Overwrite }
	case keep:
		return func(*chaos.ConflictError) event.Decision { return event.Abandon }
	case !a.terminal(a.In) || !a.terminal(a.Out):
		return nil
	}
	return func(m *chaos.ConflictError) event.Decision {
		if m.Gone {
			answer, _ := a.ask(ctx, m.Error()+".\nForget it? [y] yes  [any other] decide later: ")
			if answer == "y" || answer == "yes" {
				return event.Abandon
			}
			return event.Retry
		}
		answer, _ := a.ask(ctx, m.Error()+".\nPut it back as it was before? [y] yes  [k] no, keep it as it is now  [any other] decide later: ")
		switch answer {
		case "y", "yes":
			return event.Overwrite
		case "k", "keep":
			return event.Abandon
		}
		return event.Retry
	}
}

// ask reads one line from the terminal, in lower case. A terminal that is gone, and a context that ended
// (by a signal), is no answer.
func (a *commands) ask(ctx context.Context, question string) (answer string, answered bool) {
	fmt.Fprint(a.Out, question)
	lines := make(chan string, 1)
	go func() {
		line, err := a.lines().ReadString('\n')
		if err == nil {
			lines <- line
		}
		close(lines)
	}()
	select {
	case line, ok := <-lines:
		return strings.ToLower(strings.TrimSpace(line)), ok
	case <-ctx.Done():
		fmt.Fprintln(a.Out)
		return "", false
	}
}

func (a *commands) printErrors(errs []error) {
	for _, err := range errs {
		a.printError(err)
	}
}

// recovery is how a dead run is recovered. How long it waits is said while it does.
func (a *commands) recovery(r config.Resolved, decide func(*chaos.ConflictError) event.Decision) session.RecoverOptions {
	said := map[string]string{}
	return app.RecoverOptions(r, chaos.RecoverOptions{
		Decide: decide,
		Progress: func(object, what string) {
			if said[object] != what {
				said[object] = what
				fmt.Fprintf(a.Out, "  %s: not yet: %s\n", object, what)
			}
		},
	})
}

// offerRecovery points at runs that died with something changed, and at a terminal offers to put it
// back before anything new begins. A run that is still going on keeps its lock, and an embedded platform
// took its changes with it.
//
// What stays changed is warned about: on standard error, and in the warnings that are returned for the
// run's journal. An error means that nothing should begin.
func (a *commands) offerRecovery(ctx context.Context, r config.Resolved) (warnings []string, err error) {
	ctx, cancel := a.untilSignal(ctx)
	defer cancel()
	dirs, err := app.Unfinished()
	if err != nil {
		fmt.Fprintf(a.Err, "warning: %v\n", err)
	}
	for _, dir := range dirs {
		run, err := rundir.Open(dir)
		if err != nil || run.Meta.Embedded || isRunning(dir) {
			continue
		}
		if !a.isHeadless(r.Headless) {
			open, err := chaos.ReadLedger(dir)
			damaged := errors.As(err, new(*chaos.DamagedError))
			if err != nil && !damaged {
				continue
			}
			fmt.Fprintf(a.Out, "The run %s died and left something changed:\n", dir)
			for _, record := range open {
				fmt.Fprintf(a.Out, "  %s\n", record.Object)
			}
			if damaged {
				fmt.Fprintf(a.Out, "  %v\n", err)
			}
			answer, answered := a.ask(ctx, "Revert it now? [Y/n] ")
			if !answered {
				return nil, errUnanswered
			}
			if answer == "" || answer == "y" || answer == "yes" {
				if a.recoverRuns(ctx, []string{dir}, a.recovery(r, a.conflictPolicy(ctx, false, false))) == nil {
					continue
				}
				answer, answered := a.ask(ctx, "Begin a new run all the same? [y/N] ")
				if !answered || answer != "y" && answer != "yes" {
					return nil, errUnanswered
				}
			}
		}
		warning := "an earlier run left something changed; revert it with: squall recover " + shellescape.Quote(dir)
		fmt.Fprintf(a.Err, "warning: %s\n", warning)
		warnings = append(warnings, warning)
	}
	return warnings, nil
}

// errUnanswered ends a command at a question.
var errUnanswered = errors.New("nothing was begun")

// isRunning reports whether a session holds the run directory.
func isRunning(dir string) bool {
	lock := flock.New(filepath.Join(dir, session.LockFile))
	held, err := lock.TryRLock()
	if err != nil {
		return false
	}
	if held {
		_ = lock.Unlock()
	}
	return !held
}
