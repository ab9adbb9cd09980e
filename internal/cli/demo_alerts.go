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

// startAlerts starts a Prometheus that watches the embedded platform by the shipped rules, and an Alertmanager that tells
// nobody. Both end with this process.
func (a *commands) startAlerts(ctx context.Context, platform *demo.Platform) (*stack.Stack, error) {
	programs, err := stack.Find()
	if err != nil {
		return nil, fmt.Errorf("--alerts: %w; or leave --alerts out, and no alert fires", err)
	}
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
