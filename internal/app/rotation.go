package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/rotation/kube"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
)

// RotatableChannels are those whose secrets a run could rotate.
func RotatableChannels(r config.Resolved) []load.Channel {
	return session.Rotatable(session.Config{Options: r.Options, Settings: r.Settings})
}

// rotationOf is how the rotation of webhook secrets is followed: as the configuration says, with what the embedded platform
// offers, or the cluster does. The log receives what client-go logs.
func rotationOf(r config.Resolved, offered session.Rotation, log io.Writer) (session.Rotation, error) {
	c := r.Rotation
	onCluster, err := openRotation(r, log)
	if err != nil {
		return session.Rotation{}, err
	}
	offered.Sources = slices.Concat(c.Sources, offered.Sources)
	for _, secret := range onCluster.secrets {
		offered.Sources = append(offered.Sources, secret)
	}
	if onCluster.pods != nil {
		offered.Replicas = onCluster.pods
	}
	offered.Armed, offered.Signing, offered.Share = c.Armed, c.Signing, c.Share
	if len(c.Replicas) > 0 {
		offered.Replicas = c.Replicas
	}
	offered.Rate, offered.Limits, offered.TolerateForged = c.Rate, c.Limits, c.TolerateForged
	return offered, nil
}

// clusterRotation is what of a rotation is seen in the cluster.
type clusterRotation struct {
	secrets []*kube.Secret
	pods    *kube.Pods // nil without a namespace
}

// openRotation contacts nothing.
func openRotation(r config.Resolved, log io.Writer) (found clusterRotation, err error) {
	k, namespace := r.Rotation.Kubernetes, r.Faults.Kubernetes.Namespace
	if len(r.Rotation.Replicas) > 0 { // they are known by their addresses
		namespace = ""
	}
	if len(k.Secrets) == 0 && namespace == "" {
		return found, nil
	}
	kubeclient.RedirectKlog(log)
	cluster, err := kube.Connect(kubeclient.Config{
		Kubeconfig: k.Kubeconfig, Context: k.Context, Log: log, UserAgent: r.Options.UserAgent, Hide: r.Options.Keys.Hide,
	})
	if err != nil {
		return found, err
	}
	for _, key := range k.Secrets {
		found.secrets = append(found.secrets, cluster.Secret(kube.Key(key)))
	}
	if namespace != "" {
		found.pods, err = cluster.Pods(namespace, k.Selector, k.Port)
	}
	return found, err
}

// RotationCheck is what was found of something that following a rotation needs.
type RotationCheck struct {
	What     string
	Found    string // when there is no problem
	Problem  error
	Needless bool // a rotation can be followed without it
}

// rotationCheckTime bounds a look at the cluster.
const rotationCheckTime = 15 * time.Second

// CheckRotation looks at what following a rotation needs in the cluster: whether each Secret can be read and watched, and whether
// the gateway's pods can be asked by themselves. It changes nothing, and looks at nothing when no rotation is configured.
func CheckRotation(ctx context.Context, r config.Resolved) (all []RotationCheck, err error) {
	if !r.Rotation.Wanted() {
		return nil, nil
	}
	onCluster, err := openRotation(r, io.Discard)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, rotationCheckTime)
	defer cancel()
	for _, secret := range onCluster.secrets {
		check := RotationCheck{What: secret.Name(), Found: "can be read and watched"}
		value, err := secret.Check(ctx)
		check.Problem = err
		if err == nil {
			r.Options.Keys.Hide(value)
			if doubt := load.Doubt(value); doubt != "" {
				check.Problem = fmt.Errorf("its value %s: it would not be used", doubt)
			}
			if inUse(r, secret.Channel, value) {
				check.Found += "; it is the secret in use, so nothing is rotated yet"
			}
		}
		all = append(all, check)
	}
	if onCluster.pods != nil {
		n, err := onCluster.pods.Check(ctx)
		all = append(all, RotationCheck{
			What: "replicas", Problem: err, Needless: true,
			Found: units.Counted(uint64(n), "pod of the gateway, which can be asked by itself", "pods of the gateway, each of which can be asked by itself"),
		})
	}
	return all, nil
}

// inUse reports whether messages of a channel, or of any, are signed with a secret now.
func inUse(r config.Resolved, channel, value string) bool {
	for ch := range load.Channel(load.NumChannels) {
		if (channel == "" || channel == ch.String()) && r.Options.Keys.Key(ch).Current == value {
			return true
		}
	}
	return false
}
