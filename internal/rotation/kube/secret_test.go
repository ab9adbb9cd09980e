package kube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/testcluster"
)

const secretName = "xin-channel-gateway-secrets"

// watched is what a source gives.
type watched struct {
	secrets  chan rotation.Secret
	problems chan error
}

// watching watches a Secret until the test ends.
func watching(t *testing.T, s *Secret) watched {
	t.Helper()
	w := watched{make(chan rotation.Secret, 100), make(chan error, 100)}
	var running sync.WaitGroup
	running.Go(func() {
		s.Watch(t.Context(), func(got rotation.Secret) { w.secrets <- got }, func(err error) { w.problems <- err })
	})
	t.Cleanup(running.Wait)
	return w
}

// write sets the keys of the Secret of a namespace, and returns its version.
func write(t *testing.T, c *testcluster.Cluster, namespace string, keys map[string]string) string {
	t.Helper()
	secrets := c.Client().CoreV1().Secrets(namespace)
	patch, err := json.Marshal(map[string]any{"stringData": keys})
	if err != nil {
		t.Fatal(err)
	}
	got, err := secrets.Patch(t.Context(), secretName, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		got, err = secrets.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: secretName}, StringData: keys}, metav1.CreateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return got.ResourceVersion
}

// reader may read that one Secret and nothing else.
func reader(verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{secretName}, Verbs: verbs}
}

// A change is seen by the watch: the next list would be minutes away.
func TestChangedSecretIsSeen(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	c.Allow(t, namespace, rbacv1.Subject{Kind: "User", Name: "ann"}, role(t)...)
	first := write(t, c, namespace, map[string]string{"web": "one", "other": "x"})
	source := as(t, c, testcluster.Login{User: "ann"}).Secret(Key{Channel: "webchat", Namespace: namespace, Name: secretName, Key: "web"})
	if want := "secret " + namespace + "/" + secretName + ":web"; source.Name() != want {
		t.Errorf("name %q, want %q", source.Name(), want)
	}
	w := watching(t, source)
	if got, want := next(t, w.secrets), (rotation.Secret{Channel: "webchat", Value: "one", Version: first, Deployed: true}); got != want {
		t.Errorf("first %+v, want %+v", got, want)
	}
	for n := range 5 {
		write(t, c, namespace, map[string]string{"other": fmt.Sprint(n)}) // no news
		value := fmt.Sprint("value ", n)
		began := time.Now()
		version := write(t, c, namespace, map[string]string{"web": value})
		if got, want := next(t, w.secrets), (rotation.Secret{Channel: "webchat", Value: value, Version: version, Deployed: true}); got != want {
			t.Errorf("change %d: %+v, want %+v", n, got, want)
		}
		t.Logf("seen %v after the write began", time.Since(began))
	}
	if len(w.problems) > 0 {
		t.Errorf("problem %v", <-w.problems)
	}
}

// Whatever ends a watch, the value that is there after it is seen.
func TestWatchThatBreaksMissesNothing(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	write(t, c, namespace, map[string]string{"web": "one"})
	proxy := c.Proxy(t, 0)
	w := watching(t, as(t, c, testcluster.Login{User: "admin", Groups: []string{"system:masters"}, Server: proxy.URL()}).Secret(Key{Namespace: namespace, Name: secretName, Key: "web"}))
	if got := next(t, w.secrets); got.Value != "one" {
		t.Errorf("first %+v", got)
	}
	for n := range 3 {
		proxy.Break()
		value := fmt.Sprint("cut ", n)
		began := time.Now()
		write(t, c, namespace, map[string]string{"web": value})
		if got := next(t, w.secrets); got.Value != value {
			t.Errorf("after cut %d: %+v", n, got)
		}
		t.Logf("seen %v after the cut", time.Since(began))
	}
	c.StopAPIServer()
	if err := next(t, w.problems); !strings.Contains(err.Error(), "list secret "+namespace+"/"+secretName) {
		t.Errorf("problem %v", err)
	}
	if err := c.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, c, namespace, map[string]string{"web": "after the restart"})
	if got := next(t, w.secrets); got.Value != "after the restart" {
		t.Errorf("after the restart: %+v", got)
	}
}

