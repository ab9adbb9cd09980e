package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/printable"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/report"
)

func (a *commands) recover() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recover [RUN...]",
		Short: "Revert what a dead run left changed, from its ledger",
		Long: `Reverts the faults that a run had injected, and restores the automation rules that it had toggled,
when it could not do so itself because it was killed or the platform was away. Without arguments it looks at every
run below ` + app.Runs + `/ of this directory; a run that is kept elsewhere has to be named. A run that is still going on is left alone, and running it again does no harm. When somebody
else has changed an object since, it asks, or needs --overwrite or --keep. Where to go comes from the configuration, as for
squall run: a record of another place, or of a namespace that is not allowed, is refused, nothing is contacted, and the exit
code is 3. A ledger that was not written by your squall on this machine, or was changed since, is shown and not followed: look at
what it would do, and if it is yours, give --trust and type yes.`,
		Example: `  squall recover
  squall recover --target staging runs/20260102T030405Z-staging
  squall recover --target staging --scan
  squall recover --keep runs/20260102T030405Z-staging
  squall recover --target staging --annotations runs/20260102T030405Z-staging`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeDirectories,
	}
	var overwrite, keep, trust, scan, annotations bool
	addBoolFlag(cmd, &overwrite, "overwrite", "", "revert objects that somebody else has changed since")
	addBoolFlag(cmd, &keep, "keep", "", "leave objects as they are that somebody else has changed since, and forget them")
	addBoolFlag(cmd, &trust, "trust", "", "follow ledgers that somebody else has written, once you have typed yes")
	addBoolFlag(cmd, &scan, "scan", "", "look at the target itself for what squall has left (toxics, scaled workloads): for a run directory that is lost")
	addBoolFlag(cmd, &annotations, "annotations", "", "also remove what the named runs have marked in Grafana")
	flags := configured(cmd, nil)
	showOnly(cmd, append(recoverFlags, "overwrite", "keep", "trust", "scan", "annotations")...)
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		if overwrite && keep {
			return usage(errors.New("--overwrite and --keep: give one of them"))
		}
		resolved, err := a.resolve(flags, func(in *config.Input) { in.AdminOnly = true })
		if err != nil {
			return usage(err)
		}
		if scan && len(dirs) > 0 {
			return usage(errors.New("--scan looks at the target, not at run directories: leave out one of them"))
		}
		if annotations && len(dirs) == 0 {
			return usage(errors.New("--annotations removes what a run has marked: name the run"))
		}
		a.hide(resolved.Options.Keys)
		var unread error
		looked := "in " + strings.Join(dirs, ", ")
		if len(dirs) == 0 && !scan {
			looked = lookedBelowRuns()
			dirs, unread = app.Unfinished()
			dirs = slices.DeleteFunc(dirs, func(dir string) bool {
				if isRunning(dir) {
					fmt.Fprintf(a.Out, "· %s: the run is still going on, and left alone\n", dir)
					return true
				}
				return false
			})
			slices.Reverse(dirs) // the newest first: a later run may have changed what an earlier one had changed
		}
		ctx, cancel := a.untilSignal(cmd.Context())
		defer cancel()
		if len(dirs) > 0 || scan {
			if err := a.confirmProtected(ctx, resolved); err != nil {
				return err
			}
		}
		how := a.recovery(resolved, a.conflictPolicy(ctx, overwrite, keep))
		if scan {
			return a.scan(ctx, resolved, how)
		}
		how.Trusts = a.trustPolicy(ctx, trust)
		err = a.recoverRuns(ctx, dirs, how, unread, looked)
		if annotations {
			err = errors.Join(err, a.removeAnnotations(ctx, resolved, dirs))
		}
		return err
	}
	return cmd
}

