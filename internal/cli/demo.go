package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
)

const demoExample = `  squall demo
  squall demo --alerts
  squall demo --vus 200 --duration 2m --headless
  squall demo --serve --gateway-addr 127.0.0.1:8080 --orchestrator-addr 127.0.0.1:8000
  squall demo --serve --replicas 1 --seed 7`

// demoDefaults keep the platform with its delays at about half of what it can do, so that a spike
// takes it beyond.
var demoDefaults = map[string]string{config.VUs: "250"}

// demoFlags are what only the embedded platform has.
type demoFlags struct {
	serve, noDelays, alerts          bool
	alertsGiven                      bool // --alerts is on the command line
	gateway, orchestrator, toxiproxy string
	capacity, replicas               int
	delayFactor                      float64
	verbose                          bool
	rotate                           []string
	staged                           []session.StagedRotation // of rotate
}

func (a *commands) demo() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Run against an embedded platform, or serve that platform alone",
		Long:    "Starts a small platform in this process, on free loopback ports, and runs against it as squall run does. With --serve it only serves, for another squall, k6 or curl.",
		Example: demoExample,
		Args:    noArguments,
	}
	var d demoFlags
	addBoolFlag(cmd, &d.serve, "serve", "", "serve the platform alone and print the variables to export, until a signal")
	addBoolFlag(cmd, &d.noDelays, "no-delays", "", "answer at once: the platform simulates no working time")
	addBoolFlag(cmd, &d.alerts, "alerts", "", "also start a Prometheus and an Alertmanager that watch the platform, so that alerts fire; with the console that is the default where their programs are installed (--alerts=false: not)")
	cmd.Flags().Float64Var(&d.delayFactor, "delay-factor", 1, "multiply every simulated working time by `F`: 1.1 is a platform that is 10 % slower, for trying squall compare")
	cmd.Flags().IntVar(&d.capacity, "capacity", 0, "how many messages the gateway works on at once, `N`; 0 for the default")
	cmd.Flags().IntVar(&d.replicas, "replicas", demo.DefaultReplicas, fmt.Sprintf("of how many processes the gateway consists, `N`, 1 to %d", demo.MaxReplicas))
	cmd.Flags().StringVar(&d.gateway, "gateway-addr", "", "where the gateway listens, `HOST:PORT`; a free loopback port by default")
	cmd.Flags().StringVar(&d.orchestrator, "orchestrator-addr", "", "where the orchestrator listens, `HOST:PORT`; a free loopback port by default")
	cmd.Flags().StringVar(&d.toxiproxy, "toxiproxy-addr", "", "where Toxiproxy's API listens, `HOST:PORT`; a free loopback port by default")
	cmd.Flags().StringArrayVar(&d.rotate, "rotate", nil, "rotate the platform's webhook secrets, `KIND[@TIME]` such as rolling@20s after the start: "+rotationKinds())
	addBoolFlag(cmd, &d.verbose, "verbose", "", "with --serve: the platform's own log on standard error")
	flags := configured(cmd, demoDefaults)
	config.Hide(cmd.Flags(), config.Embedded(config.Platform{}))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d.alertsGiven = cmd.Flags().Changed("alerts")
		return a.runDemo(cmd.Context(), flags, d)
	}
	return cmd
}

func (a *commands) runDemo(ctx context.Context, flags *config.Flags, d demoFlags) (err error) {
	// The platform's tenants come from the workload and its addresses go into the configuration: settle
	// the configuration once without and once with the addresses.
	draft, err := a.resolve(flags, embedded(placeholder(), nil))
	if err != nil {
		return usage(err)
	}
	if idle := ignored(draft.Origins); d.serve && len(idle) > 0 {
		return usage(fmt.Errorf("%s: squall demo --serve sends no load and would ignore this: leave it out, or leave --serve out", strings.Join(idle, ", ")))
	}
	for _, text := range d.rotate {
		staged, err := parseStaged(text)
		if err != nil {
			return usage(err)
		}
		d.staged = append(d.staged, staged)
	}
	if d.capacity < 0 {
		return usage(errors.New("--capacity: must be a whole number of 0 or more"))
	}
	if d.replicas < 1 || d.replicas > demo.MaxReplicas {
		return usage(fmt.Errorf("--replicas: must be a whole number from 1 to %d", demo.MaxReplicas))
	}
	if !(d.delayFactor > 0) || math.IsInf(d.delayFactor, 0) {
		return usage(errors.New("--delay-factor: must be a number above 0, such as 1.1"))
	}
	log := io.Discard
	if d.serve && d.verbose {
		log = a.Err
	}
	platform, err := demo.Start(ctx, demo.Config{
		Seed: draft.Options.Seed, Delays: !d.noDelays, DelayFactor: d.delayFactor, Capacity: d.capacity, Replicas: d.replicas,
		GatewayAddr: d.gateway, OrchestratorAddr: d.orchestrator, ToxiproxyAddr: d.toxiproxy,
		Tenants: tenants(draft.Options.Workload), Log: log,
	})
	if err != nil {
		return fmt.Errorf("start the embedded platform: %w", err)
	}
	defer func() {
		if closing := platform.Close(); closing != nil {
			err = errors.Join(err, fmt.Errorf("stop the embedded platform: %w", closing))
		}
	}()
	at := addresses(platform)
	watching, warning, err := a.watchPlatform(ctx, platform, d, draft.Headless)
	if err != nil {
		return err
	}
	if watching != nil {
		defer func() {
			if closing := watching.Close(); closing != nil {
				err = errors.Join(err, fmt.Errorf("stop Prometheus and Alertmanager: %w", closing))
			}
		}()
		at.Prometheus, at.Alertmanager = watching.PrometheusURL, watching.AlertmanagerURL
	}
	if d.serve {
		a.serve(ctx, platform, at)
		return nil
	}
	resolved, err := a.resolve(flags, embedded(at, &draft))
	if err != nil {
		return usage(err)
	}
	hurry(&resolved)
	if warning != "" {
		resolved.Warnings = append(resolved.Warnings, warning)
	}
	return a.runSession(ctx, resolved, nil, extras{embedded: true, rotation: offeredBy(platform, d.staged)})
}

