package cli

import (
	"context"
	"fmt"
	"io"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// dryRun makes the preflight of every fault that was asked for, with the server's own dry run where
// its API has one. It changes nothing and sends no load.
func (a *app) dryRun(ctx context.Context, r config.Resolved) error {
	ctx, cancel := a.untilSignal(ctx)
	defer cancel()
	runID := session.NewRunID()
	f, err := a.choose(r, runID, io.Discard)
	if err != nil {
		return usage(err)
	}
	conf := sessionConfig(r, f)
	refused := false
	for _, i := range f.settled.Inject {
		plan, checks, err := session.DryRun(ctx, conf, i)
		if err != nil {
			fmt.Fprintf(a.Out, "%s\n  ✗ %v\n", i.Fault, err)
			refused = true
			continue
		}
		a.showPlan(i.Fault, plan, checks)
		refused = refused || len(chaos.Plan{Checks: append(plan.Checks, checks...)}.Refused()) > 0
	}
	fmt.Fprintln(a.Out, "Nothing was changed.")
	if refused {
		return outcome(exitFailed)
	}
	return nil
}

// sessionConfig is what looking at faults needs of a session's configuration.
func sessionConfig(r config.Resolved, f faults) session.Config {
	return session.Config{
		Options: r.Options, Settings: r.Settings, Target: r.Target,
		Faults: f.list, Undoers: f.undoers, FaultParams: f.settled.Given, SteadyState: session.IgnoreUnsteady,
	}
}

// showPlan writes a plan as a person wants to read it before saying yes.
func (a *app) showPlan(id string, plan chaos.Plan, checks []chaos.Check) {
	fmt.Fprintf(a.Out, "%s on %s: %s\n", id, plan.Scope, plan.Params)
	width := 0
	for _, fact := range plan.Facts {
		width = max(width, len(fact.Name))
	}
	for _, fact := range plan.Facts {
		fmt.Fprintf(a.Out, "    %-*s  %s\n", width, fact.Name, fact.Text)
	}
	for _, check := range append(plan.Checks, checks...) {
		sign := map[event.Answer]string{chaos.Passes: "✓", chaos.Warns: "!", chaos.Refuses: "✗"}[check.Answer]
		text := check.Text
		if check.Reason != "" {
			text += ": " + check.Reason
		}
		fmt.Fprintf(a.Out, "  %s %s\n", sign, text)
	}
}
