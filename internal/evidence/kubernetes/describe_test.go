package kubernetes

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// The texts were written by kubectl's own describer, k8s.io/kubectl v0.37.2, from the same objects at this time.
func TestDescribesAsKubectl(t *testing.T) {
	now := time.Date(2026, time.November, 28, 5, 11, 0, 0, time.UTC)
	for _, name := range []string{"every-metric", "bare"} {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var in struct {
			Autoscaler autoscalingv2.HorizontalPodAutoscaler
			Events     []corev1.Event
		}
		if err := json.Unmarshal(data, &in); err != nil {
			t.Fatal(err)
		}
		in.Autoscaler.CreationTimestamp.Time = in.Autoscaler.CreationTimestamp.UTC()
		want, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := describe(&got, &in.Autoscaler, in.Events, now); err != nil || got.String() != string(want) {
			t.Errorf("%s: %v, got\n%s\nwant\n%s", name, err, got.String(), want)
		}
	}
}