// lookedBelowRuns is where it is looked for runs when none is named, and how to name one.
func lookedBelowRuns() string {
	place, err := filepath.Abs(app.Runs)
	if err != nil {
		place = app.Runs
	}
	all, _ := app.AllRuns() // who lists the unfinished says what cannot be read
	found := "there is none"
	if len(all) > 0 {
		found = units.Counted(uint64(len(all)), "run", "runs")
	}
	return fmt.Sprintf("below %s (%s). A run that is kept elsewhere (--out) has to be named: squall recover RUN", place, found)
}

// removeAnnotations removes what runs have marked in Grafana, and says how much that was.
func (a *commands) removeAnnotations(ctx context.Context, resolved config.Resolved, dirs []string) error {
	var errs []error
	for _, dir := range dirs {
		if isRunning(dir) {
			errs = append(errs, fmt.Errorf("remove annotations of %s: the run is still going on", dir))
			continue
		}
		removed, where, err := app.RemoveAnnotations(ctx, resolved, dir)
		switch {
		case err != nil:
			errs = append(errs, err)
		case where == "":
			fmt.Fprintf(a.Out, "%s has marked nothing in Grafana.\n", dir)
		default:
			fmt.Fprintf(a.Out, "✓ %s: %s annotations are removed from %s\n", dir, units.Int(removed), printable.Line(where))
		}
	}
	return errors.Join(errs...)
}

// recoverFlags are the flags of the configuration that matter for putting things back.
var recoverFlags = []string{"config", "target", "confirm", "orchestrator", "toxiproxy", "kubeconfig", "context", "namespace", "allow-namespace", "timeout", "ca", "cert", "key", "insecure-skip-verify", "env", "grafana"}

// recoverRuns recovers run directories and says what became of each change. Of others it may be known already that they
// cannot be read. Where it was looked stands behind the words that nothing is left.
func (a *commands) recoverRuns(ctx context.Context, dirs []string, how session.RecoverOptions, unread error, looked string) error {
	var errs []error
	if unread != nil {
		errs = append(errs, unread)
	}
	found, left := 0, 0
	for _, dir := range dirs {
		changes, err := session.Recover(ctx, dir, how)
		switch {
		case errors.As(err, new(*chaos.ForeignLedgerError)):
			left++
			fmt.Fprintf(a.Out, "✗ %s: not followed, and nothing was contacted; if it is yours: squall recover --trust %s\n", dir, shellescape.Quote(dir))
		case err != nil:
			errs = append(errs, err)
		}
		for _, change := range changes {
			found++
			if a.sayResult(dir, change, wasDemo(dir)) {
				left++
			}
		}
	}
	if found == 0 && left == 0 && len(errs) == 0 {
		fmt.Fprintf(a.Out, "Nothing is left to revert %s.\n", printable.Line(looked))
	}
	if left > 0 {
		a.printErrors(errs)
		return exitStatus(exitNotReverted)
	}
	return errors.Join(errs...)
}

// sayResult says what became of a change, and reports whether it is still there.
func (a *commands) sayResult(place string, change chaos.RecoverResult, wasDemo bool) (left bool) {
	object := printable.Line(change.Object)
	switch {
	case change.Err != nil:
		fmt.Fprintf(a.Out, "✗ %s: %s\n", place, printable.Line(change.Err.Error()))
		return true
	case change.Gone:
		fmt.Fprintf(a.Out, "✓ %s: %s is not there any more; its entry is closed\n", place, object)
	case change.Abandoned:
		fmt.Fprintf(a.Out, "✓ %s: %s stays as it is now\n", place, object)
	case wasDemo:
		fmt.Fprintf(a.Out, "✓ %s: %s ended with the embedded platform\n", place, object)
	default:
		fmt.Fprintf(a.Out, "✓ %s: %s is back as it was found\n", place, object)
	}
	return false
}

// wasDemo reports whether a run had its platform in its own process.
func wasDemo(dir string) bool {
	run, err := rundir.Open(dir)
	return err == nil && run.Meta.Embedded
}

