package app

import (
	"context"
	"errors"
	"io"
	"maps"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/chaos/kube"
	"xinbot.ir/squall/chaos/toxiproxy"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/session"
)

// Runs is where runs are kept when --out does not say otherwise.
const Runs = "runs"

// Unfinished lists the runs with something left where runs are kept. A run that --out put elsewhere has to be named: a
// directory that lies about may be somebody else's.
func Unfinished() ([]string, error) { return session.Unfinished(Runs) }

// AllRuns lists the runs where runs are kept.
func AllRuns() ([]string, error) { return session.AllRuns(Runs) }

// RecoverOptions is what recovering a dead run needs: the places that the configuration names, and how to ask.
func RecoverOptions(r config.Resolved, how chaos.RecoverOptions) session.RecoverOptions {
	kubeclient.RedirectKlog(io.Discard)
	key, _ := LedgerKey(r) // without one every ledger is somebody else's
	return session.RecoverOptions{Options: r.Options, Undoers: undoers(r), How: how, Key: key}
}

// GuardOptions is what a guard needs, which reads all of the configuration before there is anything to revert.
func GuardOptions(r config.Resolved, key chaos.Key) session.RecoverOptions {
	o := RecoverOptions(r, chaos.RecoverOptions{})
	maps.Copy(o.Undoers, kube.HoldingUndoers(kubeConfig(r)))
	o.Key = key
	return o
}

// LedgerKey is the key of this user's ledgers. It is made at its first use.
func LedgerKey(r config.Resolved) (chaos.Key, error) {
	if r.LedgerKey == "" {
		return nil, errors.New("read the key of ledgers: HOME is not set, so there is no place for it: set HOME or XDG_STATE_HOME")
	}
	return chaos.ReadKey(r.LedgerKey)
}

// Scan finds what squall has left at the places that the configuration names, by what stands there.
func Scan(ctx context.Context, r config.Resolved) ([]chaos.Found, error) {
	kubeclient.RedirectKlog(io.Discard)
	var found []chaos.Found
	if k := kubeConfig(r); k.Namespace != "" || len(k.Allow) > 0 {
		scaled, err := kube.Scan(ctx, k)
		if err != nil {
			return nil, err
		}
		found = append(found, scaled...)
	}
	if r.Faults.Toxiproxy != nil {
		toxics, err := toxiproxy.Scan(ctx, r.Faults.Toxiproxy, 0)
		if err != nil {
			return nil, err
		}
		found = append(found, toxics...)
	}
	return found, nil
}

// HasPlaces reports whether the configuration names a place where faults can be.
func HasPlaces(r config.Resolved) bool {
	k := r.Faults.Kubernetes
	return k.Namespace != "" || len(k.Allow) > 0 || r.Faults.Toxiproxy != nil
}

func kubeConfig(r config.Resolved) kube.Config {
	k := r.Faults.Kubernetes
	return kube.Config{Kubeconfig: k.Kubeconfig, Context: k.Context, Namespace: k.Namespace, Allow: k.Allow, UserAgent: r.Options.UserAgent, Hide: r.Options.Keys.Hide}
}

// undoers revert what any squall has changed at the places that the configuration names.
func undoers(r config.Resolved) chaos.Undoers {
	all := chaos.Undoers{}
	maps.Copy(all, toxiproxy.Undoers(r.Faults.Toxiproxy, 0))
	maps.Copy(all, kube.Undoers(kubeConfig(r)))
	return all
}
