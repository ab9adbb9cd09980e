package kube

import (
	"context"
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
)

// autoscaler is a HorizontalPodAutoscaler that sets the workload's replicas.
type autoscaler struct {
	name     string
	min, max int32
	keda     string // the ScaledObject that made it, "" if KEDA did not
}

// kedaLabel stands on autoscalers that KEDA makes.
const kedaLabel = "scaledobject.keda.sh/name"

// findAutoscalers reads the autoscalers of the workload.
func (p *preflight) findAutoscalers(ctx context.Context) error {
	list, err := p.cluster.Client.HorizontalPodAutoscalers(p.target.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return p.cluster.Explain("list autoscalers in "+p.target.namespace, err)
	}
	for i := range list.Items {
		h := &list.Items[i]
		if h.Spec.ScaleTargetRef.Kind != p.target.kind.object || h.Spec.ScaleTargetRef.Name != p.target.name {
			continue
		}
		a := autoscaler{name: h.Name, min: minReplicas(h), max: h.Spec.MaxReplicas, keda: h.Labels[kedaLabel]}
		p.autoscalers = append(p.autoscalers, a)
		text := fmt.Sprintf("%s keeps %d to %d replicas, %d now", a.name, a.min, a.max, h.Status.CurrentReplicas)
		if a.keda != "" {
			text += ", made by KEDA's ScaledObject " + a.keda
		}
		p.fact("Autoscaler", text)
	}
	if len(p.autoscalers) == 0 {
		p.fact("Autoscaler", "none")
	}
	return nil
}

// minReplicas is an autoscaler's minimum; the API's default is 1.
func minReplicas(h *autoscalingv2.HorizontalPodAutoscaler) int32 {
	if h.Spec.MinReplicas == nil {
		return 1
	}
	return *h.Spec.MinReplicas
}

// checkAutoscalers warns of autoscalers when the replicas are to be set.
func (p *preflight) checkAutoscalers(replicas int32) {
	for _, a := range p.autoscalers {
		check := chaos.Check{Text: "no autoscaler sets the replicas of " + p.target.name, Answer: chaos.Warns}
		switch {
		case replicas == 0 && a.keda != "":
			check.Reason = fmt.Sprintf("autoscaler %s stands still at 0 replicas, but KEDA may scale up from 0: pause ScaledObject %s first", a.name, a.keda)
		case replicas == 0:
			check.Reason = fmt.Sprintf("autoscaler %s stands still while there are 0 replicas, and goes on once they are back", a.name)
		default:
			check.Reason = fmt.Sprintf("autoscaler %s (%d to %d replicas) will overwrite %d; reverting it then asks first", a.name, a.min, a.max, replicas)
		}
		p.check(check)
	}
}
