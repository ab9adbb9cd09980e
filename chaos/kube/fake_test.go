package kube

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
)

// answering is a link to an API server that gives the n-th request (from 1) the n-th answer, and the
// last from then on: what a real one does only under load.
func answering(t *testing.T, answers ...metav1.Status) (cl *cluster, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := min(int(asked.Add(1)), len(answers))
		w.Header().Set("Content-Type", "application/json")
		if answers[n-1].Code == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(int(answers[n-1].Code))
		if r.Method == http.MethodGet && answers[n-1].Code == http.StatusOK {
			pod := corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "redis-0", UID: "uid"}}
			_ = json.NewEncoder(w).Encode(pod)
			return
		}
		_ = json.NewEncoder(w).Encode(answers[n-1])
	}))
	t.Cleanup(server.Close)
	cl, err := connect(Config{Kubeconfig: kubeconfigFor(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	return cl, asked
}

func status(code int32, reason metav1.StatusReason, message string, causes ...metav1.StatusCause) metav1.Status {
	s := metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
	s.APIVersion, s.Kind = "v1", "Status"
	if code < 400 {
		s.Status = metav1.StatusSuccess
	}
	if len(causes) > 0 {
		s.Details = &metav1.StatusDetails{Causes: causes}
	}
	return s
}

func TestBusyAPIServer(t *testing.T) {
	busy := status(429, metav1.StatusReasonTooManyRequests, "too many requests, please try again later")
	budget := status(429, metav1.StatusReasonTooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.",
		metav1.StatusCause{Type: policyv1.DisruptionBudgetCause, Message: "The disruption budget redis needs 2 healthy pods and has 2 currently"})
	unseen := status(429, metav1.StatusReasonTooManyRequests, "Cannot evict pod as it would violate the pod's disruption budget.",
		metav1.StatusCause{Type: policyv1.DisruptionBudgetCause, Message: "The disruption budget redis is still being processed by the server."})
	unseen.Details.RetryAfterSeconds = 1
	conflict := status(409, metav1.StatusReasonConflict, "Operation cannot be fulfilled on poddisruptionbudgets: the object has been modified")
	done, stays := status(201, "", ""), status(200, "", "") // to a GET: the pod
	gone := status(404, metav1.StatusReasonNotFound, "pods redis-0 not found")
	for name, test := range map[string]struct {
		answers []metav1.Status
		asked   int64
		says    string
	}{
		"busy once":                {[]metav1.Status{busy, done}, 2, ""},
		"busy for good":            {[]metav1.Status{busy}, evictTries, "the API server was too busy 5 times"},
		"a budget":                 {[]metav1.Status{budget}, 1, "a disruption budget refuses it: Cannot evict pod as it would violate the pod's disruption budget. (The disruption budget redis needs 2 healthy pods and has 2 currently)"},
		"budget not looked at yet": {[]metav1.Status{unseen, done}, 2, ""},
		"budget never looked at":   {[]metav1.Status{unseen}, evictTries, "a disruption budget could not be judged 5 times: Cannot evict pod as it would violate the pod's disruption budget. (The disruption budget redis is still being processed by the server.)"},
		"a conflict, then done":    {[]metav1.Status{conflict, stays, done}, 3, ""},
		"conflicts":                {[]metav1.Status{conflict, stays, conflict, stays, conflict, stays, conflict, stays, conflict, stays}, 10, "answered 409 Conflict 5 times: Operation cannot be fulfilled"},
		"busy and a budget":        {[]metav1.Status{busy, budget}, 2, "a disruption budget refuses it"},
		"overlap": {
			[]metav1.Status{status(500, metav1.StatusReasonInternalError, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")},
			1, "disruption budgets overlap on it",
		},
		"namespace ends": {
			[]metav1.Status{status(403, metav1.StatusReasonForbidden, "namespace xin is being terminated", metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})},
			1, "evict pod ns/redis-0: namespace xin is being terminated",
		},
		"gone already":   {[]metav1.Status{status(404, metav1.StatusReasonNotFound, "pods redis-0 not found")}, 1, ""},
		"has successor":  {[]metav1.Status{status(409, metav1.StatusReasonConflict, "Precondition failed: UID in precondition"), gone}, 2, ""},
		"a lost login":   {[]metav1.Status{status(401, metav1.StatusReasonUnauthorized, "Unauthorized")}, 1, "the login of context one has expired or is unknown: log in again"},
		"a lost right":   {[]metav1.Status{status(403, metav1.StatusReasonForbidden, `pods "redis-0" is forbidden: User "ann" cannot create resource "pods/eviction"`)}, 1, "apply the Role in docs/faults.md"},
		"server on fire": {[]metav1.Status{status(500, metav1.StatusReasonInternalError, "etcd is away")}, 1, "etcd is away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl, asked := answering(t, test.answers...)
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "redis-0", UID: "uid"}}
			err := cl.evict(t.Context(), pod, nil)
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Error(err)
			}
			if got := asked.Load(); got != test.asked {
				t.Errorf("asked %d times, want %d", got, test.asked)
			}
		})
	}
}

func TestNamespaceThatIsNotAllowedIsNotLookedAt(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	d, err := New(Config{
		Kubeconfig: kubeconfigFor(t, server.URL), Session: testSession, Namespace: "xin-prod", Allow: []string{"xin-staging"},
		Custom: []chaos.Custom{{ID: "custom", Workload: &chaos.CustomWorkload{Way: wayScale, Kind: "deployment", Namespace: "kube-system", Name: "coredns"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range d.Faults() {
		full, err := chaos.Complete(f.Info().Params, nil)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := f.Plan(t.Context(), full)
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, plan, "is not allowed: allowed are xin-staging; add --allow-namespace ")
		if len(plan.Steps) != 0 {
			t.Errorf("%s has steps", f.Info().ID)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}
