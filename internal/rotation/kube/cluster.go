// Package kube knows rotations from the side of Kubernetes: the next secret of a channel in a Secret that changes, and each
// pod of the gateway by itself.
package kube

import (
	"context"
	"fmt"
	"net/http"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/rest"

	"xinbot.ir/squall/internal/kubeclient"
)

// RoleHint is where the rights come from.
const RoleHint = "apply the Role in docs/rotation.md"

// Cluster is where secrets and pods are looked at.
type Cluster struct {
	*kubeclient.Cluster
	watches  *kubeclient.Client // without a bound on time: a watch is one long answer
	upgrades *http.Client       // HTTP/1.1 alone: a connection of HTTP/2 cannot be taken over
}

// Connect reads the kubeconfig. It contacts nothing.
func Connect(c kubeclient.Config) (*Cluster, error) {
	c.RoleHint = RoleHint
	cluster, err := kubeclient.Connect(c)
	if err != nil {
		return nil, err
	}
	watches, err := kubeclient.NewClient(cluster.Config)
	if err != nil {
		return nil, fmt.Errorf("make client for %s: %w", cluster.Ref.Server, err)
	}
	config := rest.CopyConfig(cluster.Config)
	config.NextProtos = []string{"http/1.1"}
	upgrades, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("make client for %s: %w", cluster.Ref.Server, err)
	}
	return &Cluster{Cluster: cluster, watches: watches, upgrades: upgrades}, nil
}

// may returns an error that names the first of some rights that the cluster does not give.
func (c *Cluster) may(ctx context.Context, of string, rights ...authorizationv1.ResourceAttributes) error {
	for _, r := range rights {
		what := r.Verb + " " + of
		allowed, err := c.May(ctx, r)
		switch {
		case err != nil:
			return c.Explain("ask for the right to "+what, err)
		case !allowed:
			return fmt.Errorf("context %s may not %s: %s", c.Ref.ContextName(), what, RoleHint)
		}
	}
	return nil
}
