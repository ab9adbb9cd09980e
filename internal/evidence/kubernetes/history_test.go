package kubernetes

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
)

func second(n float64) time.Time {
	return time.Date(2026, time.November, 28, 6, 0, 0, 0, time.UTC).Add(time.Duration(n * float64(time.Second)))
}

func podOf(set, uid string, restarts int32) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid), Labels: map[string]string{"pod-template-hash": "7d9"}, OwnerReferences: []metav1.OwnerReference{
			{Kind: "ReplicaSet", Name: set + "-7d9", Controller: new(true)},
		}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "a", RestartCount: restarts}}},
	}
}

func written(t *testing.T, h *history, until time.Time) string {
	t.Helper()
	var out bytes.Buffer
	rows, err := h.write(&out, until, strings.NewReplacer("secret", "***").Replace)
	if lines := strings.Count(out.String(), "\n"); err != nil || rows != lines-1 {
		t.Errorf("%d rows of %d lines, %v", rows, lines, err)
	}
	_, table, _ := strings.Cut(out.String(), "\n")
	return strings.ReplaceAll(table, "2026-11-28T06:", "")
}

func TestHistory(t *testing.T) {
	h := newHistory("staging")
	h.lose(statefulSet, "statefulsets: nothing answers", second(0.5))
	h.set(deployment, "gateway", replicas{2, 2, 2}, second(1))
	h.seePod(podOf("gateway", "old", 7), second(1.1))
	h.keepPods(map[types.UID]bool{"old": true})
	h.losePods("", second(1.2))
	h.set(deployment, "gateway", replicas{2, 2, 2}, second(5)) // nothing changed
	h.set(deployment, "gateway", replicas{4, 2, 2}, second(10))
	h.set(deployment, "gateway", replicas{4, 4, 1}, second(10.3))
	h.set(deployment, "gateway", replicas{4, 4, 3}, second(10.6))
	h.seePod(podOf("gateway", "old", 9), second(12))
	h.seePod(podOf("gateway", "new", 1), second(14))
	h.forgetPod("old")
	h.lose(deployment, "deployments: secret, away", second(20))
	h.losePods("pods: away", second(20.1))
	h.set(deployment, "gateway", replicas{4, 4, 4}, second(30)) // is known when the gap is over
	h.lose(deployment, "", second(30))
	h.losePods("", second(30.2))
	h.set(deployment, "worker", replicas{1, 1, 1}, second(31))
	h.keep(deployment, map[string]bool{"gateway": true}, second(33))
	h.remove(deployment, "gateway", second(40))
	const want = `00:00.500Z,statefulset,,,,0,statefulsets: nothing answers
00:01.200Z,deployment gateway,2,2,2,0,
00:10.000Z,deployment gateway,4,2,2,0,
00:10.300Z,deployment gateway,4,4,1,0,
00:10.600Z,deployment gateway,4,4,3,0,
00:12.000Z,deployment gateway,4,4,3,2,
00:14.000Z,deployment gateway,4,4,3,3,
00:20.000Z,deployment gateway,,,,3,"deployments: ***, away"
00:20.100Z,deployment gateway,,,,,"deployments: ***, away"
00:30.000Z,deployment gateway,4,4,4,,pods: away
00:30.200Z,deployment gateway,4,4,4,3,
00:31.000Z,deployment worker,1,1,1,0,
00:33.000Z,deployment worker,0,0,0,0,
00:40.000Z,deployment gateway,0,0,0,3,
00:50.000Z,deployment gateway,0,0,0,3,
00:50.000Z,deployment worker,0,0,0,0,
`
	if got := written(t, h, second(50)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// That something is lost is learned late, of each resource at another time, and what is not known is never told as if it were:
// whichever is told last.
func TestLateLosses(t *testing.T) {
	lose := map[string]func(*history){
		"workloads":   func(h *history) { h.lose(statefulSet, "statefulsets: away", second(20)) },
		"pods":        func(h *history) { h.losePods("pods: away", second(20)) },
		"pods, later": func(h *history) { h.losePods("pods: away", second(21)) },
	}
	for _, c := range []struct{ first, then, want string }{
		{"workloads", "pods", "00:20.000Z,statefulset redis,,,,,statefulsets: away\n"},
		{"pods", "workloads", "00:20.000Z,statefulset redis,,,,,statefulsets: away\n"},
		{"pods, later", "workloads", "00:20.000Z,statefulset redis,,,,1,statefulsets: away\n00:21.000Z,statefulset redis,,,,,statefulsets: away\n"},
	} {
		h := newHistory("staging")
		h.set(statefulSet, "redis", replicas{2, 2, 2}, second(1))
		h.losePods("", second(1))
		h.set(statefulSet, "redis", replicas{2, 2, 1}, second(10))
		h.workloads["statefulset redis"].restarts = 1
		h.set(statefulSet, "redis", replicas{0, 0, 0}, second(30)) // was told before the loss was
		lose[c.first](h)
		lose[c.then](h)
		want := "00:01.000Z,statefulset redis,2,2,2,0,\n00:10.000Z,statefulset redis,2,2,1,0,\n" + c.want + "00:50.000Z,statefulset redis,,,,,statefulsets: away\n"
		if got := written(t, h, second(50)); got != strings.Replace(want, ",1,statefulsets", ",0,statefulsets", 1) {
			t.Errorf("%s, then %s: got\n%s\nwant\n%s", c.first, c.then, got, want)
		}
	}
}

// A server that does not answer in time is known to be silent long before its watches fail, since the last that was heard of it.
func TestSilentServer(t *testing.T) {
	n := newNamespace("staging", nil)
	sink := &evidencetest.Sink{}
	n.outage = &outage{panel: "workloads of staging", gaps: evidence.NewGapLog(Name, sink), down: map[string]bool{}}
	n.answered = second(0)
	n.history.set(deployment, "gateway", replicas{2, 2, 2}, second(1))
	n.history.losePods("", second(1))
	n.hear(second(5.1), nil)
	n.history.set(deployment, "gateway", replicas{2, 2, 1}, second(6))
	n.hear(second(20), &evidence.Problem{Cause: evidence.TimedOut})
	n.hear(second(26), &evidence.Problem{Cause: evidence.Unreachable})
	n.hear(second(30.1), &evidence.Problem{Cause: evidence.Unauthorized}) // is an answer
	n.hear(second(45), &evidence.Problem{Cause: evidence.TimedOut})
	const want = `00:01.000Z,deployment gateway,2,2,2,0,
00:06.000Z,deployment gateway,2,2,1,0,
00:06.001Z,deployment gateway,,,,,the API server: no answer in time
00:30.100Z,deployment gateway,2,2,1,0,
00:30.101Z,deployment gateway,,,,,the API server: no answer in time
00:50.000Z,deployment gateway,,,,,the API server: no answer in time
`
	if got := written(t, n.history, second(50)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	gaps := sink.Gaps("workloads of staging")
	if len(gaps) != 3 || gaps[0].Cause != evidence.TimedOut || !gaps[0].From.Equal(second(6.001)) || !gaps[1].Until.Equal(second(30.1)) || !gaps[2].From.Equal(second(30.101)) {
		t.Errorf("gaps %+v", gaps)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := newHistory("staging")
	h.losePods("", second(0))
	for i := range mostPoints + 10 {
		h.set(deployment, "gateway", replicas{i, i, i}, second(float64(i)))
	}
	got := written(t, h, second(1e6))
	if rows := strings.Count(got, "\n"); rows != mostPoints+1 || !strings.HasSuffix(got, ",deployment gateway,,,,,there was more than is kept\n") {
		t.Errorf("%d rows, the last is %q", rows, got[len(got)-80:])
	}
	for i := range 2 * mostWorkloads {
		h.set(deployment, fmt.Sprint(i), replicas{1, 1, 1}, second(0))
	}
	if len(h.workloads) != mostWorkloads {
		t.Errorf("%d workloads", len(h.workloads))
	}
}

func TestWorkloadOfPod(t *testing.T) {
	owned := func(kind, name string, controls bool) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"pod-template-hash": "7d9"}, OwnerReferences: []metav1.OwnerReference{{Kind: kind, Name: name, Controller: new(controls)}}}}
	}
	for _, c := range []struct {
		pod  *corev1.Pod
		want string
	}{
		{owned("StatefulSet", "redis", true), "statefulset redis true"},
		{owned("ReplicaSet", "gateway-7d9", true), "deployment gateway true"},
		{owned("ReplicaSet", "alone", true), "deployment alone false"}, // of no Deployment
		{owned("StatefulSet", "redis", false), "  false"},
		{owned("Job", "import", true), "  false"},
		{&corev1.Pod{}, "  false"},
	} {
		kind, name, ok := workloadOf(c.pod)
		if got := fmt.Sprint(kind, " ", name, " ", ok); got != c.want {
			t.Errorf("%v: %q, want %q", c.pod.OwnerReferences, got, c.want)
		}
	}
}

// That events were not read is no "none was seen".
func TestUnreadEventsOfAPod(t *testing.T) {
	x := &departure{namespace: "staging", name: "redis-0", how: "deleted"}
	if text := x.document("u", nil, false, ""); !strings.Contains(text, "Events:\n  none was seen\n") {
		t.Errorf("read:\n%s", text)
	}
	if text := x.document("u", nil, false, "a right is missing"); strings.Contains(text, "none was seen") || !strings.Contains(text, "Events:\n  not all were read, some may be missing: a right is missing\n") {
		t.Errorf("not read:\n%s", text)
	}
}
