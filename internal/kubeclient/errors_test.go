package kubeclient

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A server whose certificate is not accepted is there: what is wrong is said, and where to look.
func TestTLSOfTheAPIServer(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(plain.Close)
	for address, want := range map[string]string{
		secure.URL: "its certificate is from an authority that this machine does not trust: check certificate-authority and tls-server-name",
		strings.Replace(plain.URL, "http://", "https://", 1): "it answers with plain HTTP, not HTTPS",
		"https://127.0.0.1:1":                                "the API server https://127.0.0.1:1 cannot be reached: connection refused",
	} {
		cl, err := Connect(Config{Kubeconfig: kubeconfigFor(t, address)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = cl.Client.Pods("ns").Get(t.Context(), "p", metav1.GetOptions{})
		said := cl.Explain("read pod ns/p", err).Error()
		if !strings.Contains(said, want) || strings.Contains(said, "cannot be reached") != strings.Contains(want, "cannot be reached") {
			t.Errorf("%s: %s, want %q", address, said, want)
		}
	}
}

// A context that is not there is named with the file and the contexts that are.
func TestUnknownContext(t *testing.T) {
	file := kubeconfigFor(t, "https://127.0.0.1:1")
	_, err := Connect(Config{Kubeconfig: file, Context: "staging"})
	if want := "read kubeconfig " + file + ": there is no context called staging: it has one, two"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// What could be read without an end is not read at all.
func TestKubeconfigThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	fifo, large := filepath.Join(dir, "fifo"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		fifo: "is a pipe, which can be read only once", "/dev/zero": "is no file", dir: "is no file", large: "is larger than 1048576 bytes",
	} {
		if _, err := Connect(Config{Kubeconfig: path}); err == nil || !strings.Contains(err.Error(), path+" "+want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// What a kubeconfig names is read the same way. Without any cluster in it, it does not lead to the pod's own.
func TestFilesOfAKubeconfig(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1") // as in a pod
	t.Setenv("KUBERNETES_SERVICE_PORT", "1")
	connect := func(cluster, user string) error {
		path := filepath.Join(dir, "config")
		text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}],"+
			" clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'%s}}], users: [{name: u, user: {%s}}]}", cluster, user)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Connect(Config{Kubeconfig: path})
		return err
	}
	for _, c := range [][2]string{
		{", certificate-authority: fifo", ""}, {"", "tokenFile: fifo"}, {"", "client-certificate: fifo, client-key: fifo"},
	} {
		if err := connect(c[0], c[1]); err == nil || !strings.Contains(err.Error(), fifo+" is a pipe") {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := connect("", "tokenFile: /dev/zero"); err == nil || !strings.Contains(err.Error(), "/dev/zero is no file") {
		t.Error(err)
	}
	if err := connect("", ""); err != nil {
		t.Error(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte("targets: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(Config{Kubeconfig: empty}); !errors.Is(err, ErrNoCluster) || !strings.Contains(err.Error(), "is it a kubeconfig?") {
		t.Errorf("no kubeconfig: %v", err)
	}
}
