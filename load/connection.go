package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// connections counts the open connections of a generator and can close them all, so that requests
// in flight end when draining has to.
type connections struct {
	mu       sync.Mutex
	open     map[*trackedConn]struct{}
	taken    int // descriptors that open connections and dials under way have
	transfer *transfer
	limit    int             // of those: the rest is for undoing faults, the run directory and the screen
	ctx      context.Context //nolint:containedctx // ends every dial under way
	end      context.CancelFunc
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
}

type trackedConn struct {
	net.Conn
	of   *connections
	once sync.Once
	used bool // an answer came over it

	connecting  time.Duration // that opening it took; the first request over it takes them over
	handshaking time.Duration

	raw     syscall.RawConn  // nil: not of the system, such as a pipe of a test
	look    func(fd uintptr) // sets waiting; made once, for a function made at each look would be allocated
	waiting bool             // there is nothing to read
	one     [1]byte          // what is read by looking; such a connection is not used again
}

func newConnections(t *transfer) *connections {
	c := &connections{transfer: t, open: map[*trackedConn]struct{}{}, dial: (&net.Dialer{}).DialContext, limit: descriptorsForLoad()}
	c.ctx, c.end = context.WithCancel(context.Background())
	return c
}

// take reserves a descriptor for a connection. Without one the error is that of the system's own limit, which is
// the same for whoever reads it.
func (c *connections) take() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken >= c.limit {
		return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EMFILE}
	}
	c.taken++
	return nil
}

func (c *connections) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken--
}

// track counts a connection. After closeAll it closes the connection instead.
func (c *connections) track(conn net.Conn) (*trackedConn, error) {
	tracked := &trackedConn{Conn: conn, of: c}
	tracked.look = func(fd uintptr) {
		_, err := syscall.Read(int(fd), tracked.one[:]) // the descriptor does not block
		tracked.waiting = err == syscall.EAGAIN         // as the system call returns it
	}
	if system, ok := conn.(syscall.Conn); ok {
		raw, err := system.SyscallConn()
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		tracked.raw = raw
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.ctx.Err(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c.open[tracked] = struct{}{}
	return tracked, nil
}

func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// closeAll closes every connection and ends every dial; there are no new connections after it.
func (c *connections) closeAll() error {
	c.mu.Lock()
	c.end()
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

// Read is part of [net.Conn].
func (t *trackedConn) Read(b []byte) (n int, err error) {
	n, err = t.Conn.Read(b)
	t.of.transfer.received.Add(uint64(n))
	return n, err
}

// Write is part of [net.Conn].
func (t *trackedConn) Write(b []byte) (n int, err error) {
	n, err = t.Conn.Write(b)
	t.of.transfer.sent.Add(uint64(n))
	return n, err
}

// takeOpening returns how long opening the connection took, to the first who asks.
func (t *trackedConn) takeOpening() (connecting, handshaking time.Duration) {
	connecting, handshaking = t.connecting, t.handshaking
	t.connecting, t.handshaking = 0, 0
	return connecting, handshaking
}

// Close forgets the connection and closes it.
func (t *trackedConn) Close() error {
	t.once.Do(func() {
		t.of.mu.Lock()
		delete(t.of.open, t)
		t.of.taken--
		t.of.mu.Unlock()
	})
	return t.Conn.Close()
}

// closedByPeer reports whether there is anything to read, which on an idle connection is its end or
// something that no request asked for. A gateway may close a connection as soon as it has answered, and a message
// sent into a closed one would count as reset though the platform did not reset it. What the gateway closes
// between the look and the message still does, as with other clients.
func (t *trackedConn) closedByPeer() bool {
	if t.raw == nil {
		return false
	}
	err := t.raw.Control(t.look)
	return err != nil || !t.waiting
}

// newHostClient prepares a connection pool for one gateway host.
func newHostClient(target *url.URL, o Options, conns *connections) (*hostClient, error) {
	dial, err := newDialer(target, o, conns)
	if err != nil {
		return nil, err
	}
	maxConns := o.MaxConns
	if maxConns == 0 {
		maxConns = MaxVUs
	}
	h := &hostClient{timeout: o.Timeout}
	h.size.Store(smallestReader)
	h.pool = &fasthttp.HostClient{
		Addr:        fasthttp.AddMissingPort(target.Host, target.Scheme == "https"),
		IsTLS:       target.Scheme == "https", // the dialer has done the handshake already
		DialTimeout: dial.dial,
		MaxConns:    maxConns,
		// With a cap, a virtual user queues for a connection. Giving up before the request times out
		// tells the cap, which is ours, from a slow platform.
		MaxConnWaitTimeout:  o.Timeout - o.Timeout/10,
		MaxIdleConnDuration: 30 * time.Second,
		// The one that has been idle for longest is used next: a gateway that closes a connection after its answer has
		// done so by then, and it is noticed.
		ConnPoolStrategy:              fasthttp.FIFO,
		WriteBufferSize:               writeBuffer,
		DisablePathNormalizing:        true,
		DisableHeaderNamesNormalizing: true,
		NoDefaultUserAgentHeader:      true,
		SecureErrorLogMessage:         true,
	}
	return h, nil
}
