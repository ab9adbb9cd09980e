package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"xinbot.ir/squall/internal/cause"

	"golang.org/x/net/proxy"
)

// dialer opens connections to one gateway host: TCP, or a tunnel through a proxy, and TLS on top
// when the scheme asks for it. All of it together is bounded by one timeout; the HTTP client would
// bound neither the reading half of a handshake nor a dial on behalf of a waiting request.
type dialer struct {
	conns   *connections
	timeout time.Duration
	tls     *tls.Config // nil: plain HTTP
	proxy   *url.URL    // nil: direct
	viaTLS  *tls.Config // for an https proxy
	agent   string
}

// handshakeError is a TLS handshake that failed, whatever crypto/tls calls the reason.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + cause.Plain(e.err).Error() }
func (e *handshakeError) Unwrap() error { return e.err }

func newDialer(target *url.URL, o Options, conns *connections) (*dialer, error) {
	d := &dialer{conns: conns, timeout: o.Timeout, agent: o.UserAgent}
	switch target.Scheme {
	case "http":
	case "https":
		d.tls = tlsConfigOf(o, target)
	default:
		return nil, fmt.Errorf("connect to %s: scheme must be http or https", target.Redacted())
	}
	if o.Proxy == nil {
		return d, nil
	}
	via, err := o.Proxy(target)
	if err != nil {
		return nil, fmt.Errorf("choose proxy for %s: %w", target.Host, err)
	}
	if via == nil {
		return d, nil
	}
	if _, known := proxyPorts[via.Scheme]; !known {
		return nil, fmt.Errorf("use proxy %s for %s: scheme must be http, https, socks5 or socks5h", via.Redacted(), target.Host)
	}
	d.proxy = via
	if via.Scheme == "https" {
		d.viaTLS = tlsConfigOf(o, via)
	}
	return d, nil
}

// forwarding is the proxy that plain HTTP requests for the target are handed to in absolute form
// (RFC 9112, section 3.2.2), or nil. HTTPS and SOCKS go through tunnels instead. Many proxies refuse
// a tunnel to port 80, so plain requests do not ask for one.
func forwarding(o Options, target *url.URL) *url.URL {
	if o.Proxy == nil || target.Scheme != "http" {
		return nil
	}
	via, err := o.Proxy(target)
	if err != nil || via == nil || (via.Scheme != "http" && via.Scheme != "https") {
		return nil // newDialer has refused what cannot be used
	}
	return via
}

// proxyAuthorization is the header that names the proxy's user, or "".
func proxyAuthorization(via *url.URL) string {
	if via.User == nil {
		return ""
	}
	password, _ := via.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(via.User.Username()+":"+password))
}

// proxyPorts are the ports of proxies that name none, by scheme.
var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// tlsConfig is what the options say of TLS.
func tlsConfig(o Options) *tls.Config {
	if o.TLS != nil {
		return o.TLS.Clone()
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}
}

// tlsConfigOf is what the options say of TLS, for one host.
func tlsConfigOf(o Options, target *url.URL) *tls.Config {
	config := tlsConfig(o)
	if config.ServerName == "" {
		config.ServerName = target.Hostname()
	}
	config.NextProtos = []string{"http/1.1"}
	return config
}

// dial opens a connection within the time, or within the request timeout when none is given.
func (d *dialer) dial(addr string, timeout time.Duration) (net.Conn, error) {
	if timeout <= 0 || timeout > d.timeout {
		timeout = d.timeout
	}
	ctx, cancel := context.WithTimeout(d.conns.ctx, timeout)
	defer cancel()
	started := time.Now()
	conn, err := d.connectVia(ctx, addr)
	if err != nil {
		return nil, err
	}
	of := tracked(conn)
	of.connecting = time.Since(started)
	if conn, err = tlsHandshake(ctx, conn, d.tls); err != nil || d.tls == nil {
		return conn, err
	}
	of.handshaking = time.Since(started) - of.connecting
	return conn, nil
}

// connectVia opens a tracked connection whose other end is the gateway.
func (d *dialer) connectVia(ctx context.Context, addr string) (net.Conn, error) {
	if d.proxy == nil {
		return d.tcp(ctx, addr)
	}
	host, port := d.proxy.Hostname(), d.proxy.Port()
	if port == "" {
		port = proxyPorts[d.proxy.Scheme]
	}
	conn, err := d.tcp(ctx, net.JoinHostPort(host, port))
	if err != nil {
		return nil, &proxyError{err}
	}
	if conn, err = tlsHandshake(ctx, conn, d.viaTLS); err != nil {
		return nil, &proxyError{err}
	}
	if d.tls == nil && !d.viaSOCKS() {
		return conn, nil // the proxy takes plain requests as they are: see forwarding
	}
	tunnel := d.connect
	if d.viaSOCKS() {
		tunnel = d.socks
	}
	deadline, _ := ctx.Deadline()
	err = conn.SetDeadline(deadline)
	if err == nil {
		err = tunnel(ctx, conn, addr)
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ask proxy for a tunnel to %s: %w", addr, err), closeConn(conn))
	}
	return conn, nil
}

func (d *dialer) viaSOCKS() bool { return d.viaTLS == nil && d.proxy.Scheme != "http" }

func (d *dialer) tcp(ctx context.Context, addr string) (net.Conn, error) {
	if err := d.conns.take(); err != nil {
		return nil, err
	}
	conn, err := d.conns.dial(ctx, "tcp", addr)
	if err != nil {
		d.conns.release()
		return nil, err
	}
	tracked, err := d.conns.track(conn)
	if err != nil {
		d.conns.release()
		return nil, err
	}
	return tracked, nil
}

// connect asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6).
func (d *dialer) connect(_ context.Context, conn net.Conn, addr string) error {
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{"User-Agent": {d.agent}}}
	if basic := proxyAuthorization(d.proxy); basic != "" {
		ask.Header.Set("Proxy-Authorization", basic)
	}
	if err := ask.Write(conn); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), ask)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("proxy answered %s", answer.Status)
	}
	return nil
}

// socks asks a SOCKS5 proxy for a tunnel (RFC 1928).
func (d *dialer) socks(ctx context.Context, conn net.Conn, addr string) error {
	var auth *proxy.Auth
	if user := d.proxy.User; user != nil {
		password, _ := user.Password()
		auth = &proxy.Auth{User: user.Username(), Password: password}
	}
	over, err := proxy.SOCKS5("tcp", d.proxy.Host, auth, existingConn{conn})
	if err != nil {
		return err
	}
	_, err = over.(proxy.ContextDialer).DialContext(ctx, "tcp", addr)
	return err
}

// existingConn is a dialer that hands out a connection which exists already.
type existingConn struct{ conn net.Conn }

// Dial is part of proxy.Dialer.
func (g existingConn) Dial(string, string) (net.Conn, error) { return g.conn, nil }

// DialContext is part of proxy.ContextDialer.
func (g existingConn) DialContext(context.Context, string, string) (net.Conn, error) {
	return g.conn, nil
}

// closeConn closes a connection that is of no use. Being closed already is what was wanted.
func closeConn(conn net.Conn) error {
	if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
