package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/printable"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
)

// scan reverts what is found at the target itself: for a run directory that is lost. Sessions that live below the
// place of runs are left alone; of others only a person can know.
func (a *commands) scan(ctx context.Context, r config.Resolved, how session.RecoverOptions) error {
	if !app.HasPlaces(r) {
		return usage(errors.New("--scan: no place is configured to look at: give --toxiproxy, or --namespace with --kubeconfig, or a target of squall.yaml"))
	}
	found, err := app.Scan(ctx, r)
	if err != nil {
		return fmt.Errorf("look for what squall has left: %w", err)
	}
	alive := a.livingSessions()
	found = slices.DeleteFunc(found, func(f chaos.Found) bool { return slices.Contains(alive, f.Session) })
	if len(alive) > 0 {
		fmt.Fprintf(a.Out, "· sessions that are still going on here, and left alone: %s\n", strings.Join(alive, ", "))
	}
	if len(found) == 0 {
		fmt.Fprintln(a.Out, "Nothing of squall's is left there.")
		return nil
	}
	how.Trusts = func(_ error, plan []chaos.Change) bool {
		for i, change := range plan {
			fmt.Fprintf(a.Out, "  session %s: %s\n", printable.Line(found[i].Session), printable.Line(change.String()))
		}
		typed, _ := a.askExactly(ctx, "A session on another machine may still be going on: its faults would end. Revert these? Type yes: ")
		return typed == "yes"
	}
	results, trusted := session.RecoverFound(ctx, found, how)
	left := false
	for _, result := range results {
		left = a.sayResult("target", result, false) || left
	}
	if left || !trusted {
		return exitStatus(exitNotReverted)
	}
	return nil
}

// livingSessions are those whose run directories are held, where runs are kept.
func (a *commands) livingSessions() (ids []string) {
	dirs, err := app.AllRuns()
	if err != nil {
		fmt.Fprintf(a.Err, "warning: %v\n", err)
	}
	for _, dir := range dirs {
		if run, err := rundir.Open(dir); err == nil && isRunning(dir) {
			ids = append(ids, run.Meta.RunID)
		}
	}
	return ids
}
