package kube

import (
	"errors"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/testcluster"
)

// network gives every pod of Qdrant a network namespace of its own, by pod name, in which the commands
// in its containers run.
func (s *stage) network(t *testing.T) map[string]netns {
	t.Helper()
	spaces := map[string]netns{}
	var rules []testcluster.Rule
	for pod := range s.podsOf(t, "app=qdrant") {
		spaces[pod] = newNetns(t)
		rules = append(rules, testcluster.Rule{Namespace: s.namespace, Pod: pod, Netns: spaces[pod].name})
	}
	s.cluster.Exec(t, rules...)
	return spaces
}

// rated is a shaping that this kernel has: it has tbf and no netem.
func rated(more chaos.Params) chaos.Params {
	return chaos.Params{"latency": "0s", "loss": "0", "rate": "125"}.With(more)
}

func TestShapeAndBack(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	same := unchanged(t, "qdrant", s.deploymentSpec(testcluster.Qdrant))
	pods := unchanged(t, "qdrant's pods", func(t *testing.T) map[string]string { return s.podsOf(t, "app=qdrant") })

	plan := s.accepted(t, "qdrant_throttle", rated(nil))
	if plan.OneShot || plan.Scope != "2 pods of qdrant" || plan.Params != "125 KB/s" || len(plan.Steps) != 2 {
		t.Errorf("plan %+v", plan)
	}
	mustSay(t, plan, "tc in container qdrant, interface eth0", "Shaping: tbf rate 1000kbit burst 16384 latency 400ms",
		"takes the shaping off by itself after 5m0s", "nobody else shapes eth0 of pod qdrant-", "may create pods/exec in", "may get pods/exec in")
	if says(plan, "Ephemeral container") || says(plan, "ephemeralcontainers") {
		t.Errorf("there is tc, and yet: %+v", plan.Facts)
	}
	for _, step := range plan.Steps {
		if err := step.DryRun(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, n := range spaces {
		n.clean(t)
	}
	apply(t, plan)
	for pod, n := range spaces {
		if got := n.qdiscs(t); !strings.Contains(got, "qdisc tbf "+handlePrefix(testSession)+"0: root") || !strings.Contains(got, "rate 1Mbit") {
			t.Errorf("%s has %q", pod, got)
		}
	}

	// Other parameters while it is on.
	plan = s.accepted(t, "qdrant_throttle", rated(chaos.Params{"rate": "250", "for": "1h"}))
	apply(t, plan)
	for pod, n := range spaces {
		if got := n.qdiscs(t); !strings.Contains(got, handlePrefix(testSession)+"1: root") || !strings.Contains(got, "rate 2Mbit") {
			t.Errorf("%s has %q after the change", pod, got)
		}
	}
	// The same again is fine.
	apply(t, plan)

	for _, step := range plan.Steps {
		if got := s.remedy(step); !strings.Contains(got, "exec qdrant-") || !strings.HasSuffix(got, " -c qdrant -- tc qdisc del dev eth0 root") {
			t.Errorf("remedy %q", got)
		}
	}
	undone(t, plan)
	for _, n := range spaces {
		n.clean(t)
		n.awaitAlone(t)
	}
	same()
	pods()
}

func TestShapeHealsWithoutUs(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	plan := s.accepted(t, "qdrant_throttle", rated(chaos.Params{"for": "2s"}))
	apply(t, plan)
	for _, n := range spaces {
		n.awaitClean(t)
		n.awaitAlone(t)
	}
	undone(t, plan)
}

func TestKernelWithoutNetem(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	for _, n := range spaces {
		if out, err := n.run(t, "tc", "qdisc", "add", "dev", "eth0", "root", "handle", "77:", "netem", "delay", "1ms"); err == nil {
			n.must(t, "tc", "qdisc", "del", "dev", "eth0", "root", "handle", "77:")
			s.shapesByNetem(t, spaces)
			return
		} else if !strings.Contains(out, "unknown") && !strings.Contains(out, "No such file") {
			t.Fatal(out)
		}
	}
	plan := s.accepted(t, "qdrant_throttle", nil)
	if plan.Params != "800 ms, 5 % loss" {
		t.Errorf("parameters %q", plan.Params)
	}
	err := plan.Steps[0].Apply(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the kernel of node node-") ||
		!strings.Contains(err.Error(), "has no netem: load the module sch_netem on the node, or limit the rate alone") {
		t.Errorf("shaping by netem: %v", err)
	}
	for _, n := range spaces {
		n.clean(t)
		n.awaitAlone(t)
	}
	undone(t, plan)
}

// shapesByNetem is for kernels that have it.
func (s *stage) shapesByNetem(t *testing.T, spaces map[string]netns) {
	t.Helper()
	plan := s.accepted(t, "qdrant_throttle", chaos.Params{"jitter": "50ms", "rate": "125"})
	apply(t, plan)
	for pod, n := range spaces {
		got := n.qdiscs(t)
		for _, want := range []string{"qdisc netem ", "delay 800ms", "50ms", "loss 5%", "rate 1Mbit"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s has %q, which is without %s", pod, got, want)
			}
		}
	}
	undone(t, plan)
	for _, n := range spaces {
		n.clean(t)
		n.awaitAlone(t)
	}
}

func TestForeignQdiscIsLeftAlone(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	early := s.accepted(t, "qdrant_throttle", rated(nil))
	for _, n := range spaces {
		n.must(t, "tc", "qdisc", "add", "dev", "eth0", "root", "handle", "77:", "tbf", "rate", "5mbit", "burst", "16384", "latency", "10ms")
	}
	refuses(t, s.plan(t, "qdrant_throttle", rated(nil)), "eth0 is shaped by somebody else already (qdisc tbf 77: dev eth0 root")
	for _, step := range early.Steps {
		for what, err := range map[string]error{"dry run": step.DryRun(t.Context()), "shaping": step.Apply(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), "shaped by somebody else already") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	undone(t, early)
	for pod, n := range spaces {
		if got := n.qdiscs(t); !strings.Contains(got, "qdisc tbf 77: root") || !strings.Contains(got, "rate 5Mbit") {
			t.Errorf("%s has %q: what somebody else has set is not what it was", pod, got)
		}
	}
}

func TestForeignQdiscInPlaceOfOurs(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	plan := s.accepted(t, "qdrant_throttle", rated(nil))
	apply(t, plan)
	for _, n := range spaces {
		n.must(t, "tc", "qdisc", "replace", "dev", "eth0", "root", "handle", "77:", "pfifo")
	}
	undone(t, plan)
	for pod, n := range spaces {
		if got := n.qdiscs(t); !strings.Contains(got, "qdisc pfifo 77: root") {
			t.Errorf("%s has %q", pod, got)
		}
		n.awaitAlone(t)
	}
}

func TestShapeRefused(t *testing.T) {
	s := newStage(t)
	s.network(t)
	for name, test := range map[string]struct {
		given  chaos.Params
		reason string
	}{
		"nothing to shape": {chaos.Params{"latency": "0s", "loss": "0"}, "nothing would be shaped"},
		"a long jitter":    {chaos.Params{"jitter": "2s"}, "jitter is 2s, more than the latency of 800ms"},
		"no interface":     {rated(chaos.Params{"interface": "eth7"}), "has no interface eth7"},
		"an odd interface": {rated(chaos.Params{"interface": "$(reboot)"}), "must be the name of one"},
		"no container":     {rated(chaos.Params{"container": "sidecar"}), "it has no running container sidecar"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := s.plan(t, "qdrant_throttle", test.given)
			refuses(t, plan, test.reason)
			if len(plan.Steps) != 0 {
				t.Errorf("a refused plan has steps: %+v", plan.Steps)
			}
		})
	}
}

func TestHostNetworkIsRefused(t *testing.T) {
	s := newStage(t)
	d := s.deployment(t, testcluster.Qdrant)
	d.Spec.Template.Spec.HostNetwork = true
	d.Spec.Template.Spec.Containers[0].Ports = nil // two pods cannot have one port of a node
	if _, err := s.client.AppsV1().Deployments(s.namespace).Update(t.Context(), d, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "pods in the network of their nodes", func() string {
		list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=qdrant"})
		if err != nil {
			return err.Error()
		}
		for i := range list.Items {
			if !list.Items[i].Spec.HostNetwork || !isReady(&list.Items[i]) {
				return describe(&list.Items[i])
			}
		}
		return ""
	})
	// No rule answers exec: a command in such a pod would fail the plan instead of refusing it.
	plan := s.plan(t, "qdrant_throttle", rated(nil))
	refuses(t, plan, "is in the network of node node-")
	if len(plan.Steps) != 0 {
		t.Errorf("steps: %+v", plan.Steps)
	}
}

func TestShapedPodIsGone(t *testing.T) {
	s := newStage(t)
	s.network(t)
	plan := s.accepted(t, "qdrant_throttle", rated(nil))
	apply(t, plan)
	for pod := range s.podsOf(t, "app=qdrant") {
		if err := s.client.CoreV1().Pods(s.namespace).Delete(t.Context(), pod, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}); err != nil {
			t.Fatal(err)
		}
	}
	undone(t, plan)
	if err := plan.Steps[0].Apply(t.Context()); !errors.Is(err, errPodGone) {
		t.Errorf("shaping a pod that is gone: %v", err)
	}
}
