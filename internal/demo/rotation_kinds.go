package demo

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// RotationKind is a way in which the gateway can go over to the next secrets.
type RotationKind struct {
	Name string `json:"name"`
	Text string `json:"text"` // what happens, in one line
}

// RotationKinds lists the kinds that Platform.Rotate knows.
func RotationKinds() []RotationKind {
	var all []RotationKind
	for _, p := range rotationPlans() {
		all = append(all, p.RotationKind)
	}
	return all
}

// rotationPlan is a kind with how it is carried out. Its error is the context's: the platform ends.
type rotationPlan struct {
	RotationKind
	run func(context.Context, *rotator) error
}

func rotationPlans() []rotationPlan {
	return []rotationPlan{
		{RotationKind{"hard", "the secret changes and all replicas restart at once: for a moment nobody answers"}, hardCut},
		{RotationKind{"overlap", "all replicas accept the old and the next secret for a while, then the next alone; none restarts"}, overlapping},
		{RotationKind{"rolling", "the secret changes and the replicas restart one after another: meanwhile they disagree"}, rolling},
		{RotationKind{"lagging", "as rolling, but the last replica keeps the old secret for long before it restarts"}, lagging},
		{RotationKind{"open", "signatures are not checked any more: everything is accepted until the next rotation"}, opening},
	}
}

func rotationPlanOf(kind string) (rotationPlan, error) {
	var names []string
	for _, p := range rotationPlans() {
		if p.Name == kind {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return rotationPlan{}, fmt.Errorf("%w %q: the kinds are %s", errUnknownKind, kind, strings.Join(names, ", "))
}

func hardCut(ctx context.Context, r *rotator) error {
	var wg sync.WaitGroup
	for _, each := range r.replicas {
		wg.Go(func() { _ = r.restart(ctx, each) }) // can only fail when ctx ends
	}
	wg.Wait()
	return ctx.Err()
}

func overlapping(ctx context.Context, r *rotator) error {
	r.trustAll(trustIn(r.old, r.next))
	if err := r.pause(ctx, r.times.overlap); err != nil {
		return err
	}
	r.trustAll(trustIn(r.next))
	return nil
}

func rolling(ctx context.Context, r *rotator) error { return r.restartInTurn(ctx, r.replicas) }

func lagging(ctx context.Context, r *rotator) error {
	last := len(r.replicas) - 1
	if err := r.restartInTurn(ctx, r.replicas[:last]); err != nil {
		return err
	}
	if err := r.pause(ctx, r.times.lag); err != nil {
		return err
	}
	return r.restart(ctx, r.replicas[last])
}

func opening(_ context.Context, r *rotator) error {
	r.trustAll(&trust{open: true})
	return nil
}
