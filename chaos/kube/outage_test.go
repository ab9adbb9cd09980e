package kube

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/testcluster"
)

func TestAPIServerRestartsInTheMiddle(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	same := unchanged(t, "redis", s.redisSpec)
	down := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	slow := s.accepted(t, "qdrant_throttle", rated(nil))
	apply(t, down)
	apply(t, slow)

	s.cluster.StopAPIServer()
	t.Cleanup(func() { _ = s.cluster.StartAPIServer(t.Context()) }) // an error: it runs
	for _, plan := range []chaos.Plan{down, slow} {
		began := time.Now()
		err := undo(t, plan.Steps[0], false)
		if err == nil || !strings.Contains(err.Error(), "the API server https://127.0.0.1:") || !strings.Contains(err.Error(), "cannot be reached") {
			t.Errorf("undo of %s without an API server: %v", plan.Steps[0].Object, err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
	}
	if _, err := s.tryPlan(t, "redis_outage", nil); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("plan without an API server: %v", err)
	}
	if err := down.Steps[0].Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("apply without an API server: %v", err)
	}
	if err := s.cluster.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	undone(t, slow)
	undone(t, down)
	same()
	for _, n := range spaces {
		n.clean(t)
	}
}

func TestSlowAPIServer(t *testing.T) {
	s := newStage(t)
	same := unchanged(t, "redis", s.redisSpec)
	proxy := s.cluster.Proxy(t, 100*time.Millisecond)
	s.config.Kubeconfig = s.cluster.Kubeconfig(t, testcluster.Login{User: drill, Server: proxy.URL()})
	plan := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	apply(t, plan)
	undone(t, plan)
	same()

	proxy.SetDelay(5 * time.Second)
	s.config.timeout = 200 * time.Millisecond
	_, err := s.tryPlan(t, "redis_outage", nil)
	if err == nil || !strings.Contains(err.Error(), "the API server "+proxy.URL()+" did not answer in time") {
		t.Errorf("plan on a server that does not answer: %v", err)
	}
	raw, err := json.Marshal(plan.Steps[0].Undo)
	if err != nil {
		t.Fatal(err)
	}
	err = Undoers(Config{Kubeconfig: s.config.Kubeconfig, Allow: s.config.Allow, timeout: s.config.timeout})[scaleKind].Undo(t.Context(), raw, false)
	if err == nil || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("undo on a server that does not answer: %v", err)
	}
}

func TestExpiredLogin(t *testing.T) {
	s := newStage(t)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: drill}}
	if _, err := s.client.CoreV1().ServiceAccounts(s.namespace).Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.cluster.Allow(t, s.namespace, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: drill}, roleRules(t)...)
	login := func(ttl time.Duration) {
		t.Helper()
		token := s.cluster.Token(t, s.namespace, drill, ttl)
		if err := s.cluster.WriteKubeconfig(s.config.Kubeconfig, testcluster.Login{Token: token, Context: "staging"}); err != nil {
			t.Fatal(err)
		}
	}
	login(time.Hour)
	same := unchanged(t, "redis", s.redisSpec)
	plan := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	apply(t, plan)

	login(-time.Hour)
	const want = "the login of context staging has expired or is unknown: log in again"
	if _, err := s.tryPlan(t, "redis_outage", nil); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("plan with an expired login: %v", err)
	}
	if err := undo(t, plan.Steps[0], false); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("undo with an expired login: %v", err)
	}
	login(time.Hour) // in another terminal
	undone(t, plan)
	same()
}

func TestRecordsLeadToTheirClusterOnly(t *testing.T) {
	s := newStage(t)
	plan := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	record, ok := plan.Steps[0].Undo.(scaleRecord)
	if !ok {
		t.Fatalf("the record is a %T", plan.Steps[0].Undo)
	}
	if record.Where.Cluster != "" || record.Where.Kubeconfig != s.config.Kubeconfig || record.Where.Context != "staging" {
		t.Errorf("%+v", record.Where)
	}
	undoOf := func(r scaleRecord, c Config) error {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if c.Allow == nil {
			c.Allow = s.config.Allow
		}
		return Undoers(c)[scaleKind].Undo(t.Context(), raw, false)
	}
	moved := record
	moved.Where.Server = "https://10.0.0.1:6443"
	if err := undoOf(moved, Config{Kubeconfig: s.config.Kubeconfig}); err == nil || !strings.Contains(err.Error(), "the record is of another, at https://10.0.0.1:6443") {
		t.Errorf("undo of another cluster's record: %v", err)
	}

	// On another machine the files are elsewhere, the context has another name, and the server another
	// address.
	elsewhere := s.cluster.Kubeconfig(t, testcluster.Login{User: drill, Context: "laptop"})
	if err := os.Remove(s.config.Kubeconfig); err != nil {
		t.Fatal(err)
	}
	if err := undoOf(record, Config{}); err == nil || !strings.Contains(err.Error(), "and the configuration names none") {
		t.Errorf("undo without the kubeconfig: %v", err)
	}
	if err := undoOf(moved, Config{Kubeconfig: elsewhere, Context: "laptop"}); err != nil {
		t.Errorf("undo with another kubeconfig: %v", err)
	}

	// What is not there says nothing when the cluster may be another.
	moved.Workload.UID = "another"
	if err := undoOf(moved, Config{Kubeconfig: elsewhere, Context: "laptop"}); err == nil || !strings.Contains(err.Error(), "this may be another cluster than the record's") {
		t.Errorf("undo of what is not there: %v", err)
	}

	// Whoever may read which cluster it is goes by that alone.
	s.config.Kubeconfig = s.cluster.Kubeconfig(t, testcluster.Login{User: "root", Groups: []string{"system:masters"}})
	record, _ = s.accepted(t, "redis_outage", chaos.Params{"way": wayScale}).Steps[0].Undo.(scaleRecord)
	if record.Where.Cluster == "" {
		t.Errorf("%+v", record.Where)
	}
	record.Where.Server = "https://10.0.0.1:6443"
	if err := undoOf(record, Config{Kubeconfig: s.config.Kubeconfig}); err != nil {
		t.Errorf("undo by another address of the cluster: %v", err)
	}
	record.Where.Cluster = "another"
	if err := undoOf(record, Config{Kubeconfig: s.config.Kubeconfig}); err == nil || !strings.Contains(err.Error(), "the record is of another") {
		t.Errorf("undo of another cluster's record: %v", err)
	}
}
