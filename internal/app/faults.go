package app

import (
	"context"
	"errors"
	"io"
	"net/url"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/chaos/kube"
	"xinbot.ir/squall/chaos/toxiproxy"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
)

// BuiltInFaults are the parameters of every fault that squall has, wherever it can run: what the
// configuration may name.
func BuiltInFaults() map[string][]chaos.Param {
	rows := map[string][]chaos.Param{session.SpikeFault: session.SpikeParams()}
	for _, f := range chaos.Combine(chaos.Offer{Faults: kube.BuiltIn()}, chaos.Offer{Faults: toxiproxy.BuiltIn()}) {
		rows[f.Info().ID] = f.Info().Params
	}
	return rows
}

// Faults is what can be broken at a target: by which driver, and how it is undone.
type Faults struct {
	resolved config.Resolved
	list     []chaos.Fault
	undoers  chaos.Undoers
	checked  config.Faults
}

// OpenFaults makes the drivers and combines what they can carry out here: Kubernetes before Toxiproxy, because it
// breaks the real thing. Changes are marked with runID; of the embedded platform, the
// proxies end with this process. The log receives what client-go logs. An error is a mistake in
// the configuration.
func OpenFaults(r config.Resolved, embedded bool, runID string, log io.Writer) (*Faults, error) {
	f := &Faults{resolved: r, undoers: undoers(r)}
	onKube, kubeErr := f.kubernetes(r, runID, log)
	onProxy, proxyErr := onToxiproxy(r, embedded, runID)
	f.list = chaos.Combine(onKube, onProxy)
	if err := errors.Join(kubeErr, proxyErr); err != nil {
		return f, err // what would be said of the faults that lack their driver is no news
	}
	checked, err := r.ValidateFaults(f.on(), chaos.Missing(onProxy, onKube))
	f.checked = checked
	return f, err
}

// kubernetes is what the cluster's driver offers.
func (f *Faults) kubernetes(r config.Resolved, runID string, log io.Writer) (chaos.Offer, error) {
	k := r.Faults.Kubernetes
	if k.Namespace == "" {
		return chaos.Offer{Faults: kube.BuiltIn(), Needs: "--namespace"}, nil
	}
	kubeclient.RedirectKlog(log)
	driver, err := kube.New(kube.Config{
		Kubeconfig: k.Kubeconfig, Context: k.Context, Namespace: k.Namespace, Allow: k.Allow,
		Session: runID, Custom: r.Faults.Custom, Log: log, UserAgent: r.Options.UserAgent, Hide: r.Options.Keys.Hide,
	})
	if err != nil {
		return chaos.Offer{Faults: kube.BuiltIn(), Needs: "--namespace"}, err
	}
	return chaos.Offer{Faults: driver.Faults()}, nil
}

// onToxiproxy is what the proxy's driver offers.
func onToxiproxy(r config.Resolved, embedded bool, runID string) (chaos.Offer, error) {
	if r.Faults.Toxiproxy == nil {
		return chaos.Offer{Faults: toxiproxy.BuiltIn(), Needs: "--toxiproxy"}, nil
	}
	driver := toxiproxy.New(toxiproxy.Config{URL: r.Faults.Toxiproxy, Session: runID, Custom: r.Faults.Custom, Targets: targetsOf(r.Options), Own: embedded})
	return chaos.Offer{Faults: driver.Faults()}, driver.Problems()
}

// targetsOf are the addresses that the load goes to.
func targetsOf(o load.Options) (all []*url.URL) {
	for _, u := range append(o.Gateway[:], o.Orchestrator) {
		if u != nil {
			all = append(all, u)
		}
	}
	return all
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

// on has the parameters of every fault that can run here.
func (f *Faults) on() map[string][]chaos.Param {
	on := map[string][]chaos.Param{session.SpikeFault: session.SpikeParams()}
	for _, fault := range f.list {
		on[fault.Info().ID] = fault.Info().Params
	}
	return on
}
