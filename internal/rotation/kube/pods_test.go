package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/testcluster"
)

const selector = "app.kubernetes.io/name=channel-gateway"

// pod makes one of the gateway, or another.
func pod(t *testing.T, c *testcluster.Cluster, namespace, name string, change func(*corev1.Pod)) {
	t.Helper()
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/name": "channel-gateway"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "sidecar", Image: "sidecar:1"},
			{Name: "gateway", Image: "gateway:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}}},
		}},
	}
	if change != nil {
		change(p)
	}
	deadline := time.Now().Add(patience)
	for {
		_, err := c.Client().CoreV1().Pods(namespace).Create(t.Context(), p, metav1.CreateOptions{})
		if err == nil {
			return
		}
		if time.Now().After(deadline) { // the service account of a new namespace takes a moment
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// running waits until so many pods are listed, and returns them.
func running(t *testing.T, p *Pods, n int) []rotation.Replica {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		all, err := p.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == n {
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("pods %+v, want %d", all, n)
		}
	}
}

func podsOf(t *testing.T, c *testcluster.Cluster, namespace string, login testcluster.Login) *Pods {
	t.Helper()
	p, err := as(t, c, login).Pods(namespace, selector, 8080)
	if err != nil {
		t.Fatal(err)
	}
	p.idleTime = 50 * time.Millisecond
	t.Cleanup(func() {
		for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			p.mu.Lock()
			left := len(p.sessions)
			p.mu.Unlock()
			if left == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("%d sessions are left", left)
				return
			}
		}
	})
	return p
}

var god = testcluster.Login{User: "admin", Groups: []string{"system:masters"}}

// Those that a Service would send to are listed, with the start of the gateway in them.
func TestPodsThatServe(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	p := podsOf(t, c, namespace, god)
	pod(t, c, namespace, "gateway-a", nil)
	pod(t, c, namespace, "gateway-b", func(p *corev1.Pod) { p.Finalizers = []string{"squall.test/stay"} })
	pod(t, c, namespace, "not-ready", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"squall.test/no": "node"} })
	pod(t, c, namespace, "other", func(p *corev1.Pod) { p.Labels = map[string]string{"app.kubernetes.io/name": "orchestrator"} })
	all := running(t, p, 2)
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
		api, err := c.Client().CoreV1().Pods(namespace).Get(t.Context(), r.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		for _, s := range api.Status.ContainerStatuses {
			if s.Name == "gateway" {
				want = s.State.Running.StartedAt.UTC().Format(time.RFC3339)
			}
		}
		if r.Started != want || want == "" {
			t.Errorf("%s started at %q, want %q", r.Name, r.Started, want)
		}
	}
	slices.Sort(names)
	if want := []string{"gateway-a", "gateway-b"}; !slices.Equal(names, want) {
		t.Errorf("pods %v, want %v", names, want)
	}
	if err := c.Client().CoreV1().Pods(namespace).Delete(t.Context(), "gateway-b", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if all := running(t, p, 1); all[0].Name != "gateway-a" {
		t.Errorf("pods %+v", all)
	}
	if n, err := p.Check(t.Context()); n != 1 || err != nil {
		t.Errorf("checked: %d, %v", n, err)
	}
	patch := []byte(`{"metadata":{"finalizers":null}}`)
	if _, err := c.Client().CoreV1().Pods(namespace).Patch(t.Context(), "gateway-b", "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
		t.Error(err)
	}
}

// gateway is a server that stands for the gateway in a pod, and the connections to it.
func gateway(t *testing.T) (address string, connections func() int, server *httptest.Server) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		seen[r.RemoteAddr] = true
		mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%d bytes", len(body))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}, server
}

// ask sends a message to a pod, as a probe is sent.
func ask(ctx context.Context, p *Pods, name, body string) (int, string, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return p.Dial(ctx, name) },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://gateway.example/webchat/webhook", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// eventually asks until the error is as it should be.
func eventually(t *testing.T, p *Pods, name string, fits func(error) bool) error {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		_, _, err := ask(t.Context(), p, name, "x")
		if fits(err) {
			return err
		}
		if time.Now().After(deadline) {
			t.Fatalf("last error %v", err)
		}
	}
}

