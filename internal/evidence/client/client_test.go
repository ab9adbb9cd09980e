package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(t *testing.T, c client.Config) ([]byte, error) {
	t.Helper()
	way, err := client.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer way.CloseIdle()
	body, _, err := way.Get(t.Context())
	return body, err
}

// zeros are so many zero bytes, zipped to a thousandth of that.
func zeros(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, zero{}, size); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// What is no answer of an API becomes a problem of its cause, in words.
func TestWrongAnswers(t *testing.T) {
	bomb := zeros(t, 8<<20)
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		cause  evidence.Cause
		says   string
	}{
		"a sign-in page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html><head><title>Sign in\x1b[31m</title></head></html>")
		}, evidence.NotAPI, `a web page answers in its place: Sign in\x1b[31m`},
		"a page without its type": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "<!DOCTYPE html><title>Hello</title>")
		}, evidence.NotAPI, "Hello"},
		"401":            {status(http.StatusUnauthorized, "who are you?"), evidence.Unauthorized, "it does not accept the credentials: HTTP 401: who are you?"},
		"403":            {status(http.StatusForbidden, ""), evidence.Unauthorized, "HTTP 403"},
		"404":            {status(http.StatusNotFound, "404 page not found"), evidence.NotFound, "it has no such path: HTTP 404: 404 page not found"},
		"429":            {status(http.StatusTooManyRequests, ""), evidence.RateLimited, "HTTP 429"},
		"500":            {status(http.StatusInternalServerError, "boom"), evidence.ServerError, "it answers with an error of its own: HTTP 500: boom"},
		"500 as a page":  {status(http.StatusInternalServerError, "<html><body>boom</body></html>"), evidence.ServerError, "HTTP 500"},
		"400":            {status(http.StatusBadRequest, "no"), evidence.Refused, "HTTP 400: no"},
		"nothing":        {status(http.StatusOK, ""), evidence.Empty, "the answer is empty: HTTP 200"},
		"white space":    {status(http.StatusOK, " \n "), evidence.Empty, "the answer is empty"},
		"a gzip bomb":    {zipped(bomb), evidence.TooLarge, "the answer is too large: more than 1 MiB"},
		"no gzip":        {zipped([]byte("this is no gzip at all")), evidence.Malformed, "gzip"},
		"half of a gzip": {zipped(bomb[:500]), evidence.Malformed, ""},
		"too much":       {func(w http.ResponseWriter, _ *http.Request) { io.CopyN(w, zero{}, 2<<20) }, evidence.TooLarge, "more than 1 MiB"},
		"a redirect away": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/login?token=abc", http.StatusFound)
		}, evidence.Redirected, "it sends somewhere else: https://elsewhere.example/login"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
		}, evidence.Malformed, "the connection was closed in the middle"},
		"a hang": {hang, evidence.TimedOut, "no answer in time: 200ms"},
		"a drip": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}, evidence.TimedOut, "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(c.answer))
			defer server.Close()
			timeout := time.Minute // on a machine that is busy with other tests
			if c.cause == evidence.TimedOut {
				timeout = 200 * time.Millisecond
			}
			body, err := get(t, client.Config{URL: server.URL, MaxBody: 1 << 20, Timeout: timeout})
			var p *evidence.Problem
			if !errors.As(err, &p) || p.Cause != c.cause || !strings.Contains(p.Error(), c.says) {
				t.Errorf("%d bytes and %v, want %s: %s", len(body), err, c.cause, c.says)
			}
			if strings.Contains(err.Error(), "token=abc") {
				t.Errorf("%v has what followed the ?", err)
			}
			if p != nil && p.Remedy() == "" {
				t.Errorf("%s has no remedy", p.Cause)
			}
		})
	}
}

func status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(code)
		io.WriteString(w, text)
	}
}

func zipped(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(body)
	}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	_, err = get(t, client.Config{URL: "http://" + listener.Addr().String()})
	if !errors.Is(err, &evidence.Problem{Cause: evidence.Unreachable}) {
		t.Error(err)
	}
}

func TestAnEndIsNoProblem(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(hang))
	defer server.Close()
	way, err := client.New(client.Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, _, err := way.Get(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What the server is to see is there, and secrets are handed to who hides them.
func TestCredentials(t *testing.T) {
	var got http.Header
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, path = r.Header, r.URL.Path
		zipped(zeros(t, 10))(w, r)
	}))
	defer server.Close()
	var hidden []string
	hide := func(secret string) { hidden = append(hidden, secret) }
	body, err := get(t, client.Config{
		URL: server.URL + "/prefix/", Bearer: "token-1", Hide: hide,
		Headers: map[string]string{"X-Scope-OrgID": "tenant-a", "X-Api-Key": "key-1"},
	})
	if err != nil || len(body) != 10 {
		t.Fatalf("%d bytes: %v", len(body), err)
	}
	if got.Get("Authorization") != "Bearer token-1" || got.Get("X-Scope-OrgID") != "tenant-a" || path != "/prefix" {
		t.Errorf("sent %v to %s", got, path)
	}
	if strings.Join(hidden, " ") != "key-1 token-1" {
		t.Errorf("hidden are %v", hidden)
	}
	hidden = nil
	if _, err := get(t, client.Config{URL: strings.Replace(server.URL, "http://", "http://ann:pass-1@", 1), Hide: hide}); err != nil {
		t.Fatal(err)
	}
	r := http.Request{Header: got}
	if user, password, _ := r.BasicAuth(); user != "ann" || password != "pass-1" || len(hidden) != 1 || hidden[0] != "pass-1" {
		t.Errorf("sent %s, %s; hidden are %v", user, password, hidden)
	}
}

// No credential goes to where a redirect points.
func TestRedirectsAreNotFollowed(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, code) }))
		_, err := get(t, client.Config{URL: server.URL, Bearer: "token-1"})
		if !errors.Is(err, &evidence.Problem{Cause: evidence.Redirected}) || reached {
			t.Errorf("%d: %v, followed: %v", code, err, reached)
		}
		server.Close()
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(status(http.StatusOK, "fine"))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	if _, err := get(t, client.Config{URL: server.URL}); !errors.Is(err, &evidence.Problem{Cause: evidence.Certificate}) {
		t.Errorf("an unknown authority: %v", err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if body, err := get(t, client.Config{URL: server.URL, CAFile: file}); err != nil || string(body) != "fine" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestBadConfiguration(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]client.Config{
		"no scheme":      {URL: "prometheus:9090"},
		"no host":        {URL: "http:///x"},
		"a query":        {URL: "http://h/?token=abc-secret"},
		"not an address": {URL: "http://ann:abc-secret@[::1"},
		"two ways":       {URL: "http://h", Bearer: "abc-secret", User: "ann"},
		"a header":       {URL: "http://h", Headers: map[string]string{"X A": "b"}},
		"a header's end": {URL: "http://h", Headers: map[string]string{"X-A": "abc-secret\r\nX-B: c"}},
		"no CA file":     {URL: "http://h", CAFile: "/does/not/exist.pem"},
		"an empty CA":    {URL: "http://h", CAFile: empty},
	} {
		if _, err := client.New(c); err == nil || strings.Contains(err.Error(), "abc-secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
