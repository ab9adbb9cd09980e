package kubernetes

import (
	"bytes"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
)

func eventOf(uid, kind, name, why, message string, at time.Time, count int32) *corev1.Event {
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid)}, Reason: why, Message: message, LastTimestamp: metav1.Time{Time: at}, Count: count,
		InvolvedObject: corev1.ObjectReference{Kind: kind, Name: name}, Source: corev1.EventSource{Component: "controller"},
	}
}

func TestScalings(t *testing.T) {
	s := newScalings("staging")
	s.begin(second(0.5))
	s.aims("gateway-hpa", reference{deployment, "gateway"})
	s.owns(podOf("gateway", "a", 0))
	s.event(eventOf("1", "Deployment", "gateway", "ScalingReplicaSet", "Scaled up replica set gateway-7d9 from 1 to 2", second(-60), 1), true) // before the run
	s.event(eventOf("2", "Deployment", "gateway", "ScalingReplicaSet", "Scaled up replica set gateway-7d9 from 2 to 4", second(2), 1), true)
	s.event(eventOf("2", "Deployment", "gateway", "ScalingReplicaSet", "Scaled up replica set gateway-7d9 from 2 to 4", second(2), 1), false) // again
	s.event(eventOf("2", "Deployment", "gateway", "ScalingReplicaSet", "Scaled up replica set gateway-7d9 from 2 to 4", second(8), 2), false)
	s.event(eventOf("3", "HorizontalPodAutoscaler", "gateway-hpa", "SuccessfulRescale", "New size: 4; reason: cpu resource utilization (percentage of request) above target", second(1), 1), false)
	s.event(eventOf("4", "ReplicaSet", "gateway-7d9", "SuccessfulCreate", "Created pod: gateway-7d9-x\x1b[2J", second(3), 1), false)
	s.event(eventOf("5", "ReplicaSet", "other-1", "FailedCreate", "exceeded quota", second(4), 1), false)
	s.event(eventOf("6", "Pod", "gateway-7d9-x", "Started", "Started container", second(4), 1), false) // no scaling
	s.add(scaling{at: second(5), of: reference{deployment, "gateway"}, from: new(4), to: new(0), seen: "spec", by: "kubectl"})
	s.lose(&evidence.Problem{Cause: evidence.Unreachable}, second(6))
	var out bytes.Buffer
	if err := writeScalings(&out, s.rows(func(text string) string { return text })); err != nil {
		t.Fatal(err)
	}
	const want = `time,namespace,workload,from_pods,to_pods,seen_in,reason,by,message,gap
2026-11-28T06:00:01.000Z,staging,deployment gateway,,4,event,SuccessfulRescale,controller,New size: 4; reason: cpu resource utilization (percentage of request) above target,
2026-11-28T06:00:02.000Z,staging,deployment gateway,2,4,event,ScalingReplicaSet,controller,Scaled up replica set gateway-7d9 from 2 to 4,
2026-11-28T06:00:03.000Z,staging,deployment gateway,,,event,SuccessfulCreate,controller,Created pod: gateway-7d9-x\x1b[2J,
2026-11-28T06:00:04.000Z,staging,replicaset other-1,,,event,FailedCreate,controller,exceeded quota,
2026-11-28T06:00:05.000Z,staging,deployment gateway,4,0,spec,,kubectl,,
2026-11-28T06:00:06.000Z,staging,,,,,,,,events: nothing answers
2026-11-28T06:00:08.000Z,staging,deployment gateway,2,4,event,ScalingReplicaSet,controller,Scaled up replica set gateway-7d9 from 2 to 4,
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestSetterOfReplicas(t *testing.T) {
	entry := func(manager, subresource, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	got := setterOf([]metav1.ManagedFieldsEntry{
		entry("kubectl", "", `{"f:spec":{"f:paused":{}}}`),
		entry("kube-controller-manager", "scale", `{"f:spec":{"f:replicas":{}}}`),
		entry("helm", "", `{"f:spec":{"f:template":{}}}`),
		entry("status-writer", "status", `{"f:status":{"f:replicas":{}}}`),
	})
	if got != "kube-controller-manager" {
		t.Errorf("got %q", got)
	}
	if got := setterOf(nil); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}
