package cli_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/testcluster"
	"xinbot.ir/squall/internal/timeline"
)

// signedGateway is a replica of a gateway with one secret at a time.
type signedGateway struct{ secret atomic.Pointer[string] }

func (g *signedGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	mac := hmac.New(sha256.New, []byte(*g.secret.Load()))
	mac.Write(body)
	if r.Header.Get("X-Webchat-Signature") != hex.EncodeToString(mac.Sum(nil)) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprint(w, `{"status":"accepted"}`)
}

// A whole drill on a real control plane: the Secret changes, one pod goes over and the other lags. Both are probed through a
// port-forward, and the one that lags is named.
func TestRotateOnKubernetes(t *testing.T) {
	endToEnd(t)
	cluster := testcluster.Start(t)
	namespace := cluster.Namespace(t)
	const was, becomes = "canary-of-before", "canary-of-after"
	names := []string{"gateway-a", "gateway-b"}
	gateways := []*signedGateway{{}, {}}
	for i, g := range gateways {
		g.secret.Store(new(was))
		server := httptest.NewServer(g)
		t.Cleanup(server.Close)
		cluster.Exec(t, testcluster.Rule{Namespace: namespace, Pod: names[i], Forward: map[string]string{"8080": server.Listener.Addr().String()}})
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: names[i], Labels: map[string]string{"app.kubernetes.io/name": "channel-gateway"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "gateway", Image: "gateway:1", Ports: []corev1.ContainerPort{{ContainerPort: 8080}}}}},
		}
		until(t, "a pod can be created", func() bool {
			_, err := cluster.Client().CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
			return err == nil
		})
	}
	var turn atomic.Uint32
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gateways[turn.Add(1)%2].ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	secrets := cluster.Client().CoreV1().Secrets(namespace)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "gateway-secrets"}, StringData: map[string]string{"WEBHOOK_SECRET": was}}
	if _, err := secrets.Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}

	environ := []string{"GATEWAY_URL=" + front.URL + "/webchat/webhook", "WEBHOOK_SECRET=" + was}
	where := []string{
		"--kubeconfig", cluster.Kubeconfig(t, testcluster.Login{User: "admin", Groups: []string{"system:masters"}}),
		"--namespace", namespace, "--allow-namespace", namespace, "--next-secret-kubernetes", "webchat=" + namespace + "/gateway-secrets:WEBHOOK_SECRET",
	}
	dry := start(t, environ, append([]string{"rotate", "--dry-run"}, where...)...).expect(t, 0)
	for _, want := range []string{
		"✓ secret " + namespace + "/gateway-secrets:WEBHOOK_SECRET: can be read and watched; it is the secret in use, so nothing is rotated yet",
		"✓ replicas: 2 pods of the gateway, each of which can be asked by itself",
	} {
		if !strings.Contains(dry.out.String(), want) {
			t.Errorf("the dry run lacks %q in\n%s", want, dry.out)
		}
	}

	p := start(t, environ, append([]string{"rotate", "--out", "run", "--wait", "60s", "--settle", "60s", "--verify", "2s", "--max-lost", "1000000", "--max-gap", "1m", "--vus", "2"}, where...)...)
	probes := func(replica, signed, answer string) bool {
		data, err := os.ReadFile(filepath.Join(p.dir, "probes.jsonl"))
		for line := range strings.Lines(string(data)) {
			if strings.Contains(line, `"`+replica+`"`) && strings.Contains(line, `"`+signed+`"`) && strings.Contains(line, `"`+answer+`"`) {
				return err == nil
			}
		}
		return false
	}
	for _, name := range names {
		until(t, name+" is probed", func() bool { return probes(name, string(event.SignedOld), "accepted") })
	}
	secret.StringData["WEBHOOK_SECRET"] = becomes
	changed, err := secrets.Update(t.Context(), secret, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the next secret is tried", func() bool { return probes(names[0], string(event.SignedNext), "rejected") })
	gateways[0].secret.Store(new(becomes))
	until(t, names[0]+" is seen to have switched", func() bool { return probes(names[0], string(event.SignedNext), "accepted") })
	time.Sleep(3 * time.Second) // for which the other one lags
	gateways[1].secret.Store(new(becomes))
	if code := p.waitFor(t, 3*time.Minute); code != 0 {
		t.Errorf("exit code %d", code)
	}

	run, err := rundir.Open(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, e := range run.Events {
		if d, is := e.Data.(event.SecretChanged); is {
			told = true
			if d.Channel != "webchat" || d.Version != changed.ResourceVersion || !d.Deployed || d.Source != "secret "+namespace+"/gateway-secrets:WEBHOOK_SECRET" {
				t.Errorf("changed %+v, want version %s", d, changed.ResourceVersion)
			}
		}
	}
	r := timeline.Of(run.Events).Rotated()
	if !told || r == nil || r.Judged == nil {
		t.Fatalf("told of the change %v, rotation %+v", told, r)
	}
	for _, v := range r.Judged.Channels {
		if n := len(v.Replicas); n != 2 || v.Replicas[1].Replica != names[1] || v.Replicas[1].Lag < 1 || v.Replicas[0].Switched == nil || v.Replicas[1].Started == "" {
			t.Errorf("replicas %+v", v.Replicas)
		}
	}
	for _, f := range r.Judged.Findings {
		if f.Expect == event.ExpectReplicas && f.Verdict != event.ExpectationMet {
			t.Errorf("%s: %s (%s)", f.Text, f.Verdict, f.Reason)
		}
	}
	err = filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(was)) || bytes.Contains(data, []byte(becomes)) {
			t.Errorf("a secret is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if text := p.out.String() + p.err.String() + dry.out.String() + dry.err.String(); strings.Contains(text, was) || strings.Contains(text, becomes) {
		t.Error("a secret is printed")
	}
}
