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
func (d *Driver) planScale(ctx context.Context, a aim, to int32) (chaos.Plan, error) {
	s, done, err := d.survey(ctx, a, scaleRights(a.kind))
	if err != nil || !done {
		return planOf(s), err
	}
	w := s.workload
	s.podFacts(s.all)
	s.plan.Scope = a.kind.name + " " + a.name
	s.plan.Params = replicas(to)
	check := chaos.Check{Text: fmt.Sprintf("%s has other than %s", a, replicas(to))}
	if w.replicas == to { // also while the fault is on, so it cannot refuse
		check.Answer = chaos.Warns
		check.Reason = fmt.Sprintf("%s has %s already: nothing would change", a, replicas(to))
	}
	s.check(check)
	if s.aim.selector != "" && w.replicas > 0 && w.replicas != to && !s.needPods(s.all, "to scale") {
		return s.plan, nil
	}
	s.scalable(to)
	change := scaling{id: w.id, before: w.replicas, after: to}
	s.plan.Steps = []chaos.Step{{
		Kind: scaleKind, Object: w.String(),
		Undo:    scaleRecord{Where: s.link.where, Workload: w.id, Before: w.replicas, After: to, Ready: countReady(s.all)},
		Apply:   func(ctx context.Context) error { return s.link.scale(ctx, change, nil) },
		InPlace: func(ctx context.Context) (bool, error) { return s.link.scaled(ctx, change) },
		DryRun:  func(ctx context.Context) error { return s.link.scale(ctx, change, []string{metav1.DryRunAll}) },
		Command: scaleCommand(s.link.where, w.id, to),
	}}
	return s.plan, nil
}

// scaling is a change of a workload's replicas.
type scaling struct {
	id
	before, after int32
}

// scaled tells whether that very workload still has the replicas that were set.
func (l *link) scaled(ctx context.Context, c scaling) (bool, error) {
	k, err := kindOf(c.Kind)
	if err != nil {
		return false, fmt.Errorf("read scale of %s: %w", c.id, err)
	}
	now, err := k.scales(l.client, c.Namespace).GetScale(ctx, c.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, l.explain("read scale of "+c.String(), err)
	}
	return now.UID == c.UID && now.Spec.Replicas == c.after, nil
}

// scaleTries bounds how often a write that met another's is made again on what was read anew.
const scaleTries = 5

// scale sets the replicas of that very workload, from before to after, and reads them back. Replicas
// that are neither are somebody else's doing and an error.
func (l *link) scale(ctx context.Context, c scaling, dry []string) error {
	k, err := kindOf(c.Kind)
	if err != nil {
		return fmt.Errorf("scale %s: %w", c.id, err)
	}
	return l.scaleBy(ctx, k.scales(l.client, c.Namespace), c, dry)
}

func (l *link) scaleBy(ctx context.Context, api scales, c scaling, dry []string) error {
	what := fmt.Sprintf("scale %s to %d", c.id, c.after)
	for try := 1; ; try++ {
		now, err := api.GetScale(ctx, c.Name, metav1.GetOptions{})
		switch {
		case err != nil:
			return l.explain(what, err)
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
			return l.explain(what, err)
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
