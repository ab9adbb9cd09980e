package testcluster_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"

	"xinbot.ir/squall/internal/testcluster"
)

// eventually looks until it is so.
func eventually(t *testing.T, what string, so func(context.Context) (bool, error)) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, so)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// platform is a namespace with the fixtures.
func platform(t *testing.T) (*testcluster.Cluster, string) {
	t.Helper()
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	start := time.Now()
	if err := testcluster.Fixtures(t.Context(), c.Admin(), namespace); err != nil {
		t.Fatal(err)
	}
	t.Logf("fixtures were ready in %v", time.Since(start))
	return c, namespace
}

func TestEvictedPodComesBack(t *testing.T) {
	c, namespace := platform(t)
	pods := c.Client().CoreV1().Pods(namespace)
	before, err := pods.Get(t.Context(), "redis-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "redis-0", Namespace: namespace}}
	if err := c.Client().PolicyV1().Evictions(namespace).Evict(t.Context(), eviction); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new redis-0 that is ready", func(ctx context.Context) (bool, error) {
		pod, err := pods.Get(ctx, "redis-0", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil && pod.UID != before.UID && ready(pod), err
	})
}

func TestBudgetRefusesEviction(t *testing.T) {
	c, namespace := platform(t)
	budgets := c.Client().PolicyV1().PodDisruptionBudgets(namespace)
	two := intstr.FromInt32(2)
	_, err := budgets.Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "redis"},
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: &two,
			Selector:     &metav1.LabelSelector{MatchLabels: map[string]string{"app": "redis"}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a budget that counts", func(ctx context.Context) (bool, error) {
		budget, err := budgets.Get(ctx, "redis", metav1.GetOptions{})
		return err == nil && budget.Status.CurrentHealthy == 2, err
	})
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "redis-0", Namespace: namespace}}
	err = c.Client().PolicyV1().Evictions(namespace).Evict(t.Context(), eviction)
	if !apierrors.IsTooManyRequests(err) || !apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) {
		t.Errorf("eviction says %v, want 429 for the budget", err)
	}
}

func TestAutoscalerKeepsItsMinimum(t *testing.T) {
	c, namespace := platform(t)
	deployments := c.Client().AppsV1().Deployments(namespace)
	scale, err := deployments.GetScale(t.Context(), testcluster.Gateway, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	scale.Spec.Replicas = 1
	if _, err := deployments.UpdateScale(t.Context(), testcluster.Gateway, scale, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "2 replicas again", func(ctx context.Context) (bool, error) {
		scale, err := deployments.GetScale(ctx, testcluster.Gateway, metav1.GetOptions{})
		return err == nil && scale.Spec.Replicas == 2, err
	})
	autoscaler, err := c.Client().AutoscalingV2().HorizontalPodAutoscalers(namespace).
		Get(t.Context(), testcluster.Gateway, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("conditions: %+v", autoscaler.Status.Conditions)
}

func TestEphemeralContainerRuns(t *testing.T) {
	c, namespace := platform(t)
	pods := c.Client().CoreV1().Pods(namespace)
	started := map[string]metav1.Time{}
	for i := range 2 {
		name := fmt.Sprintf("debug-%d", i)
		patch := fmt.Sprintf(`{"spec":{"ephemeralContainers":[{"name":%q,"image":"debug:1","targetContainerName":"redis"}]}}`, name)
		_, err := pods.Patch(t.Context(), "redis-0", types.StrategicMergePatchType, []byte(patch),
			metav1.PatchOptions{}, "ephemeralcontainers")
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "a running "+name, func(ctx context.Context) (bool, error) {
			pod, err := pods.Get(ctx, "redis-0", metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			for _, status := range pod.Status.EphemeralContainerStatuses {
				if status.State.Running == nil {
					t.Errorf("%s is not running: %+v", status.Name, status.State)
					continue
				}
				if was, ok := started[status.Name]; ok && !was.Equal(&status.State.Running.StartedAt) {
					t.Errorf("%s started at %v, and before at %v", status.Name, status.State.Running.StartedAt, was)
				}
				started[status.Name] = status.State.Running.StartedAt
			}
			return len(started) == i+1, nil
		})
	}
	c.Exec(t, testcluster.Rule{Namespace: namespace, Container: "debug-1"})
	if got := call(t, c, namespace, "redis-0", "debug-1", "", "echo", "here"); got.out != "here\n" || got.err != nil {
		t.Errorf("exec in an ephemeral container: %+v", got)
	}
	if got := call(t, c, namespace, "redis-0", "debug-0", "", "true"); got.err == nil {
		t.Error("exec in a container without a rule is no error")
	}
}

func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