func TestSecretThatIsNotAsItShould(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	object := "secret " + namespace + "/" + secretName
	source := as(t, c, testcluster.Login{User: "admin", Groups: []string{"system:masters"}}).Secret(Key{Namespace: namespace, Name: secretName, Key: "web"})
	check := func(want string) {
		t.Helper()
		if _, err := source.Check(t.Context()); err == nil || err.Error() != want {
			t.Errorf("checked: %v, want %s", err, want)
		}
	}
	w := watching(t, source)
	tell := func(want string) {
		t.Helper()
		if err := next(t, w.problems); err.Error() != want {
			t.Errorf("problem %v, want %s", err, want)
		}
		check(want)
	}
	tell("read " + object + ": there is none")
	write(t, c, namespace, map[string]string{"token": "canary", "b": "canary"})
	tell("read " + object + ": it has no key web, but b, token")
	write(t, c, namespace, map[string]string{"web": ""})
	tell("read " + object + ": its key web is empty")
	write(t, c, namespace, map[string]string{"web": strings.Repeat("x", rotation.MaxSecret+1)})
	tell(fmt.Sprintf("read %s: its key web has more than %d bytes", object, rotation.MaxSecret))
	write(t, c, namespace, map[string]string{"web": "good"})
	if got := next(t, w.secrets); got.Value != "good" {
		t.Errorf("got %+v", got)
	}
	if value, err := source.Check(t.Context()); err != nil || value != "good" {
		t.Errorf("checked: %q, %v", value, err)
	}
	if err := c.Client().CoreV1().Secrets(namespace).Delete(t.Context(), secretName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	tell("read " + object + ": there is none")
	write(t, c, namespace, map[string]string{"web": "again"})
	if got := next(t, w.secrets); got.Value != "again" {
		t.Errorf("got %+v", got)
	}
}

// A right that is missing is told once, with the Role that helps, and the source goes on when it is given.
func TestSecretWithoutRights(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	bob := rbacv1.Subject{Kind: "User", Name: "bob"}
	write(t, c, namespace, map[string]string{"web": "canary"})
	source := as(t, c, testcluster.Login{User: "bob"}).Secret(Key{Namespace: namespace, Name: secretName, Key: "web"})
	if _, err := source.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "may not list secret "+namespace+"/"+secretName+": "+RoleHint) {
		t.Errorf("checked: %v", err)
	}
	w := watching(t, source)
	for _, verb := range []string{"list", "watch"} {
		err := next(t, w.problems)
		if text := err.Error(); !strings.HasPrefix(text, verb+" secret "+namespace+"/"+secretName+": ") || !strings.HasSuffix(text, RoleHint) || strings.Contains(text, "canary") {
			t.Errorf("problem %v", err)
		}
		time.Sleep(3 * retryInterval) // it is tried again, and not told again
		if len(w.problems) > 0 {
			t.Errorf("told again: %v", <-w.problems)
		}
		c.Allow(t, namespace, bob, reader(verb))
		if verb == "list" { // the value is known by lists alone
			if got := next(t, w.secrets); got.Value != "canary" {
				t.Errorf("got %+v", got)
			}
		}
	}
	write(t, c, namespace, map[string]string{"web": "changed"})
	if got := next(t, w.secrets); got.Value != "changed" {
		t.Errorf("got %+v", got)
	}
}

// secretServer is an API server whose watches follow a script: each takes its next answer. Each list has a value of its own.
func secretServer(t *testing.T, watches ...string) *Cluster {
	t.Helper()
	var mu sync.Mutex
	lists := 0
	const bookmark = `{"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":"99"}}`
	object := func(value string, version int) string {
		return fmt.Sprintf(`{"kind":"Secret","apiVersion":"v1","metadata":{"name":%q,"namespace":"staging","resourceVersion":"%d"},"data":{"web":%q}}`, secretName, version, value)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		mu.Lock()
		defer mu.Unlock()
		query := r.URL.Query()
		switch {
		case r.URL.Path != "/api/v1/namespaces/staging/secrets":
			http.NotFound(w, r)
			return
		case query.Get("fieldSelector") != "metadata.name="+secretName:
			t.Errorf("asked for %s", r.URL)
			return
		case query.Get("watch") == "":
			lists++
			fmt.Fprintf(w, `{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"%d"},"items":[%s]}`, 10*lists, object([]string{"YQ==", "Yg==", "Yw==", "ZA=="}[lists-1], 10*lists))
			return
		case query.Get("resourceVersion") != fmt.Sprint(10*lists):
			t.Errorf("watch from %s after list %d", query.Get("resourceVersion"), lists)
		}
		answer := "stay"
		if len(watches) > 0 {
			answer, watches = watches[0], watches[1:]
		}
		event := func(kind, object string) {
			fmt.Fprintf(w, `{"type":%q,"object":%s}`+"\n", kind, object)
			w.(http.Flusher).Flush()
		}
		switch answer {
		case "gone":
			event("ERROR", `{"kind":"Status","apiVersion":"v1","status":"Failure","code":410,"reason":"Expired","message":"too old resource version"}`)
		case "change": // and then the server ends the watch in good order
			event("MODIFIED", object("eA==", 10*lists+1))
		case "cut":
			event("BOOKMARK", bookmark)
			panic(http.ErrAbortHandler)
		default:
			event("BOOKMARK", bookmark)
			mu.Unlock()
			<-r.Context().Done()
			mu.Lock()
		}
	}))
	t.Cleanup(server.Close)
	cluster, err := Connect(kubeclient.Config{Kubeconfig: kubeconfigFor(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	return cluster
}

// Every end of a watch is followed by a list, and none is a problem.
func TestWatchBeginsWithAList(t *testing.T) {
	source := secretServer(t, "gone", "change", "cut").Secret(Key{Namespace: "staging", Name: secretName, Key: "web"})
	w := watching(t, source)
	for _, want := range []rotation.Secret{{Value: "a", Version: "10"}, {Value: "b", Version: "20"}, {Value: "x", Version: "21"}, {Value: "c", Version: "30"}, {Value: "d", Version: "40"}} {
		want.Deployed = true
		if got := next(t, w.secrets); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if len(w.problems) > 0 {
		t.Errorf("problem %v", <-w.problems)
	}
}
