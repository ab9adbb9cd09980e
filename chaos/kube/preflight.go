package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"

	"xinbot.ir/squall/chaos"
)

// target is the workload that a fault acts on.
type target struct {
	kind      kind
	namespace string
	name      string
	selector  string // "" for the workload's own
	pods      int    // at most so many, in the order of their names; 0 for all
}

func (t target) String() string { return t.kind.name + " " + t.namespace + "/" + t.name }

// parse reads the selector; the check refuses one that is wrong.
func (t target) parse() (labels.Selector, chaos.Check) {
	check := chaos.Check{Text: "the selector can be read"}
	selector, err := labels.Parse(t.selector)
	if err != nil {
		check.Answer, check.Reason = chaos.Refuses, err.Error()
	}
	return selector, check
}

// preflight collects what a preflight reads, and the plan so far.
type preflight struct {
	cluster     *cluster
	target      target
	workload    workload
	all         []corev1.Pod // that match and are owned
	budgets     []budget
	autoscalers []autoscaler
	plan        chaos.Plan
}

// startPreflight reads everything that a fault with this target needs. It reads nothing outside the allowed
// namespaces, and nothing at all without the rights for the whole of it; done is false when the plan
// is refused already and the rest could not be looked at.
func (d *Driver) startPreflight(ctx context.Context, t target, rights []right) (p *preflight, done bool, err error) {
	cl, err := connect(d.config)
	if err != nil {
		return nil, false, err
	}
	p = &preflight{cluster: cl, target: t}
	p.fact("Context", cl.Ref.ContextName())
	p.fact("API server", cl.Ref.Server)
	p.plan.Cluster = cl.Ref.ContextName() + " (" + cl.Ref.Server + ")"
	p.fact("Namespace", t.namespace)
	p.fact("Workload", t.kind.name+" "+t.name)
	p.plan.Scope = t.kind.name + " " + t.name
	p.plan.Objects = []string{fmt.Sprintf("kubernetes %s/%s/%s/%s", cl.Ref.Server, t.namespace, t.kind.name, t.name)}
	if !p.check(d.allows(t.namespace)) {
		return p, false, nil
	}
	selector, readable := t.parse()
	if !p.check(readable) {
		return p, false, nil
	}
	if err := cl.Identify(ctx); err != nil {
		return nil, false, err
	}
	if may, err := p.checkRights(ctx, append(preflightRights(t.kind), rights...)); err != nil || !may {
		return p, false, err
	}
	if found, err := p.findPods(ctx, selector); err != nil || !found {
		return p, false, err
	}
	if err := p.findBudgets(ctx); err != nil {
		return nil, false, err
	}
	return p, true, p.findAutoscalers(ctx)
}

// checkRights adds a check for every right and reports whether there are all.
func (p *preflight) checkRights(ctx context.Context, rights []right) (bool, error) {
	checks, err := p.cluster.allowed(ctx, p.target.namespace, rights)
	all := true
	for _, c := range checks {
		all = p.check(c) && all
	}
	return all, err
}

// findPods reads the workload and its pods.
func (p *preflight) findPods(ctx context.Context, selector labels.Selector) (found bool, err error) {
	w, err := p.cluster.workload(ctx, p.target.kind, p.target.namespace, p.target.name)
	if apierrors.IsNotFound(err) {
		p.check(chaos.Check{Text: p.target.String() + " exists", Answer: chaos.Refuses, Reason: fmt.Sprintf("there is no %s", p.target)})
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if p.target.selector == "" {
		selector = w.selector
	}
	own, others, err := p.cluster.pods(ctx, w, selector)
	if err != nil {
		return false, err
	}
	p.workload, p.all = w, own
	p.setFact("Workload", fmt.Sprintf("%s %s, %d of %d pods ready", p.target.kind.name, p.target.name, w.ready, w.replicas))
	p.fact("Selector", selector.String())
	for i := range others {
		p.fact("Left alone", others[i].Name+": it matches the selector and does not belong to "+p.target.kind.name+" "+p.target.name)
	}
	return true, nil
}

// requirePods refuses a fault that would hit nothing.
func (p *preflight) requirePods(pods []corev1.Pod, what string) bool {
	check := chaos.Check{Text: p.target.String() + " has pods " + what}
	if len(pods) == 0 {
		check.Answer = chaos.Refuses
		check.Reason = fmt.Sprintf("no pod %s matches %s and belongs to %s, whose own selector is %s",
			what, p.selector(), p.target, p.workload.selector)
	}
	return p.check(check)
}

func (p *preflight) selector() string {
	if p.target.selector == "" {
		return p.workload.selector.String()
	}
	return p.target.selector
}

// targetPods are the pods that a fault would take, as facts: those that are not being deleted, up to the
// limit.
func (p *preflight) targetPods() (pods []corev1.Pod) {
	for i := range p.all {
		if p.all[i].DeletionTimestamp == nil && (p.target.pods == 0 || len(pods) < p.target.pods) {
			pods = append(pods, p.all[i])
		}
	}
	return pods
}

func (p *preflight) podFacts(pods []corev1.Pod) {
	for i := range pods {
		p.fact("Pod", describe(&pods[i]))
	}
}

func (p *preflight) fact(name, text string) {
	p.plan.Facts = append(p.plan.Facts, chaos.Fact{Name: name, Text: text})
}

// setFact replaces a fact.
func (p *preflight) setFact(name, text string) {
	for i := range p.plan.Facts {
		if p.plan.Facts[i].Name == name {
			p.plan.Facts[i].Text = text
		}
	}
}

// check adds a check and reports whether the fault may go on.
func (p *preflight) check(c chaos.Check) bool {
	p.plan.Checks = append(p.plan.Checks, c)
	return c.Answer != chaos.Refuses
}
