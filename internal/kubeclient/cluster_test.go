package kubeclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfigFor writes a kubeconfig with a token for a server.
func kubeconfigFor(t *testing.T, server string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["cluster"] = &clientcmdapi.Cluster{Server: server}
	config.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: "very-secret-token"}
	config.Contexts["one"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "user"}
	config.Contexts["two"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "user"}
	config.CurrentContext = "one"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConnect(t *testing.T) {
	path := kubeconfigFor(t, "https://user:password@cluster.example:6443/base/")
	missing := filepath.Join(t.TempDir(), "none")
	for name, test := range map[string]struct {
		config  Config
		context string
		err     string
	}{
		"current context":   {Config{Kubeconfig: path}, "one", ""},
		"named context":     {Config{Kubeconfig: path, Context: "two"}, "two", ""},
		"one of two is not": {Config{Kubeconfig: missing + string(filepath.ListSeparator) + path}, "one", ""},
		"unknown context":   {Config{Kubeconfig: path, Context: "three"}, "", "three"},
		"no file":           {Config{Kubeconfig: missing}, "", "none"},
	} {
		cl, err := Connect(test.config)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		want := Ref{Kubeconfig: path, Context: test.context, Server: "https://cluster.example:6443/base"}
		if cl.Ref != want {
			t.Errorf("%s: %+v, want %+v", name, cl.Ref, want)
		}
		record, err := json.Marshal(cl.Ref)
		if err != nil || strings.Contains(string(record), "secret") || strings.Contains(string(record), "password") {
			t.Errorf("%s: a credential is in %s: %v", name, record, err)
		}
	}
	if _, err := Connect(Config{Kubeconfig: missing}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("\tno yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(Config{Kubeconfig: broken}); err == nil {
		t.Error("a broken kubeconfig is no error")
	}
}

func TestNoClusterAtAll(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := Connect(Config{}); err == nil || !strings.Contains(err.Error(), "set KUBECONFIG") {
		t.Errorf("no kubeconfig and no pod: %v", err)
	}
}

func TestKubeconfigOfTheEnvironment(t *testing.T) {
	path := kubeconfigFor(t, "https://127.0.0.1:1")
	t.Setenv("KUBECONFIG", path)
	cl, err := Connect(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if cl.Ref.Kubeconfig != path || cl.Ref.Context != "one" {
		t.Errorf("%+v", cl.Ref)
	}
}

// Two files that say different things of one name: kubectl takes the first one in silence, and so the wrong cluster.
func TestAmbiguousKubeconfigsAreRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name, context, server, token string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: kubernetes, cluster: {server: %q}}]
users: [{name: admin, user: {token: %s}}]
contexts: [{name: %s, context: {cluster: kubernetes, user: admin}}]
current-context: %s
`, server, token, context, context)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	production := file("production", "production", "https://10.0.0.1:6443", "a")
	staging := file("staging", "staging", "https://10.0.0.2:6443", "a")
	again := file("again", "again", "https://10.0.0.1:6443", "a")
	other := file("other", "other", "https://10.0.0.1:6443", "b")
	for name, test := range map[string]struct{ second, says string }{
		"another server": {staging, "cluster kubernetes is defined in two ways, in " + production + " and in " + staging},
		"another login":  {other, "user admin is defined in two ways, in " + production + " and in " + other},
		"the same":       {again, ""},
	} {
		list := production + string(filepath.ListSeparator) + test.second
		_, err := Connect(Config{Kubeconfig: list, Context: filepath.Base(test.second)})
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
