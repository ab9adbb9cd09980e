package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/kubeclient"
)

// clusterOpener opens the clusters of records. Kubeconfig, credentials and limits are the operator's own; a record is
// only compared with them. A kubeconfig can name a program to run, so the one that a record names is never read.
type clusterOpener struct {
	config Config
	held   *cluster // that the kubeconfig led to when the opener was made; nil: it is read anew each time
}

// holding reads the kubeconfig now. Should it be removed later, or lead elsewhere, what it led to is still known. What is
// wrong with it now is told when it is needed.
func (r clusterOpener) holding() clusterOpener {
	r.held, _ = connect(r.config)
	return r
}

// open connects to the record's cluster and verifies that it is that one, and that the operator's configuration lets
// the namespace be touched.
func (r clusterOpener) open(ctx context.Context, ref clusterRef, namespace string) (*cluster, error) {
	if err := r.config.permits(ref, namespace); err != nil {
		return nil, err
	}
	cl, err := r.asConfigured(ctx, ref)
	if err == nil || r.held == nil || r.held.Ref.Server != ref.Server || r.held.Ref.CA != ref.CA {
		return cl, err
	}
	held := *r.held
	if identified := held.Identify(ctx); identified != nil || held.Ref.Cluster != ref.Cluster {
		return nil, err
	}
	return &held, nil
}

// asConfigured is what the kubeconfig leads to now.
func (r clusterOpener) asConfigured(ctx context.Context, ref clusterRef) (*cluster, error) {
	c := r.config
	chosen := c.Kubeconfig != "" || c.Context != ""
	if c.Context == "" {
		c.Context = ref.Context // of the operator's own
	}
	cl, err := connect(c)
	switch {
	case (errors.Is(err, kubeclient.ErrNoCluster) || errors.Is(err, kubeclient.ErrNoContext)) && !chosen:
		return nil, otherCluster(ref, "")
	case err != nil:
		return nil, err
	}
	same := cl.Ref.Server == ref.Server && (cl.Ref.CA == "" || ref.CA == "" || cl.Ref.CA == ref.CA)
	if !same && !chosen {
		return nil, otherCluster(ref, cl.Ref.Place())
	}
	if err := cl.Identify(ctx); err != nil {
		return nil, err
	}
	known := cl.Ref.Cluster != "" && ref.Cluster != ""
	cl.unverified = !known && !same
	another := cl.Ref.Kubeconfig != ref.Kubeconfig || cl.Ref.Context != ref.Context // the operator has chosen one, for this record
	if known && cl.Ref.Cluster != ref.Cluster || cl.unverified && !another {
		return nil, fmt.Errorf("context %s leads to the cluster at %s, and the record is of another, at %s: choose the right one with --kubeconfig and --context",
			cl.Ref.ContextName(), cl.Ref.Server, ref.Server)
	}
	return cl, nil
}

func otherCluster(ref clusterRef, own string) error {
	return &chaos.OtherTargetError{Record: ref.Place(), Own: own, Flag: "--kubeconfig " + shellescape.Quote(cmp.Or(ref.Kubeconfig, "FILE"))}
}

// permits refuses what is in a namespace that the configuration does not name.
func (c Config) permits(ref clusterRef, namespace string) error {
	if namespace == c.Namespace || slices.Contains(c.Allow, namespace) {
		return nil
	}
	foreign := &chaos.OtherTargetError{
		Record: fmt.Sprintf("namespace %s of %s", namespace, ref.Place()), Flag: "--allow-namespace " + shellescape.Quote(namespace),
	}
	var own []string
	for _, n := range append([]string{c.Namespace}, c.Allow...) {
		if n != "" && !slices.Contains(own, n) {
			own = append(own, n)
		}
	}
	if len(own) > 0 {
		foreign.Own = "namespaces " + strings.Join(own, ", ")
	}
	return foreign
}
