package load

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// connectProxy is a small but real HTTP proxy that knows CONNECT only.
type connectProxy struct {
	listener net.Listener
	user     string // "user:password", "" when anybody may
	work     sync.WaitGroup

	mu      sync.Mutex
	tunnels []string
	open    []net.Conn
}

func newConnectProxy(tb testing.TB, user string) *connectProxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &connectProxy{listener: listener, user: user}
	p.work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.keep(conn)
			p.work.Go(func() { p.serve(conn) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for _, conn := range p.open {
			_ = conn.Close()
		}
		p.mu.Unlock()
		p.work.Wait()
	})
	return p
}

func (p *connectProxy) keep(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, conn)
}

func (p *connectProxy) serve(conn net.Conn) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user))
	switch {
	case req.Method != http.MethodConnect:
		_, _ = io.WriteString(conn, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
		return
	case p.user != "" && req.Header.Get("Proxy-Authorization") != basic:
		_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	target, err := net.Dial("tcp", req.Host)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer target.Close()
	p.keep(target)
	p.mu.Lock()
	p.tunnels = append(p.tunnels, req.Host)
	p.mu.Unlock()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	p.work.Go(func() {
		_, _ = io.Copy(target, conn)
		_ = target.Close()
	})
	_, _ = io.Copy(conn, target)
}

func (p *connectProxy) through() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.tunnels...)
}

func (p *connectProxy) url(user *url.Userinfo) *url.URL {
	return &url.URL{Scheme: "http", Host: p.listener.Addr().String(), User: user, Path: "/"}
}

func TestThroughAProxy(t *testing.T) {
	authority := newAuthority(t)
	plain := newWireServer(t, nil)
	secure := newTLSServer(t, &tls.Config{Certificates: []tls.Certificate{authority.issue(t, "127.0.0.1")}})
	const password = "p%w:d/ hush"
	open, locked := newConnectProxy(t, ""), newConnectProxy(t, "me:"+password)
	tests := map[string]struct {
		target *url.URL
		proxy  *connectProxy
		user   *url.Userinfo
		want   ErrorClass
	}{
		"HTTP":              {plain.url(), open, nil, OK},
		"HTTPS":             {secure.secureURL(), open, nil, OK},
		"HTTPS, password":   {secure.secureURL(), locked, url.UserPassword("me", password), OK},
		"no password":       {plain.url(), locked, nil, Unclassified},
		"wrong password":    {plain.url(), locked, url.UserPassword("me", "hush-hush"), Unclassified},
		"gateway not there": {&url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/"}, open, nil, Unclassified},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := testOptions(test.target)
			o.TLS = &tls.Config{RootCAs: authority.pool()}
			o.Proxy = func(*url.URL) (*url.URL, error) { return test.proxy.url(test.user), nil }
			before := len(test.proxy.through())
			out := sendOne(newSender(t, o), Webchat)
			if out.Class != test.want {
				t.Fatalf("class %s (%s), want %s", out.Class, out.Detail, test.want)
			}
			if out.Class == OK {
				if got := test.proxy.through()[before:]; len(got) != 1 || got[0] != test.target.Host {
					t.Errorf("tunnels %q, want one to %s", got, test.target.Host)
				}
			}
			for _, secret := range []string{"hush", url.QueryEscape(password), base64.StdEncoding.EncodeToString([]byte("me:" + password))} {
				if strings.Contains(out.Detail, secret) {
					t.Errorf("the error shows the password: %s", out.Detail)
				}
			}
		})
	}
}

func TestProxyThatIsNone(t *testing.T) {
	o := testOptions(&url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/"})
	proxy := &url.URL{Scheme: "gopher", Host: "127.0.0.1:1", User: url.UserPassword("me", "hush")}
	o.Proxy = func(*url.URL) (*url.URL, error) { return proxy, nil }
	if _, err := New(o); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("error = %v, want one without the password", err)
	}
	proxy.Scheme = "http"
	if out := sendOne(newSender(t, o), Webchat); out.Class != Refused || strings.Contains(out.Detail, "hush") {
		t.Errorf("class %s (%s), want %s", out.Class, out.Detail, Refused)
	}
	o.Proxy = func(*url.URL) (*url.URL, error) { return nil, nil } //nolint:nilnil // no proxy for this host
	server := newWireServer(t, nil)
	o.Gateway[Webchat] = server.url()
	if out := sendOne(newSender(t, o), Webchat); out.Class != OK {
		t.Errorf("class %s (%s) without a proxy", out.Class, out.Detail)
	}
}
