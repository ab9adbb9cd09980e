package kube

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/testcluster"
)

// bareImage gives every pod of Qdrant a network namespace, and a container in which there is no tc;
// ephemeral containers have it.
func (s *stage) bareImage(t *testing.T) map[string]netns {
	t.Helper()
	spaces := s.network(t)
	var rules []testcluster.Rule
	for pod, n := range spaces {
		rules = append(rules, testcluster.Rule{
			Namespace: s.namespace, Pod: pod, Container: "qdrant", Netns: n.name, Env: []string{"PATH=/nowhere"},
		})
	}
	s.cluster.Exec(t, rules...)
	return spaces
}

// holders are the names of the ephemeral containers of a pod.
func (s *stage) holders(t *testing.T, pod string) (names []string) {
	t.Helper()
	p, err := s.client.CoreV1().Pods(s.namespace).Get(t.Context(), pod, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Spec.EphemeralContainers {
		names = append(names, p.Spec.EphemeralContainers[i].Name)
	}
	return names
}

func TestShapeFromEphemeralContainer(t *testing.T) {
	s := newStage(t)
	spaces := s.bareImage(t)
	same := unchanged(t, "qdrant", s.deploymentSpec(testcluster.Qdrant))
	plan := s.accepted(t, "qdrant_throttle", rated(chaos.Params{"image": "tools:1"}))
	mustSay(t, plan, "tc in an ephemeral container (qdrant: the image has no tc of iproute2), interface eth0",
		"Ephemeral container: one of image tools:1 is added to the pod and cannot be removed again",
		"looked at once tc is there", "may patch pods/ephemeralcontainers in "+s.namespace)
	for _, step := range plan.Steps {
		if err := step.DryRun(t.Context()); err != nil {
			t.Error(err)
		}
		if got := s.remedy(step); !strings.Contains(got, " debug qdrant-") || !strings.HasSuffix(got, " --profile=netadmin --image=tools:1 -- tc qdisc del dev eth0 root") {
			t.Errorf("remedy %q", got)
		}
	}
	for pod := range spaces {
		if got := s.holders(t, pod); len(got) > 0 {
			t.Errorf("%s has %v after a dry run", pod, got)
		}
	}
	undone(t, plan) // of a step that was never begun

	apply(t, plan)
	plan = s.accepted(t, "qdrant_throttle", rated(chaos.Params{"image": "tools:1", "rate": "250"}))
	apply(t, plan)
	for pod, n := range spaces {
		if got := n.qdiscs(t); !strings.Contains(got, "rate 2Mbit") {
			t.Errorf("%s has %q", pod, got)
		}
		if got := s.holders(t, pod); len(got) != 1 || got[0] != "squall-"+testSession+"-1" {
			t.Errorf("%s has ephemeral containers %v", pod, got)
		}
	}
	s.checkHolder(t)
	undone(t, plan)
	for _, n := range spaces {
		n.clean(t)
		n.awaitAlone(t)
	}
	same()
}

// checkHolder looks at the first ephemeral container: what it runs and may do.
func (s *stage) checkHolder(t *testing.T) {
	t.Helper()
	list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=qdrant"})
	if err != nil {
		t.Fatal(err)
	}
	c := list.Items[0].Spec.EphemeralContainers[0]
	want := shell(holdScript, "eth0", handlePrefix(testSession), "60", "22200")
	if strings.Join(c.Command, "\x00") != strings.Join(want, "\x00") {
		t.Errorf("it runs %q", c.Command)
	}
	rights := c.SecurityContext.Capabilities
	if len(rights.Add) != 1 || rights.Add[0] != "NET_ADMIN" || len(rights.Drop) != 1 || rights.Drop[0] != "ALL" || *c.SecurityContext.AllowPrivilegeEscalation {
		t.Errorf("it may %+v", c.SecurityContext)
	}
}

func TestEphemeralContainerByWish(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t) // whose containers all have tc
	plan := s.accepted(t, "qdrant_throttle", rated(chaos.Params{"container": ephemeral}))
	apply(t, plan)
	undone(t, plan)
	for pod, n := range spaces {
		n.clean(t)
		if got := s.holders(t, pod); len(got) != 1 {
			t.Errorf("%s has ephemeral containers %v", pod, got)
		}
	}
	refuses(t, s.plan(t, "qdrant_throttle", rated(chaos.Params{"container": "nginx"})), "container=auto")
}

func TestImageWithoutShell(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	// A command whose directory is not there is, to a runtime, a command that is not there.
	s.cluster.Exec(t, testcluster.Rule{Namespace: s.namespace, Container: "qdrant", Dir: "/nowhere"})
	plan := s.accepted(t, "qdrant_throttle", rated(nil))
	mustSay(t, plan, "tc in an ephemeral container (qdrant: the image has no shell), interface eth0")
	apply(t, plan)
	undone(t, plan)
	for _, n := range spaces {
		n.clean(t)
	}
}

func TestHolderGoesIntoThatVeryPod(t *testing.T) {
	s := newStage(t)
	cl, err := connect(s.config)
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=qdrant"})
	if err != nil {
		t.Fatal(err)
	}
	pod := list.Items[0].DeepCopy()
	pod.UID = "predecessor"
	if _, err := cl.addTCContainer(t.Context(), pod, "image", "eth0", testSession, nil); err == nil {
		t.Error("the successor of a pod has got an ephemeral container")
	}
	if got := s.holders(t, pod.Name); len(got) > 0 {
		t.Errorf("ephemeral containers %v", got)
	}
}

// setHolder plays the node: it says how the newest holder of a pod does.
func (s *stage) setHolder(t *testing.T, pod string, state corev1.ContainerState) {
	t.Helper()
	s.setStatus(t, pod, func(now *corev1.Pod) {
		name, _ := newestTCContainer(now, testSession)
		all := now.Status.EphemeralContainerStatuses
		for i := range all {
			if all[i].Name == name {
				all[i].State = state
			}
		}
	})
}

