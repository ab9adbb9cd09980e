package cli

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/session"
)

// offeredBy is what a platform offers, with the rotation that a flag asks for.
func offeredBy(p *demo.Platform, staged []session.StagedRotation) session.Rotation {
	offer := session.Rotation{
		Sources: []rotation.Source{demoSecrets{p}}, Replicas: demoReplicas{p}, Stage: p.Rotate, Staged: staged,
	}
	for _, kind := range demo.RotationKinds() {
		offer.Kinds = append(offer.Kinds, session.RotationKind(kind))
	}
	return offer
}

// demoSecrets are the secrets to which the next rotation of the platform goes, as it would be known from a secret store.
type demoSecrets struct{ platform *demo.Platform }

// Name implements rotation.Source.
func (demoSecrets) Name() string { return "the demo" }

// Watch implements rotation.Source.
func (d demoSecrets) Watch(_ context.Context, give func(rotation.Secret), _ func(error)) {
	for channel, secret := range d.platform.NextSecrets() {
		give(rotation.Secret{Channel: channel, Value: secret})
	}
}

// demoReplicas are the replicas of the platform's gateway.
type demoReplicas struct{ platform *demo.Platform }

// List implements rotation.Replicas.
func (d demoReplicas) List(context.Context) (all []rotation.Replica, _ error) {
	for _, r := range d.platform.Replicas() {
		all = append(all, rotation.Replica{Name: r.Name, Started: r.Started.UTC().Format(time.RFC3339)})
	}
	return all, nil
}

// Dial implements rotation.Replicas.
func (d demoReplicas) Dial(ctx context.Context, name string) (net.Conn, error) {
	all := d.platform.Replicas()
	n := slices.IndexFunc(all, func(r demo.Replica) bool { return r.Name == name })
	if n < 0 {
		return nil, fmt.Errorf("there is no replica %s", name)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", all[n].Address)
}

// parseStaged reads KIND[@TIME]: rolling@20s.
func parseStaged(text string) (s session.StagedRotation, err error) {
	kind, at, timed := strings.Cut(text, "@")
	s.Kind = kind
	if timed {
		if s.At, err = time.ParseDuration(at); err != nil || s.At < 0 {
			return s, fmt.Errorf("--rotate: %q: must be KIND[@TIME] such as rolling@20s", text)
		}
	}
	if !slices.ContainsFunc(demo.RotationKinds(), func(k demo.RotationKind) bool { return k.Name == kind }) {
		return s, fmt.Errorf("--rotate: there is no kind %q: kinds are %s", kind, rotationKinds())
	}
	return s, nil
}

// rotationKinds names the kinds that the demo knows.
func rotationKinds() string {
	var names []string
	for _, k := range demo.RotationKinds() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}
