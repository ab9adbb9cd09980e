package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/printable"
	"xinbot.ir/squall/internal/session"
)

// dryRun makes the preflight of every fault that was asked for, with the server's own dry run where
// its API has one. It changes nothing and sends no load.
func (a *commands) dryRun(ctx context.Context, r config.Resolved) error {
	ctx, cancel := a.untilSignal(ctx)
	defer cancel()
	f, err := app.OpenFaults(r, false, session.NewRunID(), io.Discard)
	if err != nil {
		return usage(err)
	}
	refused := false
	for _, i := range f.Requested() {
		plan, checks, err := f.DryRun(ctx, i)
		if err != nil {
			fmt.Fprintf(a.Out, "%s\n  ✗ %s\n", i.Fault, printable.Line(err.Error()))
			refused = true
			continue
		}
		a.showPlan(i.Fault, plan, checks)
		refused = refused || len(chaos.Plan{Checks: append(plan.Checks, checks...)}.Refused()) > 0
	}
	unread, err := a.showMonitoring(ctx, f)
	if err != nil {
		return usage(err)
	}
	unseen, err := a.showCluster(ctx, r)
	if err != nil {
		return usage(err)
	}
	fmt.Fprintln(a.Out, "Nothing was changed.")
	if refused || unread || unseen {
		return exitStatus(exitFailed)
	}
	return nil
}

// showMonitoring says what the sources of the platform's own metrics and alerts can give. It reports whether one gives
// nothing.
func (a *commands) showMonitoring(ctx context.Context, f *app.Faults) (unread bool, err error) {
	findings, err := f.CheckMonitoring(ctx)
	if len(findings) > 0 {
		fmt.Fprintln(a.Out, "What the platform says of itself")
	}
	for _, found := range findings {
		sign := map[evidence.Level]string{evidence.OK: "✓", evidence.Warning: "!", evidence.Failing: "✗"}[found.Level()]
		fmt.Fprintf(a.Out, "  %s %s: %s\n", sign, found.Source, printable.Line(findingText(found)))
		unread = unread || found.Level() == evidence.Failing
	}
	return unread, err
}

// showCluster says what of a rotation can be seen in the cluster. It reports whether a next secret cannot.
func (a *commands) showCluster(ctx context.Context, r config.Resolved) (unseen bool, err error) {
	checks, err := app.CheckRotation(ctx, r)
	if len(checks) > 0 {
		fmt.Fprintln(a.Out, "What is seen of a rotation")
	}
	for _, check := range checks {
		sign, text := "✓", check.Found
		if check.Problem != nil {
			sign, text = "✗", check.Problem.Error()
		}
		if check.Problem != nil && check.Needless {
			sign, text = "!", "not asked by themselves: "+text
		}
		fmt.Fprintf(a.Out, "  %s %s: %s\n", sign, check.What, printable.Line(text))
		unseen = unseen || check.Problem != nil && !check.Needless
	}
	return unseen, err
}

// preflightFaults looks at the faults that a run was asked to inject before there is any load: what cannot be injected
// is said now, and not at its time.
func (a *commands) preflightFaults(ctx context.Context, r config.Resolved) error {
	if len(r.Faults.Inject) == 0 {
		return nil
	}
	ctx, cancel := a.untilSignal(ctx)
	defer cancel()
	f, err := app.OpenFaults(r, false, session.NewRunID(), io.Discard)
	if err != nil {
		return usage(err)
	}
	var troubles []error
	for _, i := range f.Requested() {
		plan, err := f.Preflight(ctx, i)
		for _, check := range plan.Refused() {
			err = errors.Join(err, errors.New(check.String()))
		}
		if err != nil {
			troubles = append(troubles, fmt.Errorf("--fault %s cannot be injected: %w", i, err))
		}
	}
	if len(troubles) > 0 {
		return errors.Join(append(troubles, errors.New("no load was sent: mend this, or run the load alone with --no-faults"))...)
	}
	return nil
}

// showPlan writes a plan as a person wants to read it before saying yes.
func (a *commands) showPlan(id string, plan chaos.Plan, checks []chaos.Check) {
	fmt.Fprintf(a.Out, "%s on %s: %s\n", id, plan.Scope, plan.Params)
	width := 0
	for _, fact := range plan.Facts {
		width = max(width, len(fact.Name))
	}
	for _, fact := range plan.Facts {
		fmt.Fprintf(a.Out, "    %-*s  %s\n", width, fact.Name, printable.Line(fact.Text))
	}
	for _, check := range append(plan.Checks, checks...) {
		sign := map[event.Answer]string{chaos.Passes: "✓", chaos.Warns: "!", chaos.Refuses: "✗"}[check.Answer]
		text := check.Text
		if check.Reason != "" {
			text += ": " + check.Reason
		}
		fmt.Fprintf(a.Out, "  %s %s\n", sign, printable.Line(text))
	}
}
