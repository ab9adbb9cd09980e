package kubeclient

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// An API server that echoes the credential in its error: squall knows the credential by then, whoever has made it.
func TestCredentialsAreKnownBeforeTheyAreEchoed(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no: %s","code":500}`, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	dir := t.TempDir()
	login := filepath.Join(dir, "login")
	if err := os.WriteFile(login, []byte("#!/bin/sh\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"canary-exec\"}}'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for want, user := range map[string]string{
		"canary-token": `{token: canary-token}`,
		"canary-pass":  `{username: u, password: canary-pass}`,
		"canary-exec":  fmt.Sprintf(`{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %s}}`, login),
	} {
		path := filepath.Join(dir, want)
		text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: %s}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n", server.URL, user)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var hidden []string
		cl, err := Connect(Config{Kubeconfig: path, Hide: func(secrets ...string) {
			mu.Lock()
			defer mu.Unlock()
			hidden = append(hidden, secrets...)
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = cl.Identify(t.Context())
		mu.Lock()
		if len(hidden) == 0 {
			t.Fatalf("%s: nothing is hidden; the error is %v", want, err)
		}
		if err == nil || !slices.ContainsFunc(hidden, func(s string) bool { return s == want }) {
			t.Errorf("%s: hidden are %q; the error is %v", want, hidden, err)
		}
		if err != nil && !strings.Contains(err.Error(), hidden[0]) {
			t.Errorf("%s: the server's echo %v does not have %q: the test tests nothing", want, err, hidden)
		}
		mu.Unlock()
	}
}
