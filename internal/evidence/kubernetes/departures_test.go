package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
)

// podWith is a pod of StatefulSet redis with one container that runs.
func podWith(uid, name string, restarts int32) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "staging", Name: name, UID: types.UID(uid), OwnerReferences: []metav1.OwnerReference{{Kind: "StatefulSet", Name: "redis", Controller: new(true)}}},
		Spec:       corev1.PodSpec{NodeName: "node-1"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "redis", RestartCount: restarts, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
		}},
	}
}

func evicted(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	p.DeletionTimestamp = &metav1.Time{Time: second(10)}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI"}}
	return p
}

// stageOf is departures whose logs are these.
func stageOf(read logReader) (*departures, *evidencetest.Sink) {
	sink := &evidencetest.Sink{}
	d := newDepartures(read, strings.NewReplacer("hunter2", "***").Replace)
	d.begin(evidence.NewGapLog(Name, sink))
	return d, sink
}

func textsOf(t *testing.T, d *departures) map[string]string {
	t.Helper()
	d.tasks.Wait()
	dir, texts := t.TempDir(), map[string]string{}
	if err := d.write(dir, func(f evidence.File) {
		b, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			t.Error(err)
		}
		texts[f.Name] = string(b)
	}); err != nil {
		t.Error(err)
	}
	return texts
}

func TestDepartureOfAnEvictedPod(t *testing.T) {
	var asked []string
	d, _ := stageOf(func(_ context.Context, namespace, pod, container string, previous bool) (string, error) {
		asked = append(asked, fmt.Sprint(namespace, "/", pod, " ", container, " ", previous))
		return "10:00 bye, password hunter2\x1b[2J\n", nil
	})
	p := podWith("u1", "redis-0", 0)
	d.see(t.Context(), p, second(1))
	d.event(&corev1.Event{
		ObjectMeta: metav1.ObjectMeta{UID: "e1"}, Type: "Normal", Reason: "Killing", Message: "Stopping container\nredis", Count: 2, LastTimestamp: metav1.Time{Time: second(10)},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "u1"},
	})
	d.see(t.Context(), evicted(p), second(10.5))
	d.see(t.Context(), evicted(p), second(11)) // it is still terminating
	d.left("u1", second(12), false)
	texts := textsOf(t, d)
	const want = `Pod:            staging/redis-0
UID:            u1
Workload:       statefulset redis
Node:           node-1
What happened:  deleted (EvictionByEvictionAPI)
Seen at:        2026-11-28T06:00:10.500Z
Gone at:        2026-11-28T06:00:12.000Z

Events:
  2026-11-28T06:00:10.000Z  Normal  Killing (x2)  Stopping container\nredis

Last lines of container redis, read at TIME (at most 50 lines, 16 KiB):
10:00 bye, password ***\x1b[2J
`
	text := texts["pod-staging-redis-0.txt"]
	if i := strings.Index(text, "read at "); i > 0 {
		text = text[:i+8] + "TIME" + text[i+8+len(evidence.TimeFormat)-5:]
	}
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if list := texts["gone-pods.csv"]; list != "seen_at,gone_at,namespace,pod,workload,how,file\n2026-11-28T06:00:10.500Z,2026-11-28T06:00:12.000Z,staging,redis-0,statefulset redis,deleted (EvictionByEvictionAPI),pod-staging-redis-0.txt\n" {
		t.Error(list)
	}
	if !slices.Equal(asked, []string{"staging/redis-0 redis false"}) {
		t.Errorf("asked %q", asked)
	}
}

