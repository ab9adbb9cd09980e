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
func (s *survey) findAutoscalers(ctx context.Context) error {
	list, err := s.link.client.AutoscalingV2().HorizontalPodAutoscalers(s.aim.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return s.link.explain("list autoscalers in "+s.aim.namespace, err)
	}
	for i := range list.Items {
		h := &list.Items[i]
		if h.Spec.ScaleTargetRef.Kind != s.aim.kind.object || h.Spec.ScaleTargetRef.Name != s.aim.name {
			continue
		}
		a := autoscaler{name: h.Name, min: least(h), max: h.Spec.MaxReplicas, keda: h.Labels[kedaLabel]}
		s.autoscalers = append(s.autoscalers, a)
		text := fmt.Sprintf("%s keeps %d to %d replicas, %d now", a.name, a.min, a.max, h.Status.CurrentReplicas)
		if a.keda != "" {
			text += ", made by KEDA's ScaledObject " + a.keda
		}
		s.fact("Autoscaler", text)
	}
	if len(s.autoscalers) == 0 {
		s.fact("Autoscaler", "none")
	}
	return nil
}

// least is an autoscaler's minimum; the API's default is 1.
func least(h *autoscalingv2.HorizontalPodAutoscaler) int32 {
	if h.Spec.MinReplicas == nil {
		return 1
	}
	return *h.Spec.MinReplicas
}

// scalable warns of autoscalers when the replicas are to be set.
func (s *survey) scalable(replicas int32) {
	for _, a := range s.autoscalers {
		check := chaos.Check{Text: "no autoscaler sets the replicas of " + s.aim.name, Answer: chaos.Warns}
		switch {
		case replicas == 0 && a.keda != "":
			check.Reason = fmt.Sprintf("autoscaler %s stands still at 0 replicas, but KEDA may scale up from 0: pause ScaledObject %s first", a.name, a.keda)
		case replicas == 0:
			check.Reason = fmt.Sprintf("autoscaler %s stands still while there are 0 replicas, and goes on once they are back", a.name)
		default:
			check.Reason = fmt.Sprintf("autoscaler %s (%d to %d replicas) will overwrite %d; reverting it then asks first", a.name, a.min, a.max, replicas)
		}
		s.check(check)
	}
}
