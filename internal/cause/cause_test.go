package cause

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Errors of the real packages, as calls to real servers give them.
func TestPlainErrorsOfCalls(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	trusting := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "gateway.example"},
	}}
	early := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, Time: func() time.Time { return time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC) },
		},
	}}
	cut := listen(t, func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")) })
	silent := listen(t, func(net.Conn) {})
	proxy := &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://127.0.0.1:1") }}}
	for what, c := range map[string]struct {
		client *http.Client
		url    string
		want   string
	}{
		"nobody listens":      {http.DefaultClient, "http://127.0.0.1:1", "connection refused: nothing listens there, or a firewall refuses it"},
		"no such host":        {http.DefaultClient, "http://gateway.invalid", "gateway.invalid"},
		"unknown authority":   {http.DefaultClient, secure.URL, "its certificate is from an authority that this machine does not trust"},
		"another name":        {trusting, secure.URL, "its certificate is for example.com, *.example.com, 127.0.0.1 and 1 more, not for gateway.example"},
		"not yet valid":       {early, secure.URL, "its certificate is valid from 1970-01-01 to 2084-01-29"},
		"plain HTTP at https": {http.DefaultClient, strings.Replace(plain.URL, "http:", "https:", 1), "it answers with plain HTTP, not HTTPS: check the scheme of the address"},
		"cut off":             {http.DefaultClient, cut, "the connection was closed before the answer was complete"},
		"closed at once":      {http.DefaultClient, silent, "the connection was closed before the answer was complete"},
		"dead proxy":          {proxy, "http://gateway.invalid", "connect to proxy (check HTTP_PROXY, HTTPS_PROXY and NO_PROXY): connection refused: nothing listens there, or a firewall refuses it"},
	} {
		err := get(t.Context(), c.client, c.url)
		c.client.CloseIdleConnections()
		if err == nil {
			t.Errorf("%s: no error", what)
			continue
		}
		if said := Plain(err).Error(); said != c.want && (what != "no such host" || !strings.Contains(said, c.want)) {
			t.Errorf("%s: %q, want %q (from %q)", what, said, c.want, err)
		}
		if !errors.Is(Plain(err), err) {
			t.Errorf("%s: the original is out of reach", what)
		}
	}
}

func get(ctx context.Context, client *http.Client, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return err
}

// listen answers each connection once, after its request, and closes it.
func listen(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			answer(c)
			c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestPlain(t *testing.T) {
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://h", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	syntax := json.Unmarshal([]byte(`{"a":!}`), new(any))
	shape := json.Unmarshal([]byte(`{"a":"x"}`), &struct {
		A int `json:"a"`
	}{})
	whole := json.Unmarshal([]byte(`"x"`), &struct{}{})
	for _, c := range []struct {
		err  error
		want string
	}{
		{dial(syscall.ECONNRESET), "connection reset before the answer was complete"},
		{dial(syscall.EHOSTUNREACH), "no route from this machine: check the address, the network and the VPN"},
		{dial(context.DeadlineExceeded), "no answer in time"},
		{&net.DNSError{Name: "a.b", IsTimeout: true}, "the name server did not answer in time for a.b"},
		{&net.DNSError{Name: "a.b", Err: "server misbehaving"}, "the name server has no answer for a.b (server misbehaving)"},
		{x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}, "its certificate does not hold: too many intermediates for path length constraint"},
		{fmt.Errorf("read it: %w", syntax), "the answer is no valid JSON (at byte 6)"},
		{shape, "the answer has an unexpected shape: a is a JSON string"},
		{whole, "the answer has an unexpected shape: it is a JSON string"},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(42)}, "it ended the TLS handshake: bad certificate"},
		{&url.Error{Op: "Get", URL: "http://h", Err: errors.New("malformed HTTP response \"x\"")}, `malformed HTTP response "x"`},
		{errors.New("else"), "else"},
	} {
		if got := Plain(c.err).Error(); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
	for text, want := range map[string]string{
		"": "the answer is empty", `{"a":`: "the answer is JSON that ends in the middle", "<": "the answer is no valid JSON (at byte 1)",
	} {
		if got := Decode(json.NewDecoder(strings.NewReader(text)).Decode(new(any))).Error(); got != want {
			t.Errorf("decode %q: %q, want %q", text, got, want)
		}
	}
	if Plain(nil) != nil || Decode(nil) != nil {
		t.Error("nil became an error")
	}
}