func (s *stage) setStatus(t *testing.T, pod string, edit func(*corev1.Pod)) {
	t.Helper()
	api := s.client.CoreV1().Pods(s.namespace)
	for {
		now, err := api.Get(t.Context(), pod, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		edit(now)
		if _, err = api.UpdateStatus(t.Context(), now, metav1.UpdateOptions{}); err == nil {
			return
		}
		if !apierrors.IsConflict(err) {
			t.Fatal(err)
		}
	}
}

func ended(code int32, reason string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: metav1.Now()}}
}

func TestUndoAfterEphemeralContainerWasKilled(t *testing.T) {
	s := newStage(t)
	spaces := s.bareImage(t)
	plan := s.accepted(t, "qdrant_throttle", rated(nil))
	apply(t, plan)
	for pod := range spaces {
		s.setHolder(t, pod, ended(137, "OOMKilled"))
	}
	var pending *chaos.PendingError
	if err := undo(t, plan.Steps[0], false); !errors.As(err, &pending) {
		t.Errorf("undo without a container to do it in: %v", err)
	}
	undone(t, plan)
	for pod, n := range spaces {
		n.clean(t)
		if got := s.holders(t, pod); len(got) != 2 {
			t.Errorf("%s has ephemeral containers %v", pod, got)
		}
	}

	// One that has ended by itself has seen that nothing is left.
	for pod := range spaces {
		s.setHolder(t, pod, ended(0, "Completed"))
	}
	undone(t, plan)
	for pod := range spaces {
		if got := s.holders(t, pod); len(got) != 2 {
			t.Errorf("%s has ephemeral containers %v", pod, got)
		}
	}
}

func TestUndoWhileContainerIsDown(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	plan := s.accepted(t, "qdrant_throttle", rated(nil))
	apply(t, plan)
	for pod := range spaces { // slow answers have failed its liveness probe
		s.setStatus(t, pod, func(now *corev1.Pod) {
			now.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
		})
	}
	undone(t, plan)
	for pod, n := range spaces {
		n.clean(t)
		if got := s.holders(t, pod); len(got) != 1 {
			t.Errorf("%s has ephemeral containers %v", pod, got)
		}
	}
}

// podWith is a pod whose only holder does as said.
func podWith(states ...*corev1.ContainerState) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pod"}}
	for i, state := range states {
		c := corev1.EphemeralContainer{}
		c.Name = tcContainerPrefix(testSession) + string(rune('1'+i))
		pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, c)
		if state != nil {
			pod.Status.EphemeralContainerStatuses = append(pod.Status.EphemeralContainerStatuses, corev1.ContainerStatus{Name: c.Name, State: *state})
		}
	}
	return pod
}

func TestStateOfHolders(t *testing.T) {
	waiting := func(reason string) *corev1.ContainerState {
		return &corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "because"}}
	}
	terminated := func(code int32, reason string) *corev1.ContainerState {
		state := ended(code, reason)
		return &state
	}
	runs := &corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	const starting = "is starting"
	for name, test := range map[string]struct {
		pod       *corev1.Pod
		untouched bool
		running   string // its name, or what the error says
	}{
		"not seen by the node":     {podWith(nil), true, starting},
		"image is pulled":          {podWith(waiting("ContainerCreating")), true, starting},
		"image failed once":        {podWith(waiting("ErrImagePull")), true, starting},
		"image is not there":       {podWith(waiting("ImagePullBackOff")), true, "squall-" + testSession + "-1: ImagePullBackOff because"},
		"image has no shell":       {podWith(terminated(128, "StartError")), true, "squall-" + testSession + "-1: StartError"},
		"runs":                     {podWith(runs), false, ""},
		"killed, and another runs": {podWith(terminated(137, "Error"), runs), false, ""},
		"killed, another starts":   {podWith(terminated(137, "Error"), nil), false, starting},
		"killed five times": {
			podWith(terminated(137, ""), terminated(137, ""), terminated(137, ""), terminated(137, ""), terminated(137, "")), false, "5 have ended there already",
		},
	} {
		if got := neverShaped(test.pod, testSession); got != test.untouched {
			t.Errorf("%s: untouched is %v", name, got)
		}
		holder, err := (&cluster{}).ensureTCContainer(t.Context(), test.pod, "image", "eth0", testSession)
		if (err == nil) != (test.running == "") || err != nil && !strings.Contains(err.Error(), test.running) {
			t.Errorf("%s: %q and error %v", name, holder, err)
		}
		var pending *chaos.PendingError
		if errors.As(err, &pending) != (test.running == starting) {
			t.Errorf("%s: pending is %v", name, pending)
		}
	}
	if !neverShaped(podWith(), testSession) || !neverShaped(podWith(terminated(0, "Completed")), testSession) || neverShaped(podWith(terminated(137, "Error")), testSession) {
		t.Error("what was never shaped, was left clean or was killed is not told apart")
	}
}

// The API server lists the newest ephemeral container first, and 10 comes after 9.
func TestNewestTCContainerIsThatOfTheHighestNumber(t *testing.T) {
	pod := &corev1.Pod{}
	for _, number := range []string{"10", "9", "other", "1"} {
		pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: tcContainerPrefix(testSession) + number},
		})
	}
	pod.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{{Name: tcContainerPrefix(testSession) + "1", State: ended(137, "OOMKilled")}}
	if name, state := newestTCContainer(pod, testSession); name != tcContainerPrefix(testSession)+"10" || state != nil {
		t.Errorf("the newest is %s, %+v; want number 10, of which the node has said nothing", name, state)
	}
}
