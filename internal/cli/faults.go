package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/chaos/kube"
	"xinbot.ir/squall/chaos/toxiproxy"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// builtInFaults are the parameters of every fault that squall has, wherever it can run: what the
// configuration may name.
func builtInFaults() map[string][]chaos.Param {
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

// faults is what can be broken in a run: by which driver, and how it is undone.
type faults struct {
	list    []chaos.Fault
	undoers chaos.Undoers
	settled config.Faults
	watch   func(context.Context, func(event.WorkloadScaled)) // nil: there are no pods to watch
}

// choose makes the drivers and picks for each fault the one that can carry it out here: Kubernetes
// before Toxiproxy, for it breaks the real thing. The log takes what client-go says.
func (a *app) choose(r config.Resolved, runID string, log io.Writer) (f faults, err error) {
	f.undoers = undoers(r)
	var errs []error
	if k := r.Faults.Kubernetes; k.Namespace != "" {
		kube.Quiet(log)
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
	inOrder(f.list)
	f.settled, err = r.Faults.Settle(f.on(), f.off())
	return f, errors.Join(append(errs, err)...)
}

// inOrder gives the drills of the performance plan the first keys, and leaves the rest as it is.
func inOrder(list []chaos.Fault) {
	drills := []string{"llm_latency", "redis_outage", "qdrant_throttle"}
	rank := func(f chaos.Fault) int {
		if i := slices.Index(drills, f.Info().ID); i >= 0 {
			return i
		}
		return len(drills)
	}
	slices.SortStableFunc(list, func(x, y chaos.Fault) int { return rank(x) - rank(y) })
}

// on has the parameters of every fault that can run here.
func (f faults) on() map[string][]chaos.Param {
	on := map[string][]chaos.Param{session.SpikeFault: session.SpikeParams()}
	for _, fault := range f.list {
		on[fault.Info().ID] = fault.Info().Params
	}
	return on
}

// off has the faults that cannot run here, with what they need.
func (f faults) off() map[string]string {
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

// undoers revert what any squall has changed at the places that the configuration names.
func undoers(r config.Resolved) chaos.Undoers {
	k := r.Faults.Kubernetes
	all := chaos.Undoers{}
	maps.Copy(all, toxiproxy.Undoers(r.Faults.Toxiproxy, 0))
	maps.Copy(all, kube.Undoers(kube.Config{Kubeconfig: k.Kubeconfig, Context: k.Context, UserAgent: r.Options.UserAgent}))
	return all
}

// salvage is what recovering needs. How long it waits is said while it does.
func (a *app) salvage(r config.Resolved, decide func(*chaos.MovedOn) event.Decision) session.Salvage {
	kube.Quiet(io.Discard)
	said := map[string]string{}
	return session.Salvage{Options: r.Options, Undoers: undoers(r), How: chaos.Recovery{
		Decide: decide,
		Progress: func(object, what string) {
			if said[object] != what {
				said[object] = what
				fmt.Fprintf(a.Out, "  %s: not yet: %s\n", object, what)
			}
		},
	}}
}

// clientLog is a file in the run directory for what client-go says. It is made at the first word.
type clientLog struct {
	path string
	file *os.File
}

func newClientLog(dir string) *clientLog {
	return &clientLog{path: filepath.Join(dir, "kubernetes.log")}
}

// Write appends to the file.
func (l *clientLog) Write(p []byte) (int, error) {
	if l.file == nil {
		file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return 0, err
		}
		l.file = file
	}
	return l.file.Write(p)
}
