package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
)

// maxSkew is how far the clocks may differ before a signed time could be refused.
const maxSkew = 30 * time.Second

func (a *commands) doctor() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Show the resolved configuration and check that the platform can be reached",
		Long:  "Shows every setting with where it came from, then looks at the gateway, the admin API and the admin token. It sends GET /health and, with the token, GET /admin/tenants, which lists the tenants; nothing else. For each fault it makes the preflight, which reads and changes nothing. Prometheus, Alertmanager and the services' own metrics are asked for what a run reads there, and for the alerts that faults wait for. With --otlp the receiver gets a request without metrics. Every flag of squall run is accepted, so that a command line can be checked before it is run.",
		Example: `  squall doctor --target staging
  squall doctor -e GATEWAY_URL=https://gateway.example.org/webchat/webhook -e WEBHOOK_SECRET=secret`,
		Args: cobra.NoArgs,
	}
	flags := configured(cmd, nil)
	showOnly(cmd, "config", "target", "gateway", "host", "orchestrator", "workload", "tenant", "timeout", "ca", "cert", "key", "insecure-skip-verify", "env",
		"toxiproxy", "kubeconfig", "context", "namespace", "allow-namespace", "fault",
		"prometheus", "alertmanager", "scrape", "otlp")
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
		c.checkTenants(ctx)
		c.checkFaults(ctx)
		c.checkRotation(ctx)
		c.checkSlack()
		c.checkOTLP(ctx)
		c.checkMonitoring(ctx)
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
		left := token.Expires.Sub(c.Now())
		text += ", expires in " + units.Duration(left.Round(time.Second))
		if length := c.resolved.Duration; left < length {
			c.report(warn, "admin token", text+fmt.Sprintf(", and the run goes on for %s: rules cannot be put back after that; get one that lives longer", units.Duration(length)))
			return
		}
	}
	c.report(good, "admin token", text)
}

// checkSlack says whether runs are told in Slack. Nothing is sent there: each message is seen by people.
func (c *checkup) checkSlack() {
	if t := c.resolved.Telemetry; t.SlackWebhook.Set() {
		c.report(good, "slack", "a webhook is configured ("+t.SlackFrom+"); it was not tried, for people would see it")
		return
	}
	c.report(good, "slack", "no webhook, so nobody is told of runs: set SLACK_WEBHOOK_URL to change that")
}

// checkOTLP asks whether metrics of runs will be taken. Without --otlp there is nothing to say.
func (c *checkup) checkOTLP(ctx context.Context) {
	if c.resolved.Telemetry.OTLP.URL == nil {
		return
	}
	if err := app.CheckOTLP(ctx, c.resolved); err != nil {
		c.report(fail, "OTLP", c.resolved.Options.Keys.Redact(err.Error()))
		return
	}
	c.report(good, "OTLP", c.resolved.Telemetry.OTLP.URL.String()+" takes metrics; a request without any was sent")
}

// checkTenants asks the admin API, with the token, which tenants there are: the token is accepted or it is not, and a
// gateway answers 502 to every message of a tenant that it does not know.
func (c *checkup) checkTenants(ctx context.Context) {
	o := c.resolved.Options
	if o.Orchestrator == nil || !c.resolved.AdminToken.Set() {
		c.report(warn, "workload", "not checked: only the admin API knows whether its tenants exist")
		return
	}
	known, err := load.ListTenants(ctx, o)
	var refused *load.RefusedError
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		c.report(fail, "admin token", "not accepted: "+err.Error())
		return
	case errors.As(err, &refused) && refused.Status == http.StatusForbidden:
		c.report(fail, "admin token", "not allowed to do this: "+err.Error())
		return
	case err != nil:
		c.report(warn, "workload", "not checked: "+err.Error())
		return
	}
	c.report(good, "admin token", "accepted by the admin API")
	c.checkWorkload(o.Workload, known)
}

// checkWorkload looks for what the workload addresses. Of brands and channels only some platforms tell.
func (c *checkup) checkWorkload(w load.Workload, known load.KnownIDs) {
	var unknown, untold []string
	for _, t := range w.Tenants {
		if !known.Has(t.ID) {
			unknown = append(unknown, t.ID)
		}
		for _, b := range t.Brands {
			if !known.Has(b.ChannelID) {
				untold = append(untold, b.Name)
			}
		}
	}
	if len(unknown) > 0 {
		c.report(fail, "workload", fmt.Sprintf("the platform has no tenant %s: every message of it would be refused; give the ids of yours with --workload or --tenant", strings.Join(unknown, ", ")))
		return
	}
	text := fmt.Sprintf("its tenants exist: %d of the %d of the platform", len(w.Tenants), known.Tenants)
	if len(untold) > 0 {
		text += "; the list does not tell of the channels of " + strings.Join(untold, ", ") + ", which were not checked"
	}
	c.report(good, "workload", text)
}
