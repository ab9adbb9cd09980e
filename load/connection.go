package load

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpproxy"
	"golang.org/x/net/http/httpproxy"
)

// Buffers of a connection. A webhook and its answer fit; a larger one is still sent whole.
const (
	connReadBuffer  = 2 << 10
	connWriteBuffer = 2 << 10
	maxAnswer       = 4 << 20 // a gateway that sends more than this is answering something else
)

// connections counts the open connections of a generator and can close them all, so that requests
// in flight end when draining has to.
type connections struct {
	mu   sync.Mutex
	open map[*trackedConn]struct{}
}

type trackedConn struct {
	net.Conn
	of   *connections
	once sync.Once
}

func newConnections() *connections { return &connections{open: map[*trackedConn]struct{}{}} }

func (c *connections) track(conn net.Conn) net.Conn {
	tracked := &trackedConn{Conn: conn, of: c}
	c.mu.Lock()
	c.open[tracked] = struct{}{}
	c.mu.Unlock()
	return tracked
}

func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

func (c *connections) closeAll() error {
	c.mu.Lock()
	all := make([]*trackedConn, 0, len(c.open))
	for conn := range c.open {
		all = append(all, conn)
	}
	c.mu.Unlock()
	var errs []error
	for _, conn := range all {
		if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, fmt.Errorf("close connection to %s: %w", conn.RemoteAddr(), err))
		}
	}
	return errors.Join(errs...)
}

// Close forgets the connection and closes it.
func (t *trackedConn) Close() error {
	t.once.Do(func() {
		t.of.mu.Lock()
		delete(t.of.open, t)
		t.of.mu.Unlock()
	})
	return t.Conn.Close()
}

// newHostClient prepares a connection pool for one gateway host. Requests are sent exactly once:
// a retry would hide a failure and could deliver a message twice.
func newHostClient(target *url.URL, o Options, conns *connections) (*fasthttp.HostClient, error) {
	secure := target.Scheme == "https"
	if !secure && target.Scheme != "http" {
		return nil, fmt.Errorf("connect to %s: scheme must be http or https", target.Redacted())
	}
	dial, err := dialer(target, o)
	if err != nil {
		return nil, err
	}
	var config *tls.Config
	if secure {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
		if o.TLS != nil {
			config = o.TLS.Clone()
		}
	}
	maxConns := o.MaxConns
	if maxConns == 0 {
		maxConns = MaxVUs
	}
	return &fasthttp.HostClient{
		Addr:      fasthttp.AddMissingPort(target.Host, secure),
		IsTLS:     secure,
		TLSConfig: config,
		DialTimeout: func(addr string, timeout time.Duration) (net.Conn, error) {
			conn, err := dial(addr, timeout)
			if err != nil {
				return nil, err
			}
			return conns.track(conn), nil
		},
		MaxConns:                      maxConns,
		MaxConnWaitTimeout:            o.Timeout, // with a cap, a virtual user queues for a connection
		MaxIdleConnDuration:           30 * time.Second,
		MaxIdemponentCallAttempts:     1,
		ConnPoolStrategy:              fasthttp.LIFO,
		ReadBufferSize:                connReadBuffer,
		WriteBufferSize:               connWriteBuffer,
		MaxResponseBodySize:           maxAnswer,
		DisablePathNormalizing:        true,
		DisableHeaderNamesNormalizing: true,
		NoDefaultUserAgentHeader:      true,
		SecureErrorLogMessage:         true,
	}, nil
}

// dialer connects directly, or through the proxy that the options name for the target (with
// CONNECT, for plain HTTP as well).
func dialer(target *url.URL, o Options) (fasthttp.DialFuncWithTimeout, error) {
	direct := func(addr string, timeout time.Duration) (net.Conn, error) {
		return (&net.Dialer{Timeout: timeout}).Dial("tcp", addr)
	}
	if o.Proxy == nil {
		return direct, nil
	}
	proxy, err := o.Proxy(target)
	if err != nil {
		return nil, fmt.Errorf("choose proxy for %s: %w", target.Host, err)
	}
	if proxy == nil {
		return direct, nil
	}
	via := &fasthttpproxy.Dialer{
		Config:         httpproxy.Config{HTTPProxy: proxy.String(), HTTPSProxy: proxy.String()},
		Timeout:        o.Timeout,
		ConnectTimeout: o.Timeout,
		DialDualStack:  true,
	}
	dial, err := via.GetDialFuncForTLS(false, target.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("use proxy %s for %s: %w", proxy.Redacted(), target.Host, err)
	}
	return func(addr string, _ time.Duration) (net.Conn, error) { return dial(addr) }, nil
}
