package kubeclient

import (
	"net/http"
	"net/http/httptest"
	"strings"
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
