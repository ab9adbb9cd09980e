package load

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Sizes of what a request is written and an answer read with.
const (
	writeBuffer    = 2 << 10
	smallestReader = 4 << 10
	longestHeader  = 1 << 20 // of an answer
	maxAnswer      = 4 << 20 // a gateway that sends more than this is answering something else
)

// errLongHeader is an answer that this client cannot read, whatever it says.
var errLongHeader = errors.New("the answer's header is longer than 1 MiB")

// transport sends a message on a connection of a pool and reads the answer. It is in the place of the HTTP client's
// own for two reasons. It never uses a connection of which the gateway has closed its end. And a header of any
// usual length can be read with a small buffer: a larger one is taken by need, and from then on.
type transport struct {
	timeout time.Duration // of a request, connecting included
	readers sync.Pool     // of *bufio.Reader
	size    atomic.Int64  // of a reader that is made now
}

func newTransport(timeout time.Duration) *transport {
	t := &transport{timeout: timeout}
	t.size.Store(smallestReader)
	return t
}

// RoundTrip is part of [fasthttp.RoundTripper]. A message is sent exactly once, so it never asks for a retry: that
// would hide a failure and could deliver the message twice.
func (t *transport) RoundTrip(pool *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (retry bool, err error) {
	deadline := time.Now().Add(t.timeout)
	kept, err := pool.AcquireConn(t.timeout, req.ConnectionClose())
	for err == nil && useless(kept.Conn()) {
		pool.CloseConn(kept)
		kept, err = pool.AcquireConn(t.timeout, req.ConnectionClose())
	}
	if err != nil {
		return false, err
	}
	reuse, err := t.exchange(pool, kept.Conn(), deadline, req, resp)
	if err != nil || !reuse {
		pool.CloseConn(kept)
		return false, err
	}
	if conn := tracked(kept.Conn()); conn != nil {
		conn.used = true
	}
	pool.ReleaseConn(kept)
	return false, nil
}

// exchange sends the message and reads the answer, and reports whether the connection can be used again.
func (t *transport) exchange(pool *fasthttp.HostClient, conn net.Conn, deadline time.Time, req *fasthttp.Request, resp *fasthttp.Response) (reuse bool, err error) {
	resp.ParseNetConn(conn)
	if err := conn.SetDeadline(deadline); err != nil {
		return false, err
	}
	out := pool.AcquireWriter(conn)
	err = req.Write(out)
	if err == nil {
		err = out.Flush()
	}
	pool.ReleaseWriter(out)
	if err != nil {
		return false, err
	}
	resp.Header.DisableNormalizing()
	in := t.reader(conn)
	err = resp.ReadLimitBody(in, maxAnswer)
	for err != nil && isTooSmall(err) {
		if in, err = t.larger(in, conn); err == nil {
			err = resp.ReadLimitBody(in, maxAnswer)
		}
	}
	unasked := in.Buffered() > 0
	t.readers.Put(in)
	return !unasked && !req.ConnectionClose() && !resp.ConnectionClose(), err
}

// reader returns a buffered reader of the present size.
func (t *transport) reader(from io.Reader) *bufio.Reader {
	size := int(t.size.Load())
	if used, ok := t.readers.Get().(*bufio.Reader); ok && used.Size() >= size {
		used.Reset(from)
		return used
	}
	return bufio.NewReaderSize(from, size)
}

// larger returns a reader of four times the size, which has what the small one has read and not given out.
func (t *transport) larger(small *bufio.Reader, conn net.Conn) (*bufio.Reader, error) {
	begun, err := small.Peek(small.Buffered())
	if err != nil {
		return small, err
	}
	size := 4 * small.Size()
	if size > longestHeader {
		return small, errLongHeader
	}
	t.size.Store(max(t.size.Load(), int64(size)))
	return bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(begun)), conn), size), nil
}

func isTooSmall(err error) bool {
	var small *fasthttp.ErrSmallBuffer
	return errors.As(err, &small)
}

// useless reports whether a connection was closed by the gateway after an answer. On one without an answer yet there
// may be something to read: a TLS server's session tickets.
func useless(conn net.Conn) bool {
	c := tracked(conn)
	return c != nil && c.used && c.closedByPeer()
}

// tracked is the tracked connection below layers of TLS; nil when there is none.
func tracked(conn net.Conn) *trackedConn {
	for {
		switch c := conn.(type) {
		case *trackedConn:
			return c
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}
