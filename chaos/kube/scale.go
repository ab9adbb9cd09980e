package kube

import (
	"context"
	"encoding/json"
	"fmt"

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
	if !p.check(p.cluster.markCheck(w, d.config.Session)) {
		return p.plan, nil
	}
	if p.target.selector != "" && w.replicas > 0 && w.replicas != to && !p.requirePods(p.all, "to scale") {
		return p.plan, nil
	}
	p.checkAutoscalers(to)
	ready := countReady(p.all)
	change := scaleChange{
		workloadRef: w.workloadRef, before: w.replicas, after: to,
		session: d.config.Session, mark: mark{Session: d.config.Session, Before: w.replicas, After: to, Ready: ready}.String(),
	}
	p.plan.Steps = []chaos.Step{{
		Kind: scaleKind, Object: w.String(),
		Undo:    scaleRecord{Where: p.cluster.Ref, Workload: w.workloadRef, Before: w.replicas, After: to, Ready: ready, Session: d.config.Session},
		Apply:   func(ctx context.Context) error { return p.cluster.scale(ctx, change, nil) },
		InPlace: func(ctx context.Context) (bool, error) { return p.cluster.scaleInPlace(ctx, change) },
		DryRun:  func(ctx context.Context) error { return p.cluster.scale(ctx, change, []string{metav1.DryRunAll}) },
		Command: scaleCommand(p.cluster.Ref, w.workloadRef, to),
	}}
	return p.plan, nil
}

// scaleChange is a change of a workload's replicas, and of the mark that says who has set them.
type scaleChange struct {
	workloadRef
	before, after int32
	session       string // whose change it is
	mark          string // what the annotation is afterwards; "": it goes
}

// scaleInPlace reports whether that very workload still has the replicas that were set.
func (cl *cluster) scaleInPlace(ctx context.Context, c scaleChange) (bool, error) {
	k, err := kindOf(c.Kind)
	if err != nil {
		return false, fmt.Errorf("read scale of %s: %w", c.workloadRef, err)
	}
	now, err := k.open(cl.Client, c.Namespace).Get(ctx, c.Name)
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, cl.Explain("read scale of "+c.String(), err)
	}
	return now.UID == c.UID && now.replicas == c.after, nil
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
	return cl.scaleBy(ctx, k.open(cl.Client, c.Namespace), c, dry)
}

func (cl *cluster) scaleBy(ctx context.Context, api workloads, c scaleChange, dry []string) error {
	what := fmt.Sprintf("scale %s to %d", c.workloadRef, c.after)
	for try := 1; ; try++ {
		now, err := api.Get(ctx, c.Name)
		switch {
		case err != nil:
			return cl.Explain(what, err)
		case now.UID != c.UID:
			return fmt.Errorf("%s: another %s of this name has taken its place", what, c.Kind)
		case now.replicas == c.after && now.mark == c.mark:
			return nil
		case now.replicas != c.before && now.replicas != c.after:
			return fmt.Errorf("%s: somebody has changed it since: found %s, expected %d", what, replicas(now.replicas), c.before)
		}
		if m, held := now.heldBy(c.session); held && c.mark != "" {
			return fmt.Errorf("%s: session %s of squall has scaled it from %d to %d", what, m.Session, m.Before, m.After)
		}
		written, err := api.Patch(ctx, c.Name, c.patch(now), dry)
		switch {
		case apierrors.IsConflict(err) && try < scaleTries:
			continue
		case err != nil:
			return cl.Explain(what, err)
		case dry != nil:
			return nil
		case written.replicas != c.after:
			return fmt.Errorf("%s: the API server wrote %s", what, replicas(written.replicas))
		} // the next round reads it back
		if try > scaleTries {
			return fmt.Errorf("%s: somebody sets it to %d each time", what, c.before)
		}
	}
}

// patch is the write on a workload as it was read: its resource version makes the server refuse it if somebody else
// has written since.
func (c scaleChange) patch(read workload) []byte {
	var annotation any // null takes it away
	if c.mark != "" {
		annotation = c.mark
	}
	patch, _ := json.Marshal(map[string]any{ // texts and a number: never fails
		"metadata": map[string]any{"resourceVersion": read.version, "annotations": map[string]any{markAnnotation: annotation}},
		"spec":     map[string]any{"replicas": c.after},
	})
	return patch
}
