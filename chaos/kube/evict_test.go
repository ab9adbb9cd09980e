package kube

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"xinbot.ir/squall/chaos"
)

func TestRedisPodsComeBack(t *testing.T) {
	for _, way := range []string{wayEvict, wayDelete} {
		t.Run(way, func(t *testing.T) {
			s := newStage(t)
			s.stray(t)
			same := unchanged(t, "redis", s.redisSpec)
			before := s.podsOf(t, "app=redis")

			plan := s.accepted(t, "redis_outage", chaos.Params{"way": way})
			if !plan.OneShot || plan.Scope != "2 pods of redis" || len(plan.Steps) != 1 {
				t.Errorf("plan %+v", plan)
			}
			if want := "kubernetes " + plan.Facts[1].Text + "/" + s.namespace + "/statefulset/redis"; len(plan.Objects) != 1 || plan.Objects[0] != want {
				t.Errorf("objects %q, want %q", plan.Objects, want)
			}
			mustSay(t, plan, "Context: staging", "Namespace: "+s.namespace, "statefulset redis, 2 of 2 pods ready",
				"Pod: redis-0 on node-", "Pod: redis-1 on node-", "Left alone: stray", "Disruption budget: none", "Autoscaler: none")
			apply(t, plan)
			var pending *chaos.PendingError
			if err := undo(t, plan.Steps[0], false); err != nil && !errors.As(err, &pending) {
				t.Error(err)
			}
			undone(t, plan)
			same()
			after := s.podsOf(t, "app=redis")
			if after["redis-0"] == before["redis-0"] || after["redis-1"] == before["redis-1"] || s.readyOf(t, "app=redis") < 2 {
				t.Errorf("the pods were not replaced: before %v, after %v", before, after)
			}
			if after["stray"] != before["stray"] {
				t.Error("a pod that the workload does not own was hit")
			}
			if got := s.remedy(plan.Steps[0]); !strings.HasSuffix(got, "-n "+s.namespace+" rollout status statefulset/redis") {
				t.Errorf("remedy %q", got)
			}
		})
	}
}

// stray makes a pod with Redis' label that nobody owns.
func (s *stage) stray(t *testing.T) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "stray", Labels: map[string]string{"app": "redis", "kind": "stray"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "stray", Image: "stray"}}},
	}
	if _, err := s.client.CoreV1().Pods(s.namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "a stray pod that is ready", func() string {
		if s.readyOf(t, "kind=stray") == 0 {
			return "not ready"
		}
		return ""
	})
}

