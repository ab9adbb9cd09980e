package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"xinbot.ir/squall/chaos"
)

// budget is a disruption budget that guards some of the pods.
type budget struct {
	name     string
	allowed  int // disruptions now
	selector labels.Selector
}

func (b budget) guards(pod *corev1.Pod) bool { return b.selector.Matches(labels.Set(pod.Labels)) }

// findBudgets reads the budgets that guard any of the workload's pods.
func (p *preflight) findBudgets(ctx context.Context) error {
	list, err := p.cluster.Client.PodDisruptionBudgets(p.target.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return p.cluster.Explain("list disruption budgets in "+p.target.namespace, err)
	}
	for i := range list.Items {
		item := &list.Items[i]
		selector, err := metav1.LabelSelectorAsSelector(item.Spec.Selector)
		if err != nil {
			return fmt.Errorf("read disruption budget %s: %w", item.Name, err)
		}
		b := budget{name: item.Name, allowed: int(item.Status.DisruptionsAllowed), selector: selector}
		for j := range p.all {
			if b.guards(&p.all[j]) {
				p.budgets = append(p.budgets, b)
				p.fact("Disruption budget", fmt.Sprintf("%s allows %d now", b.name, b.allowed))
				break
			}
		}
	}
	if len(p.budgets) == 0 {
		p.fact("Disruption budget", "none")
	}
	return nil
}

// checkBudgets checks what the budgets would say to an eviction of these pods, one after the other.
func (p *preflight) checkBudgets(pods []corev1.Pod) {
	for i := range pods {
		var names []string
		for _, b := range p.budgets {
			if b.guards(&pods[i]) {
				names = append(names, b.name)
			}
		}
		if len(names) > 1 {
			p.check(chaos.Check{
				Text: "one disruption budget for pod " + pods[i].Name, Answer: chaos.Refuses,
				Reason: fmt.Sprintf("disruption budgets %s overlap on pod %s, and the API evicts no such pod", strings.Join(names, " and "), pods[i].Name),
			})
		}
	}
	for _, b := range p.budgets {
		guarded := b.among(pods)
		check := chaos.Check{Text: fmt.Sprintf("disruption budget %s allows %s to be evicted", b.name, podCount(guarded))}
		switch {
		case b.allowed == 0 && guarded > 0:
			check.Answer = chaos.Refuses
			check.Reason = fmt.Sprintf("disruption budget %s allows no disruption now; way=delete takes pods away regardless", b.name)
		case b.allowed < guarded:
			check.Answer = chaos.Warns
			check.Reason = fmt.Sprintf("disruption budget %s allows %d now: the API refuses the rest; pods=%d stays within it", b.name, b.allowed, b.allowed)
		}
		p.check(check)
	}
}

// warnOfBudgets warns of budgets that a plain delete passes over.
func (p *preflight) warnOfBudgets(pods []corev1.Pod) {
	for _, b := range p.budgets {
		if guarded := b.among(pods); b.allowed < guarded {
			p.check(chaos.Check{
				Text: fmt.Sprintf("disruption budget %s allows %s to go", b.name, podCount(guarded)), Answer: chaos.Warns,
				Reason: fmt.Sprintf("disruption budget %s allows %d now, and a plain delete does not ask it", b.name, b.allowed),
			})
		}
	}
}

func (b budget) among(pods []corev1.Pod) (n int) {
	for i := range pods {
		if b.guards(&pods[i]) {
			n++
		}
	}
	return n
}