func TestDepartureOfACrashedPod(t *testing.T) {
	d, _ := stageOf(func(_ context.Context, _, _, _ string, previous bool) (string, error) {
		if !previous {
			return "", errors.New("not to be asked")
		}
		return "panic\n", nil
	})
	d.see(t.Context(), podWith("u1", "redis-0", 3), second(1)) // restarts of before the run
	p := podWith("u1", "redis-0", 4)
	p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled", FinishedAt: metav1.Time{Time: second(9)}}
	d.see(t.Context(), p, second(10))
	text := textsOf(t, d)["pod-staging-redis-0.txt"]
	for _, want := range []string{
		"What happened:  container redis restarted\n", "Gone at:        it was still there at the end of the run\n",
		"container redis ended before its last restart at 2026-11-28T06:00:09.000Z with code 137, OOMKilled\n", "  none was seen\n",
		"Last lines of container redis before its last restart, read at ", "\npanic\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// What cannot be read is said in the pod's text; a right that is missing is a gap, a pod that is gone already is none.
func TestDepartureWithoutLines(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for name, c := range map[string]struct {
		err  error
		want string
		gaps int
	}{
		"gone":     {apierrors.NewNotFound(pods, "redis-0"), `not read: pods "redis-0" not found`, 0},
		"no right": {apierrors.NewForbidden(pods, "redis-0", errors.New("no right")), `not read: pods "redis-0" is forbidden: no right`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d, sink := stageOf(func(context.Context, string, string, string, bool) (string, error) { return "", c.err })
			p := podWith("u1", "redis-0", 0)
			d.see(t.Context(), p, second(1))
			d.see(t.Context(), evicted(p), second(2))
			text := textsOf(t, d)["pod-staging-redis-0.txt"]
			if !strings.Contains(text, c.want) || len(sink.Gaps("pod logs of staging")) != c.gaps {
				t.Errorf("gaps %v, text\n%s", sink.Gaps("pod logs of staging"), text)
			}
		})
	}
	t.Run("at once", func(t *testing.T) {
		d, _ := stageOf(nil)
		d.see(t.Context(), podWith("u1", "redis-0", 0), second(1))
		d.see(t.Context(), podWith("u2", "redis-1", 0), second(1))
		d.left("u1", second(2), false)
		d.keep("staging", nil, second(3))
		texts := textsOf(t, d)
		if got := texts["pod-staging-redis-0.txt"]; !strings.Contains(got, "gone at once: its lines could not be asked for\n") {
			t.Error(got)
		}
		if got := texts["pod-staging-redis-1.txt"]; !strings.Contains(got, "gone while it was not watched") {
			t.Error(got)
		}
	})
}

func TestDeparturesAreBounded(t *testing.T) {
	d, _ := stageOf(func(context.Context, string, string, string, bool) (string, error) { return "x", nil })
	for i := range mostDepartures + 7 {
		p := podWith(fmt.Sprint(i), "redis-0", 0)
		d.see(t.Context(), p, second(1))
		d.see(t.Context(), evicted(p), second(2))
		d.left(p.UID, second(3), false)
	}
	for i := range mostPodEvents + 7 {
		d.event(&corev1.Event{ObjectMeta: metav1.ObjectMeta{UID: types.UID(fmt.Sprint(i))}, InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "0"}})
	}
	texts := textsOf(t, d)
	if len(texts) != mostTexts+1 || texts["pod-staging-redis-0-50.txt"] == "" {
		t.Errorf("%d files", len(texts))
	}
	if list := texts["gone-pods.csv"]; strings.Count(list, "\n") != mostDepartures+2 || !strings.HasSuffix(list, ",,,,,\"7 more, of which nothing is kept\",\n") {
		t.Errorf("%d lines, the end is %q", strings.Count(list, "\n"), list[len(list)-60:])
	}
	if n := strings.Count(texts["pod-staging-redis-0.txt"], "0001-01-01"); n != 0 || d.kept != mostPodEvents || !d.lost {
		t.Errorf("%d events, %d without time", d.kept, n)
	}
}

// An event is dropped when the cluster drops it, but not that of a pod that went away.
func TestEventsOfPodsThatStay(t *testing.T) {
	d, _ := stageOf(nil)
	e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{UID: "e1"}, InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "u1"}}
	d.event(e)
	d.event(e)
	d.forget(e)
	if d.kept != 0 || len(d.events) != 0 {
		t.Errorf("%d events, %v", d.kept, d.events)
	}
	d.see(t.Context(), podWith("u1", "redis-0", 0), second(1))
	d.event(e)
	d.left("u1", second(2), false)
	d.forget(e)
	if d.kept != 1 || len(d.events["u1"]) != 1 {
		t.Errorf("%d events, %v", d.kept, d.events)
	}
}

func TestLastBytes(t *testing.T) {
	line := strings.Repeat("é", 500) + "\n"
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"short":    {"a\nb\n", "a\nb\n"},
		"long":     {strings.Repeat(line, 20), "(cut at the beginning)\n" + strings.Repeat(line, mostBytes/len(line))},
		"one line": {"x" + strings.Repeat("é", 10_000), "(cut at the beginning)\n" + strings.Repeat("é", mostBytes/2)},
		"too long": {strings.Repeat("z", mostRead), "(the last 50 lines have more than 256 KiB: what came after these is missing)\n(cut at the beginning)\n" + strings.Repeat("z", mostBytes)},
	} {
		if got := lastBytes([]byte(c.text)); got != c.want {
			t.Errorf("%s: %d bytes %.120q, want %d", name, len(got), got, len(c.want))
		}
	}
}