// demoAdminRate is how many uploads and how many automation triggers the demo sends a minute for each tenant. An
// objective on a 95th percentile needs 59 samples that hold it to be sure of it.
const demoAdminRate = 60

// hurry raises the rates of the built-in workload, and says so: at those of the performance plan nothing could be said
// of the orchestrator and of automation for many minutes, and a demo does not last that long.
func hurry(r *config.Resolved) {
	w := &r.Options.Workload
	if w.Source != load.DefaultWorkload().Source {
		return
	}
	w.Ingestion.JobsPerMinute, w.Automation.TriggersPerMinute = demoAdminRate, demoAdminRate
	r.Warnings = append(r.Warnings, fmt.Sprintf("the demo sends %d uploads and %d automation triggers a minute for each tenant, so that each objective is judged within a minute; squall run sends those of the workload", demoAdminRate, demoAdminRate))
}

// placeholder stands in for the platform until it is there. Every channel has a secret, so that a workload of any
// channels is accepted.
func placeholder() config.Platform {
	secrets := map[string]string{}
	for _, spec := range load.Channels() {
		secrets[spec.SecretOf.String()] = "none"
	}
	const nowhere = "http://127.0.0.1:1"
	return config.Platform{Gateway: nowhere, API: nowhere, Toxiproxy: nowhere, Token: "none", Secrets: secrets}
}

// ignored names what was given on the command line and only matters to a run. The environment may hold
// variables that are meant for another command.
func ignored(origins []config.Origin) (given []string) {
	for _, o := range origins {
		asked := strings.HasPrefix(o.Source, "--") || strings.HasPrefix(o.Source, "-e ")
		if asked && !slices.Contains([]string{config.Workload, config.Tenant, config.Seed}, o.Name) {
			given = append(given, o.Source)
		}
	}
	return given
}

// addresses are those of the platform for the configuration.
func addresses(p *demo.Platform) config.Platform {
	return config.Platform{
		Gateway: p.GatewayURL(), API: p.OrchestratorURL(), Toxiproxy: p.ToxiproxyURL(), Token: p.AdminToken(),
		Secrets: p.Secrets(), Services: p.Services(),
	}
}

// embedded points the configuration at the platform, with the seed of the draft if there is one.
func embedded(p config.Platform, draft *config.Resolved) func(*config.Input) {
	return func(in *config.Input) {
		in.Fixed, in.FixedBy = config.Embedded(p), "embedded platform"
		in.Defaults = maps.Clone(demoDefaults)
		if draft != nil {
			in.Defaults[config.Seed] = strconv.FormatUint(draft.Options.Seed, 10)
		}
	}
}

// serve prints how to reach the platform, and waits for a signal.
func (a *commands) serve(ctx context.Context, platform *demo.Platform, at config.Platform) {
	ctx, cancel := a.untilSignal(ctx)
	defer cancel()
	fmt.Fprintln(a.Out, "# The embedded platform is up. In another shell:")
	for _, line := range platform.Environment() {
		fmt.Fprintf(a.Out, "export %s\n", line)
	}
	if at.Prometheus != "" {
		fmt.Fprintf(a.Out, "export PROMETHEUS_URL=%s\nexport ALERTMANAGER_URL=%s\n", at.Prometheus, at.Alertmanager)
	}
	fmt.Fprintln(a.Out, rotationHint())
	fmt.Fprintln(a.Out, "# Ctrl-C ends it.")
	<-ctx.Done()
}

// rotationHint is a command that rotates the platform's secrets, for a shell that has its variables.
func rotationHint() string {
	var kinds []string
	for _, k := range demo.RotationKinds() {
		kinds = append(kinds, k.Name)
	}
	return "# Rotate the webhook secrets to the next ones (kinds: " + strings.Join(kinds, ", ") + "):\n" +
		`#   curl -H "Authorization: Bearer $ADMIN_TOKEN" --json '{"kind":"rolling"}' "$ORCHESTRATOR_URL/demo/rotations"`
}

// tenants are those of a workload, as the platform wants them.
func tenants(w load.Workload) (all []demo.Tenant) {
	for _, t := range w.Tenants {
		tenant := demo.Tenant{ID: t.ID}
		for _, b := range t.Brands {
			tenant.Brands = append(tenant.Brands, b.BrandID)
		}
		all = append(all, tenant)
	}
	return all
}