// Through the real API server and its node: every message on a connection of its own to the pod, many at once in one session.
func TestPortForward(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	c.Allow(t, namespace, rbacv1.Subject{Kind: "User", Name: "carl"}, role(t)...)
	address, connections, server := gateway(t)
	c.Exec(t, testcluster.Rule{Namespace: namespace, Pod: "gateway-a", Forward: map[string]string{"8080": address}})
	pod(t, c, namespace, "gateway-a", nil)
	proxy := c.Proxy(t, 0)
	p := podsOf(t, c, namespace, testcluster.Login{User: "carl", Server: proxy.URL()})
	running(t, p, 1)

	const many = 20
	large := strings.Repeat("x", 200<<10) // more than a window of SPDY
	var all sync.WaitGroup
	for n := range many {
		all.Go(func() {
			body := large[:len(large)-n]
			began := time.Now()
			status, text, err := ask(t.Context(), p, "gateway-a", body)
			if want := fmt.Sprintf("%d bytes", len(body)); status != http.StatusAccepted || text != want || err != nil {
				t.Errorf("answer %d %q after %v, %v", status, text, time.Since(began), err)
			}
		})
	}
	all.Wait()
	if got := connections(); got != many {
		t.Errorf("%d connections to the pod, want %d", got, many)
	}

	// A session that breaks is replaced.
	conn, err := p.Dial(t.Context(), "gateway-a")
	if err != nil {
		t.Fatal(err)
	}
	proxy.Break()
	var way *rotation.WayError
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &way) {
		t.Errorf("read of a session that has ended: %v", err)
	}
	conn.Close()
	eventually(t, p, "gateway-a", func(err error) bool { return err == nil })

	// A gateway that is away in a pod that is there is an answer; a way that does not exist is none.
	server.Close()
	if err := eventually(t, p, "gateway-a", func(err error) bool { return err != nil && !errors.As(err, &way) }); !strings.Contains(err.Error(), "port 8080 of pod gateway-a: connection refused") {
		t.Errorf("without a gateway: %v", err)
	}
	pod(t, c, namespace, "gateway-b", nil)
	running(t, p, 2)
	eventually(t, p, "gateway-b", func(err error) bool {
		return errors.As(err, &way) && !way.All && strings.Contains(err.Error(), "port-forward to pod "+namespace+"/gateway-b: ")
	})
	eventually(t, p, "gateway-c", func(err error) bool {
		return errors.As(err, &way) && !way.All && strings.Contains(err.Error(), `pods "gateway-c" not found`)
	})
}

// A connection that nobody answers is given up when its context ends.
func TestPortForwardIsBounded(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c.Exec(t, testcluster.Rule{Namespace: namespace, Forward: map[string]string{"8080": silent.Addr().String()}})
	pod(t, c, namespace, "gateway-a", nil)
	p := podsOf(t, c, namespace, god)
	running(t, p, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var way *rotation.WayError
	if _, _, err := ask(ctx, p, "gateway-a", "x"); !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &way) {
		t.Errorf("a gateway that is silent: %v", err)
	}
}

// Without the right to port-forward all pods are out of reach, and that is no answer of theirs.
func TestPodsWithoutRights(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	p := podsOf(t, c, namespace, testcluster.Login{User: "dora"})
	if _, err := p.List(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "list pods of "+namespace+": ") || !strings.HasSuffix(err.Error(), RoleHint) {
		t.Errorf("list: %v", err)
	}
	if _, err := p.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "may not list pods of "+namespace+": "+RoleHint) {
		t.Errorf("checked: %v", err)
	}
	c.Allow(t, namespace, rbacv1.Subject{Kind: "User", Name: "dora"}, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		_, err := p.Check(t.Context())
		if err != nil && strings.Contains(err.Error(), "may not create pods/portforward of "+namespace+": "+RoleHint) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("checked: %v", err)
		}
	}
	pod(t, c, namespace, "gateway-a", nil)
	running(t, p, 1)
	_, _, err := ask(t.Context(), p, "gateway-a", "x")
	var way *rotation.WayError
	if !errors.As(err, &way) || !way.All || !strings.Contains(err.Error(), `cannot create resource "pods/portforward"`) || !strings.Contains(err.Error(), RoleHint) {
		t.Errorf("asked: %v", err)
	}
}

func TestSelector(t *testing.T) {
	if _, err := new(Cluster).Pods("staging", "a in (", 8080); err == nil || !strings.Contains(err.Error(), "read the selector of the gateway's pods") {
		t.Errorf("error %v", err)
	}
}
