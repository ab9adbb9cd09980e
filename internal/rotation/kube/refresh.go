package kube

import (
	"context"
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// refreshPatience is how long the time of a refresh is waited for: an operator writes the Secret first, and then the time.
	refreshPatience = 1200 * time.Millisecond
	refreshInterval = 200 * time.Millisecond
	// clockTolerance is how far the operator's clock may be behind the API server's. Both times are in whole seconds.
	clockTolerance = time.Second
)

// externalSecretVersions are those of the API of the External Secrets Operator, the newest first.
var externalSecretVersions = [...]string{"v1", "v1beta1"}

// refreshed is when an ExternalSecret filled a Secret in; zero when there is none, when it cannot be read, or when the Secret
// was changed after that by somebody else.
func (s *Secret) refreshed(ctx context.Context, secret *corev1.Secret) time.Time {
	ctx, cancel := context.WithTimeout(ctx, refreshPatience)
	defer cancel()
	name, changed := secret.Name, secret.CreationTimestamp.Time
	for _, owner := range secret.OwnerReferences {
		if owner.Kind == "ExternalSecret" {
			name = owner.Name
		}
	}
	for _, m := range secret.ManagedFields {
		if m.Time != nil && m.Time.After(changed) {
			changed = m.Time.Time
		}
	}
	tick := time.NewTicker(refreshInterval)
	defer tick.Stop()
	for {
		at, found := s.refreshTime(ctx, name)
		switch {
		case !found:
			return time.Time{}
		case !at.Before(changed.Add(-clockTolerance)):
			return at
		}
		select {
		case <-ctx.Done():
			return time.Time{}
		case <-tick.C:
		}
	}
}

// refreshTime is what an ExternalSecret says of its last refresh; not found when it cannot be read.
func (s *Secret) refreshTime(ctx context.Context, name string) (at time.Time, found bool) {
	for _, version := range externalSecretVersions {
		raw, err := s.cluster.Client.Core.Get().AbsPath("/apis/external-secrets.io", version, "namespaces", s.Namespace, "externalsecrets", name).
			SetHeader("Accept", "application/json").Do(ctx).Raw()
		if err != nil {
			continue
		}
		var external struct {
			Status struct {
				RefreshTime time.Time `json:"refreshTime"`
			} `json:"status"`
		}
		if err := json.Unmarshal(raw, &external); err != nil {
			continue
		}
		return external.Status.RefreshTime, true
	}
	return time.Time{}, false
}
