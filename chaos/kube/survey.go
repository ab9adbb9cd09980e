package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"

	"xinbot.ir/squall/chaos"
)

// aim is what a fault is meant to hit.
type aim struct {
	kind      kind
	namespace string
	name      string
	selector  string // "" for the workload's own
	pods      int    // at most so many, in the order of their names; 0 for all
}

func (a aim) String() string { return a.kind.name + " " + a.namespace + "/" + a.name }

// parse reads the selector, or is a check that refuses.
func (a aim) parse() (labels.Selector, chaos.Check) {
	check := chaos.Check{Text: "the selector can be read"}
	selector, err := labels.Parse(a.selector)
	if err != nil {
		check.Answer, check.Reason = chaos.Refuses, err.Error()
	}
	return selector, check
}

// survey is a preflight: what was found out, and the plan so far.
type survey struct {
	link        *link
	aim         aim
	workload    workload
	all         []corev1.Pod // that match and are owned
	budgets     []budget
	autoscalers []autoscaler
	plan        chaos.Plan
}

// survey looks at everything that a fault with this aim needs. It reads nothing outside the allowed
// namespaces, and nothing at all without the rights for the whole of it; done is false when the plan
// is refused already and the rest could not be looked at.
func (d *Driver) survey(ctx context.Context, a aim, rights []right) (s *survey, done bool, err error) {
	l, err := connect(d.config)
	if err != nil {
		return nil, false, err
	}
	s = &survey{link: l, aim: a}
	s.fact("Context", l.where.contextName())
	s.fact("API server", l.where.Server)
	s.fact("Namespace", a.namespace)
	s.fact("Workload", a.kind.name+" "+a.name)
	s.plan.Scope = a.kind.name + " " + a.name
	s.plan.Objects = []string{fmt.Sprintf("kubernetes %s/%s/%s/%s", l.where.Server, a.namespace, a.kind.name, a.name)}
	if !s.check(d.allows(a.namespace)) {
		return s, false, nil
	}
	selector, readable := a.parse()
	if !s.check(readable) {
		return s, false, nil
	}
	if err := l.identify(ctx); err != nil {
		return nil, false, err
	}
	if may, err := s.may(ctx, append(surveyRights(a.kind), rights...)); err != nil || !may {
		return s, false, err
	}
	if found, err := s.findPods(ctx, selector); err != nil || !found {
		return s, false, err
	}
	if err := s.findBudgets(ctx); err != nil {
		return nil, false, err
	}
	return s, true, s.findAutoscalers(ctx)
}

// may adds a check for every right and tells whether there are all.
func (s *survey) may(ctx context.Context, rights []right) (bool, error) {
	checks, err := s.link.allowed(ctx, s.aim.namespace, rights)
	all := true
	for _, c := range checks {
		all = s.check(c) && all
	}
	return all, err
}

// findPods reads the workload and its pods.
func (s *survey) findPods(ctx context.Context, selector labels.Selector) (found bool, err error) {
	w, err := s.link.workload(ctx, s.aim.kind, s.aim.namespace, s.aim.name)
	if apierrors.IsNotFound(err) {
		s.check(chaos.Check{Text: s.aim.String() + " exists", Answer: chaos.Refuses, Reason: fmt.Sprintf("there is no %s", s.aim)})
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if s.aim.selector == "" {
		selector = w.selector
	}
	own, others, err := s.link.pods(ctx, w, selector)
	if err != nil {
		return false, err
	}
	s.workload, s.all = w, own
	s.setFact("Workload", fmt.Sprintf("%s %s, %d of %d pods ready", s.aim.kind.name, s.aim.name, w.ready, w.replicas))
	s.fact("Selector", selector.String())
	for i := range others {
		s.fact("Left alone", others[i].Name+": it matches the selector and does not belong to "+s.aim.kind.name+" "+s.aim.name)
	}
	return true, nil
}

// needPods refuses a fault that would hit nothing.
func (s *survey) needPods(pods []corev1.Pod, what string) bool {
	check := chaos.Check{Text: s.aim.String() + " has pods " + what}
	if len(pods) == 0 {
		check.Answer = chaos.Refuses
		check.Reason = fmt.Sprintf("no pod %s matches %s and belongs to %s, whose own selector is %s",
			what, s.selector(), s.aim, s.workload.selector)
	}
	return s.check(check)
}

func (s *survey) selector() string {
	if s.aim.selector == "" {
		return s.workload.selector.String()
	}
	return s.aim.selector
}

// hit are the pods that a fault would take, as facts: those that are not being deleted, up to the
// limit.
func (s *survey) hit() (pods []corev1.Pod) {
	for i := range s.all {
		if s.all[i].DeletionTimestamp == nil && (s.aim.pods == 0 || len(pods) < s.aim.pods) {
			pods = append(pods, s.all[i])
		}
	}
	return pods
}

func (s *survey) podFacts(pods []corev1.Pod) {
	for i := range pods {
		s.fact("Pod", describe(&pods[i]))
	}
}

func (s *survey) fact(name, text string) {
	s.plan.Facts = append(s.plan.Facts, chaos.Fact{Name: name, Text: text})
}

// setFact replaces a fact.
func (s *survey) setFact(name, text string) {
	for i := range s.plan.Facts {
		if s.plan.Facts[i].Name == name {
			s.plan.Facts[i].Text = text
		}
	}
}

// check adds a check and tells whether the fault may go on.
func (s *survey) check(c chaos.Check) bool {
	s.plan.Checks = append(s.plan.Checks, c)
	return c.Answer != chaos.Refuses
}
