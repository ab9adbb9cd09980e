package app

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/chaos/kube"
	"xinbot.ir/squall/chaos/toxiproxy"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// BuiltInFaults are the parameters of every fault that squall has, wherever it can run: what the
// configuration may name.
func BuiltInFaults() map[string][]chaos.Param {
	rows := map[string][]chaos.Param{session.SpikeFault: session.SpikeParams()}
	for _, info := range slices.Concat(kube.BuiltIn(), onToxiproxy()) {
		rows[info.ID] = append(rows[info.ID], info.Params...)
	}
	return rows
}

// onToxiproxy describes the built-in faults of that driver.
func onToxiproxy() (all []chaos.Info) {
	for _, f := range toxiproxy.New(toxiproxy.Config{}).Faults() {
		all = append(all, f.Info())
	}
	return all
}

// Faults is what can be broken at a target: by which driver, and how it is undone.
type Faults struct {
	resolved config.Resolved
	list     []chaos.Fault
	undoers  chaos.Undoers
	checked  config.Faults
	watch    func(context.Context, func(event.WorkloadScaled)) // nil: there are no pods to watch
}

// OpenFaults makes the drivers and picks for each fault the one that can carry it out here: Kubernetes
// before Toxiproxy, for it breaks the real thing. Changes are marked with runID. The log takes what
// client-go says. An error is a mistake in the configuration.
func OpenFaults(r config.Resolved, runID string, log io.Writer) (*Faults, error) {
	f := &Faults{resolved: r, undoers: undoers(r)}
	var errs []error
	if k := r.Faults.Kubernetes; k.Namespace != "" {
		kube.RedirectKlog(log)
		driver, err := kube.New(kube.Config{
			Kubeconfig: k.Kubeconfig, Context: k.Context, Namespace: k.Namespace, Allow: k.Allow,
			Session: runID, Custom: r.Faults.Custom, Log: log, UserAgent: r.Options.UserAgent,
		})
		if err != nil {
			errs = append(errs, err)
		} else {
			f.list = driver.Faults()
			f.watch = func(ctx context.Context, seen func(event.WorkloadScaled)) {
				driver.Watch(ctx, func(s kube.Scale) {
					seen(event.WorkloadScaled{Workload: s.Workload, Ready: s.Ready, Wanted: s.Wanted, Min: s.Min, Max: s.Max})
				})
			}
		}
	}
	if r.Faults.Toxiproxy != nil {
		driver := toxiproxy.New(toxiproxy.Config{URL: r.Faults.Toxiproxy, Session: runID, Custom: r.Faults.Custom})
		errs = append(errs, driver.Problems())
		for _, fault := range driver.Faults() {
			if !slices.ContainsFunc(f.list, func(other chaos.Fault) bool { return other.Info().ID == fault.Info().ID }) {
				f.list = append(f.list, fault)
			}
		}
	}
	sortDrills(f.list)
	checked, err := r.ValidateFaults(f.on(), f.off())
	f.checked = checked
	return f, errors.Join(append(errs, err)...)
}

// Infos describes the faults that can run here, in the order of their keys.
func (f *Faults) Infos() []chaos.Info {
	all := make([]chaos.Info, len(f.list))
	for i, fault := range f.list {
		all[i] = fault.Info()
	}
	return all
}

// Requested are the faults that the configuration wants injected.
func (f *Faults) Requested() []chaos.ScheduledFault { return f.checked.Inject }

// Preflight finds out what a fault would do, and changes nothing.
func (f *Faults) Preflight(ctx context.Context, i chaos.ScheduledFault) (chaos.Plan, error) {
	return session.Preflight(ctx, f.config(), i)
}

// DryRun is a preflight with a check for every step: by the server, where its API has a dry run.
func (f *Faults) DryRun(ctx context.Context, i chaos.ScheduledFault) (chaos.Plan, []chaos.Check, error) {
	return session.DryRun(ctx, f.config(), i)
}

// config is what looking at faults needs of a session's configuration.
func (f *Faults) config() session.Config {
	r := f.resolved
	return session.Config{
		Options: r.Options, Settings: r.Settings, Target: r.Target,
		Faults: f.list, Undoers: f.undoers, FaultParams: f.checked.Given, SteadyState: session.IgnoreUnsteady,
	}
}

// drills are the faults of the performance plan, in the order of their keys.
var drills = []string{"llm_latency", "redis_outage", "qdrant_throttle"}

// sortDrills gives the drills of the performance plan the first keys, and leaves the rest as it is.
func sortDrills(list []chaos.Fault) {
	rank := func(f chaos.Fault) int {
		if i := slices.Index(drills, f.Info().ID); i >= 0 {
			return i
		}
		return len(drills)
	}
	slices.SortStableFunc(list, func(x, y chaos.Fault) int { return rank(x) - rank(y) })
}

// on has the parameters of every fault that can run here.
func (f *Faults) on() map[string][]chaos.Param {
	on := map[string][]chaos.Param{session.SpikeFault: session.SpikeParams()}
	for _, fault := range f.list {
		on[fault.Info().ID] = fault.Info().Params
	}
	return on
}

// off has the faults that cannot run here, with what they need.
func (f *Faults) off() map[string]string {
	on, off := f.on(), map[string]string{}
	for _, info := range kube.BuiltIn() {
		off[info.ID] = "--namespace"
	}
	for _, info := range onToxiproxy() {
		if off[info.ID] != "" {
			off[info.ID] = "--toxiproxy or " + off[info.ID]
		} else {
			off[info.ID] = "--toxiproxy"
		}
	}
	maps.DeleteFunc(off, func(id, _ string) bool { _, can := on[id]; return can })
	return off
}
