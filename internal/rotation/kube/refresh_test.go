package kube

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"xinbot.ir/squall/internal/testcluster"
)

// kubeconfigFor writes a kubeconfig for a server without a login.
func kubeconfigFor(t *testing.T, server string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["cluster"] = &clientcmdapi.Cluster{Server: server}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "cluster"}
	config.CurrentContext = "test"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

const externalSecretDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"externalsecrets.external-secrets.io"},
"spec":{"group":"external-secrets.io","scope":"Namespaced","names":{"kind":"ExternalSecret","plural":"externalsecrets"},
"versions":[{"name":"v1beta1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`

// The time of the operator's refresh is marked, though it is written after the Secret; of a change by somebody else it is not.
func TestRefreshOfExternalSecret(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	api := c.Client().CoreV1().RESTClient()
	do := func(verb, path, body string) error {
		request := api.Verb(verb).AbsPath(path).SetHeader("Content-Type", "application/json").Body([]byte(body))
		if verb == "PATCH" {
			request.SetHeader("Content-Type", "application/merge-patch+json")
		}
		return request.Do(t.Context()).Error()
	}
	if err := do("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", externalSecretDefinition); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	path := "/apis/external-secrets.io/v1beta1/namespaces/" + namespace + "/externalsecrets"
	external := func(refreshed time.Time) string {
		return fmt.Sprintf(`{"apiVersion":"external-secrets.io/v1beta1","kind":"ExternalSecret","metadata":{"name":%q},"status":{"refreshTime":%q}}`, secretName, refreshed.UTC().Format(time.RFC3339))
	}
	old := time.Now().Add(-time.Hour)
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) { // until the definition is served
		err := do("POST", path, external(old))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	write(t, c, namespace, map[string]string{"web": "by hand"})
	c.Allow(t, namespace, rbacv1.Subject{Kind: "User", Name: "ann"}, role(t)...)
	w := watching(t, as(t, c, testcluster.Login{User: "ann"}).Secret(Key{Namespace: namespace, Name: secretName, Key: "web"}))
	if got := next(t, w.secrets); got.Value != "by hand" || !got.Refreshed.IsZero() {
		t.Errorf("changed an hour after the refresh: %+v", got)
	}
	refreshed := time.Now().Add(time.Minute).Truncate(time.Second) // later than the write, however slow this machine is
	if err := do("PATCH", path+"/"+secretName, external(refreshed)); err != nil {
		t.Fatal(err)
	}
	write(t, c, namespace, map[string]string{"web": "by the operator"})
	if got := next(t, w.secrets); got.Value != "by the operator" || !got.Refreshed.Equal(refreshed) {
		t.Errorf("filled in at %v: %+v", refreshed, got)
	}
}
