package kubernetes

import (
	"fmt"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func autoscalerOf(name, kind, target string, current, desired int32) autoscalingv2.HorizontalPodAutoscaler {
	return autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       autoscalingv2.HorizontalPodAutoscalerSpec{ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: kind, Name: target}, MaxReplicas: 8},
		Status:     autoscalingv2.HorizontalPodAutoscalerStatus{CurrentReplicas: current, DesiredReplicas: desired},
	}
}

// A workload says how many of its pods are ready; of another kind of object the autoscaler itself has to.
func TestScales(t *testing.T) {
	h := newHistory("staging")
	s := newScales("staging", h)
	s.set([]autoscalingv2.HorizontalPodAutoscaler{
		autoscalerOf("gateway", "Deployment", "gateway", 5, 6), autoscalerOf("rollout", "Rollout", "canary", 3, 4), autoscalerOf("missing", "StatefulSet", "nowhere", 1, 1),
	})
	<-s.changed
	h.set(deployment, "gateway", replicas{4, 3, 2}, second(1))
	<-s.changed
	if got := fmt.Sprint(s.now()); got != "map[gateway:{deployment staging/gateway gateway 2 4 1 8} rollout:{Rollout staging/canary rollout 3 4 1 8}]" {
		t.Error(got)
	}
	h.remove(deployment, "gateway", second(2))
	if got := fmt.Sprint(s.now()); got != "map[rollout:{Rollout staging/canary rollout 3 4 1 8}]" {
		t.Errorf("of a deployment that is gone: %s", got)
	}
	h.set(deployment, "gateway", replicas{4, 4, 4}, second(3))
	if got := s.now()["gateway"].Ready; got != 4 {
		t.Errorf("of one that came back: %d ready", got)
	}
}
