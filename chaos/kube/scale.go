package kube

import (
	"context"
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
)

// planScale sets the replicas of a workload and holds them.
func (d *Driver) planScale(ctx context.Context, t target, to int32) (chaos.Plan, error) {
	p, done, err := d.startPreflight(ctx, t, scaleRights(t.kind))
	if err != nil || !done {
		return planOf(p), err
	}
	w := p.workload
	p.podFacts(p.all)
	p.plan.Scope = t.kind.name + " " + t.name
	p.plan.Params = replicas(to)
	check := chaos.Check{Text: fmt.Sprintf("%s has other than %s", t, replicas(to))}
	if w.replicas == to { // also while the fault is on, so it cannot refuse
		check.Answer = chaos.Warns
		check.Reason = fmt.Sprintf("%s has %s already: nothing would change", t, replicas(to))
	}
	p.check(check)
	if p.target.selector != "" && w.replicas > 0 && w.replicas != to && !p.requirePods(p.all, "to scale") {
		return p.plan, nil
	}
	p.checkAutoscalers(to)
	change := scaleChange{workloadRef: w.workloadRef, before: w.replicas, after: to}
	p.plan.Steps = []chaos.Step{{
		Kind: scaleKind, Object: w.String(),
		Undo:    scaleRecord{Where: p.cluster.ref, Workload: w.workloadRef, Before: w.replicas, After: to, Ready: countReady(p.all)},
		Apply:   func(ctx context.Context) error { return p.cluster.scale(ctx, change, nil) },
		InPlace: func(ctx context.Context) (bool, error) { return p.cluster.scaleInPlace(ctx, change) },
		DryRun:  func(ctx context.Context) error { return p.cluster.scale(ctx, change, []string{metav1.DryRunAll}) },
		Command: scaleCommand(p.cluster.ref, w.workloadRef, to),
	}}
	return p.plan, nil
}

// scaleChange is a change of a workload's replicas.
type scaleChange struct {
	workloadRef
	before, after int32
}

// scaleInPlace reports whether that very workload still has the replicas that were set.
func (cl *cluster) scaleInPlace(ctx context.Context, c scaleChange) (bool, error) {
	k, err := kindOf(c.Kind)
	if err != nil {
		return false, fmt.Errorf("read scale of %s: %w", c.workloadRef, err)
	}
	now, err := k.scales(cl.client, c.Namespace).GetScale(ctx, c.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, cl.explain("read scale of "+c.String(), err)
	}
	return now.UID == c.UID && now.Spec.Replicas == c.after, nil
}

// scaleTries bounds how often a write that met another's is made again on what was read anew.
const scaleTries = 5

// scale sets the replicas of that very workload, from before to after, and reads them back. Replicas
// that are neither were set by somebody else, which is an error.
func (cl *cluster) scale(ctx context.Context, c scaleChange, dry []string) error {
	k, err := kindOf(c.Kind)
	if err != nil {
		return fmt.Errorf("scale %s: %w", c.workloadRef, err)
	}
	return cl.scaleBy(ctx, k.scales(cl.client, c.Namespace), c, dry)
}

func (cl *cluster) scaleBy(ctx context.Context, api scales, c scaleChange, dry []string) error {
	what := fmt.Sprintf("scale %s to %d", c.workloadRef, c.after)
	for try := 1; ; try++ {
		now, err := api.GetScale(ctx, c.Name, metav1.GetOptions{})
		switch {
		case err != nil:
			return cl.explain(what, err)
		case now.UID != c.UID:
			return fmt.Errorf("%s: another %s of this name has taken its place", what, c.Kind)
		case now.Spec.Replicas == c.after:
			return nil
		case now.Spec.Replicas != c.before:
			return fmt.Errorf("%s: somebody has changed it since: found %s, expected %d", what, replicas(now.Spec.Replicas), c.before)
		}
		written, err := write(ctx, api, now, c.after, dry)
		switch {
		case apierrors.IsConflict(err) && try < scaleTries:
			continue
		case err != nil:
			return cl.explain(what, err)
		case dry != nil:
			return nil
		case written.Spec.Replicas != c.after:
			return fmt.Errorf("%s: the API server wrote %s", what, replicas(written.Spec.Replicas))
		} // the next round reads it back
		if try > scaleTries {
			return fmt.Errorf("%s: somebody sets it to %d each time", what, c.before)
		}
	}
}

// write sends the scale as it was read with other replicas; its resource version makes the server
// refuse if somebody else has written since.
func write(ctx context.Context, api scales, read *autoscalingv1.Scale, to int32, dry []string) (*autoscalingv1.Scale, error) {
	next := read.DeepCopy()
	next.Spec.Replicas = to
	return api.UpdateScale(ctx, next.Name, next, metav1.UpdateOptions{DryRun: dry})
}
