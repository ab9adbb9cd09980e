package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/load"
)

// maxSkew is how far the clocks may differ before a signed time could be refused.
const maxSkew = 30 * time.Second

func (a *commands) doctor() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Show the resolved configuration and check that the platform can be reached",
		Long:  "Shows every setting with where it came from, then looks at the gateway, the admin API and the admin token. It sends GET /health and nothing else. For each fault it makes the preflight, which reads and changes nothing. Every flag of squall run is accepted, so that a command line can be checked before it is run.",
		Example: `  squall doctor --target staging
  squall doctor -e GATEWAY_URL=https://gateway.example.org/webchat/webhook -e WEBHOOK_SECRET=secret`,
		Args: cobra.NoArgs,
	}
	flags := configured(cmd, nil)
	showOnly(cmd, "config", "target", "gateway", "host", "orchestrator", "workload", "tenant", "timeout", "ca", "cert", "key", "insecure-skip-verify", "env",
		"toxiproxy", "kubeconfig", "context", "namespace", "allow-namespace", "fault")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		resolved, err := a.resolve(flags, nil)
		a.showSettings(resolved.Origins)
		if err != nil {
			return usage(err)
		}
		ctx, cancel := a.untilSignal(cmd.Context())
		defer cancel()
		c := checkup{commands: a, resolved: resolved}
		fmt.Fprintln(a.Out, "\nChecks")
		for _, warning := range resolved.Warnings {
			c.report(warn, "configuration", warning)
		}
		c.checkEndpoint(ctx, "gateway", resolved.Options.Gateway[load.Webchat], c.askGateway)
		if api := resolved.Options.Orchestrator; api != nil {
			c.checkEndpoint(ctx, "admin API", api, c.askAPI)
		} else {
			c.report(warn, "admin API", "no orchestrator: ingestion, automation and rules do not run; set ORCHESTRATOR_URL")
		}
		c.checkToken()
		c.checkFaults(ctx)
		if c.failed > 0 {
			return exitStatus(exitFailed)
		}
		return nil
	}
	return cmd
}

// showSettings writes every setting, its value and its source in columns.
func (a *commands) showSettings(origins []config.Origin) {
	fmt.Fprintln(a.Out, "Configuration")
	name, value := 0, 0
	for _, o := range origins {
		name, value = max(name, len(o.Name)), max(value, min(len(o.Value), 48))
	}
	for _, o := range origins {
		shown := o.Value
		if shown == "" {
			shown = "-"
		}
		line := fmt.Sprintf("  %-*s  %-*s  %s", name, o.Name, value, shown, o.Source)
		fmt.Fprintln(a.Out, strings.TrimRight(line, " "))
	}
}

// checkToken reads the admin token without checking its signature, which only the platform can.
func (c *checkup) checkToken() {
	secret := c.resolved.AdminToken
	if !secret.Set() {
		c.report(warn, "admin token", "none: ingestion, automation and rules do not run; set ADMIN_TOKEN")
		return
	}
	token, err := config.ReadToken(secret)
	if err != nil {
		c.report(fail, "admin token", err.Error())
		return
	}
	if trouble := token.Problem(c.Now()); trouble != "" {
		c.report(fail, "admin token", trouble)
		return
	}
	text := "role " + config.PlatformAdmin
	if token.Expires.IsZero() {
		text += ", never expires"
	} else {
		text += ", expires in " + token.Expires.Sub(c.Now()).Round(time.Second).String()
	}
	c.report(good, "admin token", text)
}
