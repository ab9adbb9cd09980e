package load

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"xinbot.ir/squall/load/metric"
)

// webProxy is a small but real HTTP proxy: tunnels for CONNECT, but as the usual ones never to port
// 80, and requests in absolute form.
type webProxy struct {
	listener net.Listener
	user     string // "user:password", "" when anybody may
	work     sync.WaitGroup

	mu       sync.Mutex
	tunnels  []string
	forwards []string
	open     []net.Conn
}

func newWebProxy(tb testing.TB, user string) *webProxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &webProxy{listener: listener, user: user}
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

func (p *webProxy) keep(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, conn)
}

func (p *webProxy) serve(conn net.Conn) {
	defer conn.Close()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user))
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		switch {
		case err != nil:
			return
		case p.user != "" && req.Header.Get("Proxy-Authorization") != basic:
			_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		case req.Method == http.MethodConnect:
			p.tunnel(conn, req)
			return
		case !req.URL.IsAbs():
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
		default:
			p.forward(conn, req)
		}
	}
}

// forward hands a request on and its answer back.
func (p *webProxy) forward(conn net.Conn, req *http.Request) {
	p.mu.Lock()
	p.forwards = append(p.forwards, req.URL.Host)
	p.mu.Unlock()
	req.RequestURI = ""
	req.Header.Del("Proxy-Authorization")
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer answer.Body.Close()
	answer.Close = false
	_ = answer.Write(conn)
}

func (p *webProxy) tunnel(conn net.Conn, req *http.Request) {
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

// through lists the hosts that were reached by a tunnel and by requests in absolute form.
func (p *webProxy) through() (tunnels, forwards []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.tunnels), slices.Clone(p.forwards)
}

func (p *webProxy) url(user *url.Userinfo) *url.URL {
	return &url.URL{Scheme: "http", Host: p.listener.Addr().String(), User: user, Path: "/"}
}

func TestThroughAProxy(t *testing.T) {
	authority := newAuthority(t)
	plain := newWireServer(t, nil)
	secure := newTLSServer(t, &tls.Config{Certificates: []tls.Certificate{authority.issue(t, "127.0.0.1")}})
	const password = "p%w:d/ hush"
	open, locked := newWebProxy(t, ""), newWebProxy(t, "me:"+password)
	tests := map[string]struct {
		target *url.URL
		proxy  *webProxy
		user   *url.Userinfo
		want   metric.ErrorClass
	}{
		"HTTP":              {plain.url(), open, nil, metric.OK},
		"HTTPS":             {secure.secureURL(), open, nil, metric.OK},
		"HTTPS, password":   {secure.secureURL(), locked, url.UserPassword("me", password), metric.OK},
		"HTTP, password":    {plain.url(), locked, url.UserPassword("me", password), metric.OK},
		"no password":       {plain.url(), locked, nil, metric.BadStatus},
		"wrong password":    {secure.secureURL(), locked, url.UserPassword("me", "hush-hush"), metric.Unclassified},
		"gateway not there": {&url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/"}, open, nil, metric.BadStatus},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := testOptions(test.target)
			o.TLS = &tls.Config{RootCAs: authority.pool()}
			o.Proxy = func(*url.URL) (*url.URL, error) { return test.proxy.url(test.user), nil }
			tunnels, forwards := test.proxy.through()
			out := sendOne(newTestGateway(t, o), Webchat)
			if out.Class != test.want {
				t.Fatalf("class %s (%s), want %s", out.Class, out.Detail, test.want)
			}
			if out.Class == metric.OK {
				nowTunnels, nowForwards := test.proxy.through()
				used, unused := nowForwards[len(forwards):], nowTunnels[len(tunnels):]
				if test.target.Scheme == "https" {
					used, unused = unused, used
				}
				if len(used) != 1 || used[0] != test.target.Host || len(unused) != 0 {
					t.Errorf("%s went through %q and %q, want one of the first kind", test.target.Scheme, used, unused)
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
	if out := sendOne(newTestGateway(t, o), Webchat); out.Class != metric.LocalLimit || strings.Contains(out.Detail, "hush") {
		t.Errorf("class %s (%s), want %s", out.Class, out.Detail, metric.LocalLimit)
	}
	o.Proxy = func(*url.URL) (*url.URL, error) { return nil, nil } //nolint:nilnil // no proxy for this host
	server := newWireServer(t, nil)
	o.Gateway[Webchat] = server.url()
	if out := sendOne(newTestGateway(t, o), Webchat); out.Class != metric.OK {
		t.Errorf("class %s (%s) without a proxy", out.Class, out.Detail)
	}
}
