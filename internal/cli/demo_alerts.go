package cli

import (
	"context"
	"fmt"
	"net/url"

	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/evidence/stack"
)

// alertJobs are the names under which the shipped rules know the services of the platform.
var alertJobs = map[string]string{"gateway": "channel-gateway"}

// watchPlatform starts what makes alerts fire, if that is asked for. With the console, where a newcomer wants to see some, it need
// not be asked for: the warning then says why none will fire.
func (a *commands) watchPlatform(ctx context.Context, platform *demo.Platform, d demoFlags, headless bool) (watching *stack.Stack, warning string, err error) {
	byDefault := !d.alertsGiven && !d.serve && !a.isHeadless(headless)
	if !d.alerts && !byDefault {
		return nil, "", nil
	}
	programs, err := stack.Find()
	switch {
	case err != nil && byDefault:
		return nil, fmt.Sprintf("no alert will fire: %v", err), nil
	case err != nil:
		return nil, "", fmt.Errorf("--alerts: %w; or leave --alerts out, and no alert fires", err)
	}
	watching, err = startAlerts(ctx, programs, platform)
	if err != nil && byDefault && ctx.Err() == nil {
		return nil, fmt.Sprintf("no alert will fire: %v", err), nil
	}
	return watching, "", err
}

// startAlerts starts a Prometheus that watches the embedded platform by the shipped rules, and an Alertmanager that tells
// nobody. Both end with this process.
func startAlerts(ctx context.Context, programs stack.Programs, platform *demo.Platform) (*stack.Stack, error) {
	c := stack.Config{
		Rules: map[string][]byte{
			stack.SLORules:   stack.Rules(stack.SLORules),
			stack.DrillRules: stack.Rules(stack.DrillRules),
		},
		Alertmanager: stack.Silent(),
	}
	for name, address := range platform.Services() {
		u, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("watch %s: %w", name, err)
		}
		job := name
		if known, ok := alertJobs[name]; ok {
			job = known
		}
		c.Targets = append(c.Targets, stack.Target{Job: job, Addr: u.Host})
	}
	return stack.Start(ctx, programs, c)
}