// confirmProtected asks for the name of a protected target before anything there is touched.
func (a *commands) confirmProtected(ctx context.Context, r config.Resolved) error {
	if !r.Protected || r.Confirmed {
		return nil
	}
	typed, _ := a.askExactly(ctx, fmt.Sprintf("Target %s is protected. Type its name to revert what is changed there: ", r.Target))
	if typed == r.Target {
		return nil
	}
	a.printError(fmt.Errorf("recover: target %s is protected, and nothing was reverted: type its name, or add --confirm %s", r.Target, shellescape.Quote(r.Target)))
	return exitStatus(exitNotReverted)
}

// trustPolicy shows what a ledger of somebody else would do. It is followed only with --trust and a typed yes.
func (a *commands) trustPolicy(ctx context.Context, trust bool) func(error, []chaos.Change) bool {
	return func(foreign error, plan []chaos.Change) bool {
		fmt.Fprintf(a.Out, "%v. It would:\n", foreign)
		for _, change := range plan {
			fmt.Fprintf(a.Out, "  %s\n", printable.Line(change.String()))
		}
		if !trust {
			return false
		}
		typed, _ := a.askExactly(ctx, "Follow it? Type yes: ")
		return typed == "yes"
	}
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

// ask reads one line from the terminal, in lower case.
func (a *commands) ask(ctx context.Context, question string) (answer string, answered bool) {
	answer, answered = a.askExactly(ctx, question)
	return strings.ToLower(answer), answered
}

// askExactly reads one line from the terminal. A terminal that is gone, and a context that ended (by a signal), is
// no answer.
func (a *commands) askExactly(ctx context.Context, question string) (answer string, answered bool) {
	fmt.Fprint(a.Out, question)
	lines := make(chan string, 1)
	go func() {
		line, err := a.keyboard().ReadString('\n')
		if err == nil {
			lines <- line
		}
		close(lines)
	}()
	select {
	case line, ok := <-lines:
		return strings.TrimSpace(line), ok
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
	how := a.recovery(r, a.conflictPolicy(ctx, false, false))
	for _, dir := range dirs {
		run, err := rundir.Open(dir)
		if err != nil || run.Meta.Embedded || isRunning(dir) {
			continue
		}
		if session.Foreign(dir, how.Key) != nil {
			warning := "the ledger of " + dir + " was not written by this user's squall on this machine, or was changed since: see what it would do with squall recover " + shellescape.Quote(dir)
			fmt.Fprintf(a.Err, "warning: %s\n", warning)
			warnings = append(warnings, warning)
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
				fmt.Fprintf(a.Out, "  %s\n", printable.Line(record.Object))
			}
			if damaged {
				fmt.Fprintf(a.Out, "  %v\n", err)
			}
			answer, answered := a.ask(ctx, "Revert it now? [Y/n] ")
			if !answered {
				return nil, errUnanswered
			}
			if answer == "" || answer == "y" || answer == "yes" {
				if a.recoverRuns(ctx, []string{dir}, how, nil, "in "+dir) == nil {
					continue
				}
				answer, answered := a.ask(ctx, "Begin a new run all the same? [y/N] ")
				if !answered || answer != "y" && answer != "yes" {
					return nil, errUnanswered
				}
			}
		}
		warning := "an earlier run left something changed; revert it with: " + report.RecoverCommand(run.Meta, dir)
		fmt.Fprintf(a.Err, "warning: %s\n", warning)
		warnings = append(warnings, warning)
	}
	return warnings, nil
}

// errUnanswered ends a command at a question.
var errUnanswered = errors.New("nothing was begun")

// isRunning reports whether a session holds the run directory.
func isRunning(dir string) bool {
	lock, err := session.Lock(dir)
	if err != nil {
		return false // whoever locks it says so
	}
	held, err := lock.TryRLock()
	if err != nil {
		return false
	}
	if held {
		_ = lock.Unlock()
	}
	return !held
}
