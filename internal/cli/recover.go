package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
)

// defaultRuns is where runs are kept when --out does not say otherwise.
const defaultRuns = "runs"

func (a *app) recover() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recover [RUN...]",
		Short: "Put back what a dead run left changed, from its ledger",
		Long: `Puts back the automation rules that a run paused or resumed and could not restore, because it
was killed or the platform was away. Without arguments it looks at every run below ` + defaultRuns + `/. A run that
is still going on is left alone. The admin token comes from the configuration, as for squall run.`,
		Example: `  squall recover
  squall recover --target staging runs/20260102T030405Z-staging`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeDirectories,
	}
	flags := configured(cmd, nil)
	showOnly(cmd, "config", "target", "orchestrator", "timeout", "ca", "cert", "key", "insecure-skip-verify", "env")
	cmd.RunE = func(cmd *cobra.Command, dirs []string) error {
		resolved, err := a.resolve(flags, func(in *config.Input) { in.AdminOnly = true })
		if err != nil {
			return usage(err)
		}
		if len(dirs) == 0 {
			if dirs, err = session.Unfinished(defaultRuns); err != nil {
				return err
			}
		}
		ctx, cancel := a.untilSignal(cmd.Context())
		defer cancel()
		var errs []error
		found, left := 0, 0
		for _, dir := range dirs {
			changes, err := session.Recover(ctx, dir, resolved.Options)
			if err != nil {
				errs = append(errs, err)
			}
			for _, change := range changes {
				found++
				if change.Err != nil {
					left++
					fmt.Fprintf(a.Out, "✗ %s: left behind: %v\n", change.Dir, change.Err)
					continue
				}
				fmt.Fprintf(a.Out, "✓ %s: %s is back as it was found\n", change.Dir, change.Object)
			}
		}
		if found == 0 && len(errs) == 0 {
			fmt.Fprintln(a.Out, "Nothing was left behind.")
		}
		if left > 0 {
			a.complainAll(errs)
			return outcome(exitLeftBehind)
		}
		return errors.Join(errs...)
	}
	return cmd
}

func (a *app) complainAll(errs []error) {
	for _, err := range errs {
		a.complain(err)
	}
}

// warnOfLeftovers points at runs that died with something changed. A run that is still going on keeps
// its lock, and an embedded platform took its rules with it.
func (a *app) warnOfLeftovers() {
	dirs, err := session.Unfinished(defaultRuns)
	if err != nil {
		fmt.Fprintf(a.Err, "warning: %v\n", err)
	}
	for _, dir := range dirs {
		run, err := rundir.Open(dir)
		if err != nil || run.Meta.Embedded || alive(dir) {
			continue
		}
		fmt.Fprintf(a.Err, "warning: an earlier run left something changed; put it back with: squall recover %s\n", dir)
	}
}

// alive tells whether a session holds the run directory.
func alive(dir string) bool {
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
