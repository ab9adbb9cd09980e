package session

import (
	"context"
	"os"
	"runtime"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Config is what a session is started with. Nothing in it changes afterwards; the settings are the
// baseline that a halt goes back to.
type Config struct {
	Options  load.Options
	Settings load.Settings
	// NewGenerator makes the generator that the run's traffic comes from; nil: one in this process.
	NewGenerator func(load.Options) (Generator, error)
	Duration     time.Duration // 0: until stopped
	Objectives   []slo.Objective
	BuiltIn      bool       // the objectives are the defaults, which are judged outside faults
	Policy       slo.Policy // how strictly the run is judged
	StopRules    []slo.StopRule

	Faults      []chaos.Fault           // in the order of their keys; the channel spike is added behind them
	Undoers     chaos.Undoers           // for the kinds of the faults' steps
	FaultParams map[string]chaos.Params // by fault, over the faults' own defaults
	Schedule    []chaos.ScheduledFault  // injected by themselves
	SteadyState SteadyState
	Steady      []slo.SteadyCondition // on the platform's own metrics, that have to hold before a fault
	Protected   bool                  // injecting a fault wants the target's name typed
	// Watch reports the pods of autoscaled workloads until ctx ends; nil: there is no cluster.
	Watch func(ctx context.Context, seen func(event.WorkloadScaled))
	// Monitoring is what is read of the platform's own metrics and alerts; its zero value: nothing.
	Monitoring Monitoring
	Rotation   Rotation // of webhook secrets
	Token      Token    // of the admin API
	// Measured is called with each closed second, in the goroutine of the windows; nil: nobody asks for them.
	Measured func(metric.Observation)
	// Outlets tell others of the run while it goes on.
	Outlets []Outlet

	Dir string // run directory, made by Start
	// LedgerKey authenticates the ledger's lines. Who has another one will have to trust them to recover.
	LedgerKey chaos.Key
	// Guard starts, before anything is changed, what reverts changes when this process is killed. Nil: nothing does.
	Guard    StartGuard
	Target   string // name for the header
	Embedded bool   // the demo platform, in this process
	Version  string
	Command  []string           // arguments, secrets replaced
	Settled  []event.Provenance // resolved configuration, secrets replaced
	Secrets  map[string]string  // name -> fingerprint
	Warnings []string           // what the operator should know of the configuration, a sentence each

	// Report writes the report of a run directory and returns its path. It is called while the run
	// goes on (Export) and at its end.
	Report func(dir string) (path string, err error)
}

// SteadyState describes what happens when objectives are not green before a fault.
type SteadyState string

// The choices.
const (
	WarnUnsteady   SteadyState = "warn"
	RefuseUnsteady SteadyState = "refuse"
	IgnoreUnsteady SteadyState = "off"
)

// host is the gateway's host for the header.
func (c Config) host() string {
	for _, u := range c.Options.Gateway {
		if u != nil {
			return u.Host
		}
	}
	return ""
}

// header is the first event of the run.
func (c Config) header() event.RunStarted {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	m := event.RunStarted{
		RunID: c.Options.RunID, Version: c.Version, GoVersion: runtime.Version(),
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0), Host: host,
		Command: c.Command, Target: c.Target, Embedded: c.Embedded,
		Workload: c.Options.Workload.Source, Tenants: len(c.Options.Workload.Tenants),
		Model: "closed", VUs: c.Settings.VUs, Rate: c.Settings.Rate,
		Think: event.ThinkBetween(c.Settings.Think.Min, c.Settings.Think.Max), Ramp: c.Settings.Ramp.String(), Panels: c.Monitoring.panels(),
		Mix: map[string]float64{}, SpikeFactor: c.Settings.SpikeFactor,
		Duration: c.Duration.Seconds(), Seed: c.Options.Seed,
		FlowsOff: map[string]string{}, Secrets: c.Secrets, Settings: c.Settled,
	}
	_, m.UTCOffset = time.Now().Zone()
	if u := c.Options.Gateway[load.Webchat]; u != nil {
		m.Gateway = u.Redacted()
	}
	if u := c.Options.Orchestrator; u != nil {
		m.Orchestrator = u.Redacted()
	}
	if c.Settings.Open() {
		m.Model = "open"
	}
	for _, t := range c.Options.Workload.Tenants {
		m.Brands += len(t.Brands)
	}
	for ch, share := range load.WantedMix(c.Settings, c.Options.Workload) {
		m.Mix[load.Channel(ch).String()] = share
	}
	m.BuiltIn, m.Unknown, m.Expectations = c.BuiltIn, string(c.Policy.Unknown), "fail"
	if c.Policy.WarnExpectations {
		m.Expectations = "warn"
	}
	for _, o := range c.Objectives {
		m.Objectives = append(m.Objectives, o.String())
	}
	for _, r := range c.StopRules {
		m.StopRules = append(m.StopRules, r.String())
	}
	for _, f := range load.FlowStates(c.Options) {
		if !f.On {
			m.FlowsOff[f.Flow.String()] = f.Reason
		}
	}
	return m
}

// brands lists every brand of the workload.
func (c Config) brands() []load.Brand {
	var all []load.Brand
	for _, t := range c.Options.Workload.Tenants {
		all = append(all, t.Brands...)
	}
	return all
}

// brandName is the name of a brand by its id; "" when the workload has none.
func (c Config) brandName(id string) string {
	for _, b := range c.brands() {
		if b.BrandID == id {
			return b.Name
		}
	}
	return ""
}

// checkRules tells how many rules there are to toggle, within a bound that does not delay a start.
func checkRules(ctx context.Context, g Generator) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return g.CheckRules(ctx)
}
