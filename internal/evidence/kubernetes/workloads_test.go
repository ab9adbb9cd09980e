package kubernetes

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/testcluster"
)

// readers are the rights of the Role in docs/faults.md that evidence needs.
var readers = []rbacv1.PolicyRule{
	{APIGroups: []string{"autoscaling"}, Resources: []string{"horizontalpodautoscalers"}, Verbs: []string{"list"}},
	{APIGroups: []string{"apps"}, Resources: []string{"deployments", "statefulsets"}, Verbs: []string{"list", "watch"}},
	{APIGroups: []string{""}, Resources: []string{"pods", "events"}, Verbs: []string{"list", "watch"}},
	{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
}

// sourceOf is a source of a namespace for a user with these rights.
func sourceOf(t *testing.T, c *testcluster.Cluster, namespace, user string, rules ...rbacv1.PolicyRule) *Source {
	t.Helper()
	if len(rules) > 0 {
		c.Allow(t, namespace, rbacv1.Subject{Kind: "User", Name: user}, rules...)
	}
	s, err := New(Config{
		Cluster:    kubeclient.Config{Kubeconfig: c.Kubeconfig(t, testcluster.Login{User: user})},
		Namespaces: []string{namespace}, Redact: func(text string) string { return text },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reading runs a source until the function that it returns is called, which exports what it knows into a directory.
func reading(t *testing.T, s *Source, sink *evidencetest.Sink) (end func() (dir string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx, sink); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return func() string {
		cancel()
		running.Wait()
		dir := t.TempDir()
		if _, err := s.Export(t.Context(), time.Time{}, time.Now(), dir); err != nil {
			t.Error(err)
		}
		return dir
	}
}

// linesOf reads a file of an export.
func linesOf(t *testing.T, dir, name string) (lines []map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		line := map[string]string{}
		for i, head := range all[0] {
			line[head] = cells[i]
		}
		if _, err := time.Parse(time.RFC3339, line["time"]); err != nil {
			t.Error(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// now is what a history has last of a workload.
func (h *history) last(name string) (p point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.workloads[name]; w != nil && len(w.points) > 0 {
		p = w.points[len(w.points)-1]
	}
	return p
}

func TestWorkloadsOfARealCluster(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	if err := testcluster.Fixtures(t.Context(), c.Admin(), namespace); err != nil {
		t.Fatal(err)
	}
	s := sourceOf(t, c, namespace, "bea", readers...)
	evidencetest.Eventually(t, "all rights", patience, func() bool { return len(s.Check(t.Context(), evidence.Wanted{})) == 1 })
	sink := &evidencetest.Sink{}
	end := reading(t, s, sink)
	seen := watching(t, s, namespace)
	scaled := func(n int) {
		t.Helper()
		want := Scale{Workload: "deployment " + namespace + "/" + testcluster.Gateway, Name: testcluster.Gateway, Ready: n, Wanted: n, Min: n, Max: 8}
		evidencetest.Eventually(t, fmt.Sprintf("%+v", want), patience, func() bool { return seen.of(testcluster.Gateway) == want })
	}
	h := s.namespaces[0].history
	const gateway = "deployment " + testcluster.Gateway
	arrives := func(workload string, n, restarts int) {
		t.Helper()
		evidencetest.Eventually(t, fmt.Sprintf("%s with %d pods and %d restarts", workload, n, restarts), patience, func() bool {
			p := h.last(workload)
			return p.gap == "" && p.unsure == "" && p.replicas == replicas{n, n, n} && p.restarts == restarts
		})
	}
	arrives(gateway, 2, 0)
	arrives("statefulset redis", 2, 0)
	scaled(2)

	atLeast := func(n int) {
		t.Helper()
		if _, err := c.Client().AutoscalingV2().HorizontalPodAutoscalers(namespace).Patch(t.Context(), testcluster.Gateway, types.MergePatchType, fmt.Appendf(nil, `{"spec":{"minReplicas":%d}}`, n), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	atLeast(3)
	arrives(gateway, 3, 0)
	scaled(3)

	pods := c.Client().CoreV1().Pods(namespace)
	if _, err := pods.Patch(t.Context(), "redis-0", types.StrategicMergePatchType, fmt.Appendf(nil, `{"status":{"containerStatuses":[{"name":"redis","restartCount":3}]}}`), metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "3 restarts", patience, func() bool { return h.last("statefulset redis").restarts == 3 })

	c.StopAPIServer()
	panel := "workloads of " + namespace
	evidencetest.Eventually(t, "a gap", patience, func() bool { return h.last(gateway).gap != "" && len(sink.Gaps(panel)) == 1 })
	if err := c.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	arrives(gateway, 3, 0)
	atLeast(4)
	arrives(gateway, 4, 0)
	scaled(4)
	if got := seen.of(testcluster.Orchestrator); got.Ready != 2 || got.Max != 8 {
		t.Errorf("%+v", got)
	}
	evidencetest.Eventually(t, "the end of the gap", patience, func() bool { return len(sink.Gaps(panel)) == 2 })
	evidencetest.Eventually(t, "the events of both scalings", patience, func() bool {
		list, err := c.Client().CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "reason=SuccessfulRescale"})
		return err == nil && len(list.Items) == 2 && s.namespaces[0].scalings.has("SuccessfulRescale") == 2
	})
	dir := end()

	var levels, gaps []string
	for _, line := range linesOf(t, dir, "pods-"+namespace+".csv") {
		switch {
		case line["workload"] != gateway:
		case line["gap"] != "" && line["desired_pods"] == "":
			gaps = append(gaps, line["gap"])
			if levels[len(levels)-1] != "?" {
				levels = append(levels, "?")
			}
		case len(levels) == 0 || levels[len(levels)-1] != line["desired_pods"]:
			levels = append(levels, line["desired_pods"])
		}
	}
	// An API server that comes back may refuse for a moment what it allows then.
	if got := strings.Join(levels, " "); !regexp.MustCompile(`^2 3 (\? 3 )+4$`).MatchString(got) || !strings.HasPrefix(gaps[0], "deployments: nothing answers: watch deployments: the API server https://") {
		t.Errorf("the gateway was wanted %s, gaps %q", got, gaps)
	}
	var steps []string
	for _, line := range linesOf(t, dir, "scaling-events.csv") {
		if line["workload"] != gateway || line["gap"] != "" {
			continue
		}
		switch {
		case line["seen_in"] == "spec":
			steps = append(steps, fmt.Sprintf("%s to %s by %s", line["from_pods"], line["to_pods"], line["by"]))
		case line["reason"] == "ScalingReplicaSet":
			// The fixture's own scaling from 0 to 2 may have been in the same second as the beginning.
			if step := line["from_pods"] + " to " + line["to_pods"]; step != "0 to 2" && step != "2 to 3" && step != "3 to 4" {
				t.Errorf("event %v", line)
			}
		case line["reason"] == "SuccessfulRescale" && line["to_pods"] == "":
			t.Errorf("event %v", line)
		}
	}
	if got := strings.Join(steps, ", "); got != "2 to 3 by kube-controller-manager, 3 to 4 by kube-controller-manager" {
		t.Errorf("scaled %s", got)
	}
}

// told keeps the last that was told of each autoscaler.
type told struct {
	mu  sync.Mutex
	all map[string]Scale
}

func (w *told) of(name string) Scale {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[name]
}

// watching watches the autoscalers of a namespace until the test ends.
func watching(t *testing.T, s *Source, namespace string) *told {
	t.Helper()
	seen := &told{all: map[string]Scale{}}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		s.Watch(ctx, namespace, func(x Scale) {
			seen.mu.Lock()
			defer seen.mu.Unlock()
			seen.all[x.Name] = x
		})
	})
	t.Cleanup(func() {
		cancel()
		work.Wait()
	})
	return seen
}

func TestWorkloadsWithoutARight(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	s := sourceOf(t, c, namespace, "cyd", readers[0], readers[2])
	sink := &evidencetest.Sink{}
	end := reading(t, s, sink)
	evidencetest.Eventually(t, "a gap", patience, func() bool { return len(sink.Gaps("workloads of "+namespace)) > 0 })
	evidencetest.Eventually(t, "a gap of deployments", patience, func() bool {
		s.namespaces[0].history.mu.Lock()
		defer s.namespaces[0].history.mu.Unlock()
		return len(s.namespaces[0].history.unread) == 2
	})
	for _, line := range linesOf(t, end(), "pods-"+namespace+".csv") {
		if kind := line["workload"]; kind != deployment && kind != statefulSet || !strings.HasPrefix(line["gap"], kind+"s: a right is missing: watch "+kind+"s: ") || line["ready_pods"] != "" {
			t.Errorf("line %v", line)
		}
	}
}

// has is how many scalings there are with a reason.
func (s *scalings) has(reason string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.all {
		if x.reason == reason {
			n++
		}
	}
	return n
}

// The cluster's nodes drop a pod as soon as it is to be deleted: a finalizer holds it for as long as a real one takes to stop.
func TestPodsThatAFaultKills(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	if err := testcluster.Fixtures(t.Context(), c.Admin(), namespace); err != nil {
		t.Fatal(err)
	}
	c.Exec(t, testcluster.Rule{Namespace: namespace, Pod: "redis-0", Container: "redis", Logs: "ready\nreceived SIGTERM, token hunter2\n"})
	s := sourceOf(t, c, namespace, "dan", readers...)
	s.departures.redact = strings.NewReplacer("hunter2", "***").Replace
	evidencetest.Eventually(t, "all rights", patience, func() bool { return len(s.Check(t.Context(), evidence.Wanted{})) == 1 })
	end := reading(t, s, &evidencetest.Sink{})
	pods := c.Client().CoreV1().Pods(namespace)
	hold := func(name, finalizers string) {
		t.Helper()
		if _, err := pods.Patch(t.Context(), name, types.MergePatchType, []byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	hold("redis-0", `["xinbot.ir/held"]`)
	evidencetest.Eventually(t, "the sight of both pods", patience, func() bool {
		p := s.namespaces[0].history.last("statefulset redis")
		return p.replicas == replicas{2, 2, 2}
	})
	if err := pods.EvictV1(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "redis-0"}}); err != nil {
		t.Fatal(err)
	}
	read := func(name string) *departure {
		s.departures.mu.Lock()
		defer s.departures.mu.Unlock()
		for _, x := range s.departures.all {
			if x.name == name {
				return &departure{how: x.how, gone: x.gone, tails: slices.Clone(x.tails)}
			}
		}
		return nil
	}
	evidencetest.Eventually(t, "the lines of redis-0", patience, func() bool {
		x := read("redis-0")
		return x != nil && len(x.tails) == 1 && s.departures.has("redis-0", "received SIGTERM")
	})
	hold("redis-0", "null")
	evidencetest.Eventually(t, "the end of redis-0", patience, func() bool { return !read("redis-0").gone.IsZero() })
	dir := end()
	text, err := os.ReadFile(filepath.Join(dir, "pod-"+namespace+"-redis-0.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Workload:       statefulset redis\n", "What happened:  deleted (EvictionByEvictionAPI)\n", "ready\n", "received SIGTERM, token ***\n", "Scheduled", // the event
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	list, err := os.ReadFile(filepath.Join(dir, "gone-pods.csv"))
	if err != nil || strings.Count(string(list), "\n") != 2 || !strings.Contains(string(list), ",redis-0,statefulset redis,deleted (EvictionByEvictionAPI),pod-") {
		t.Errorf("%v, list\n%s", err, list)
	}
}

// has reports whether a text was read of a pod.
func (d *departures) has(pod, text string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, x := range d.all {
		if x.name == pod && slices.ContainsFunc(x.tails, func(t *tail) bool { return strings.Contains(t.text, text) }) {
			return true
		}
	}
	return false
}