func TestEvictSomePods(t *testing.T) {
	s := newStage(t)
	before := s.podsOf(t, "app=redis")
	plan := s.accepted(t, "redis_outage", chaos.Params{"pods": "1"})
	apply(t, plan)
	apply(t, plan)
	undone(t, plan)
	after := s.podsOf(t, "app=redis")
	apply(t, plan) // what is evicted already is fine, and its successor is another pod
	if again := s.podsOf(t, "app=redis"); again["redis-0"] != after["redis-0"] || s.readyOf(t, "app=redis") != 2 {
		t.Error("the successor of an evicted pod was evicted")
	}
	if after["redis-0"] == before["redis-0"] || after["redis-1"] != before["redis-1"] {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestNothingToHit(t *testing.T) {
	s := newStage(t)
	plan := s.plan(t, "redis_outage", chaos.Params{"selector": "app=qdrant"})
	refuses(t, plan, "matches app=qdrant and belongs to statefulset "+s.namespace+"/redis, whose own selector is app=redis")
	if len(plan.Steps) != 0 || !says(plan, "Left alone: qdrant-") {
		t.Errorf("plan %+v", plan)
	}
	refuses(t, s.plan(t, "redis_outage", chaos.Params{"statefulset": "valkey"}), "there is no statefulset "+s.namespace+"/valkey")
	refuses(t, s.plan(t, "redis_outage", chaos.Params{"selector": "app=(redis"}), "unable to parse requirement")
}

// budget makes a disruption budget for Redis and waits until it counts.
func (s *stage) budget(t *testing.T, name string, atLeast int32) {
	t.Helper()
	least := intstr.FromInt32(atLeast)
	api := s.client.PolicyV1().PodDisruptionBudgets(s.namespace)
	_, err := api.Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &least, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "redis"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "a budget that counts", func() string {
		b, err := api.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil || b.Status.ObservedGeneration != b.Generation || b.Status.CurrentHealthy != 2 {
			return "it has not counted yet"
		}
		return ""
	})
}

func TestBudgetRefuses(t *testing.T) {
	s := newStage(t)
	early := s.accepted(t, "redis_outage", nil)
	s.budget(t, "redis", 2)
	before := s.podsOf(t, "app=redis")

	plan := s.plan(t, "redis_outage", nil)
	refuses(t, plan, "disruption budget redis allows no disruption now; way=delete")
	mustSay(t, plan, "Disruption budget: redis allows 0 now")

	// A plan from before the budget meets it at the API, in a dry run and in earnest.
	for _, try := range []struct {
		what string
		call func() error
	}{
		{"dry run", func() error { return early.Steps[0].DryRun(t.Context()) }},
		{"eviction", func() error { return early.Steps[0].Apply(t.Context()) }},
	} {
		err := try.call()
		if err == nil || !strings.Contains(err.Error(), "evict pod "+s.namespace+"/redis-0: a disruption budget refuses it") {
			t.Errorf("%s: %v", try.what, err)
		}
	}
	undone(t, early)
	if after := s.podsOf(t, "app=redis"); after["redis-0"] != before["redis-0"] || after["redis-1"] != before["redis-1"] {
		t.Errorf("pods went in spite of the budget: before %v, after %v", before, after)
	}

	// A plain delete does not ask it, and says so.
	plan = s.accepted(t, "redis_outage", chaos.Params{"way": wayDelete})
	mustSay(t, plan, "disruption budget redis allows 0 now, and a plain delete does not ask it")
	apply(t, plan)
	undone(t, plan)
}

func TestBudgetAllowsSome(t *testing.T) {
	s := newStage(t)
	s.budget(t, "redis", 1)
	plan := s.accepted(t, "redis_outage", nil)
	mustSay(t, plan, "disruption budget redis allows 1 now: the API refuses the rest; pods=1 stays within it")
	err := plan.Steps[0].Apply(t.Context())
	var partly *chaos.PartialError // a finding, not a failure
	if !errors.As(err, &partly) || !strings.HasPrefix(partly.What, "1 of 2 pods evicted: ") || !strings.Contains(partly.What, "redis-1: a disruption budget refuses it") {
		t.Errorf("evicting 2 pods with a budget of 1: %v", err)
	}
	undone(t, plan)
}

func TestBudgetsOverlap(t *testing.T) {
	s := newStage(t)
	early := s.accepted(t, "redis_outage", nil)
	s.budget(t, "one", 0)
	s.budget(t, "two", 0)
	refuses(t, s.plan(t, "redis_outage", nil), "disruption budgets one and two overlap on pod redis-0")
	if err := early.Steps[0].Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "disruption budgets overlap on it") {
		t.Errorf("evicting a pod with two budgets: %v", err)
	}
}

func TestRolloutMovedOn(t *testing.T) {
	s := newStage(t)
	plan := s.accepted(t, "redis_outage", nil)
	apply(t, plan)
	if err := s.client.AppsV1().StatefulSets(s.namespace).Delete(t.Context(), "redis", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	var moved *chaos.ConflictError
	if err := undo(t, plan.Steps[0], false); !errors.As(err, &moved) || moved.Found != "none of this name" || moved.Before != "2 pods ready" {
		t.Errorf("undo without the workload: %v", err)
	}
	if err := undo(t, plan.Steps[0], true); err != nil {
		t.Errorf("undo by a person's choice: %v", err)
	}
}
