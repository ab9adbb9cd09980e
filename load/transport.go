package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"xinbot.ir/squall/load/metric"
)

// Sizes of what a request is written and an answer read with.
const (
	writeBuffer    = 2 << 10
	smallestReader = 4 << 10
	longestHeader  = 1 << 20 // of an answer
	maxAnswer      = 4 << 20 // a gateway that sends more than this is answering something else
)

// errMalformed is an answer that is not what HTTP allows.
var errMalformed = errors.New("the answer is malformed, or no HTTP")

// errLongHeader is an answer that this client cannot read, whatever it says.
var errLongHeader = errors.New("the answer's header is longer than 1 MiB")

// hostClient is the connection pool of one host and what sends over it. That is not the HTTP client's own sending for
// two reasons. It never uses a connection of which the gateway has closed its end. And a header of any usual length
// can be read with a small buffer: a larger one is taken by need, and from then on.
type hostClient struct {
	pool    *fasthttp.HostClient
	timeout time.Duration // of a request, connecting included
	readers sync.Pool     // of *bufio.Reader
	size    atomic.Int64  // of a reader that is made now
	closing closingHost
}

// do sends a request and reads the answer, and notes in the outcome when, and how long the parts took. A request is
// sent exactly once: to send it again would hide a failure and could deliver a message twice.
func (h *hostClient) do(req *fasthttp.Request, resp *fasthttp.Response, o *metric.Outcome) error {
	o.Sent = time.Now()
	resp.Reset()
	err := h.send(req, resp, o)
	o.Done = time.Now()
	if err != nil {
		return err
	}
	p := &o.Parts
	p[metric.Receiving] = o.Done.Sub(o.Sent) - p[metric.Blocked] - p[metric.Sending] - p[metric.Waiting]
	o.Parted = true
	return nil
}

func (h *hostClient) send(req *fasthttp.Request, resp *fasthttp.Response, o *metric.Outcome) error {
	kept, err := h.pool.AcquireConn(h.timeout, req.ConnectionClose())
	for err == nil && useless(kept.Conn()) {
		h.closing.wasClosed()
		h.pool.CloseConn(kept)
		kept, err = h.pool.AcquireConn(h.timeout, req.ConnectionClose())
	}
	if err != nil {
		return err
	}
	conn := tracked(kept.Conn())
	o.Parts[metric.Blocked] = time.Since(o.Sent)
	o.Parts[metric.Connecting], o.Parts[metric.Handshaking] = conn.takeOpening()
	reuse, err := h.exchange(kept.Conn(), req, resp, o)
	switch {
	case !conn.used:
	case err == nil:
		h.closing.wasOpen()
	default:
		h.closing.wasClosed()
	}
	if err != nil || !reuse {
		h.pool.CloseConn(kept)
		return err
	}
	fresh := !conn.used
	conn.used = true
	if fresh && h.closing.noticed() {
		h.closing.useOnce(&setAside{
			closed: func() bool { return useless(kept.Conn()) }, keep: func() { h.pool.ReleaseConn(kept) }, drop: func() { h.pool.CloseConn(kept) },
		})
		return nil
	}
	h.pool.ReleaseConn(kept)
	return nil
}

// exchange sends the message and reads the answer, and reports whether the connection can be used again.
func (h *hostClient) exchange(conn net.Conn, req *fasthttp.Request, resp *fasthttp.Response, o *metric.Outcome) (reuse bool, err error) {
	resp.ParseNetConn(conn)
	if err := conn.SetDeadline(o.Sent.Add(h.timeout)); err != nil {
		return false, err
	}
	out := h.pool.AcquireWriter(conn)
	err = req.Write(out)
	if err == nil {
		err = out.Flush()
	}
	h.pool.ReleaseWriter(out)
	if err != nil {
		return false, err
	}
	written := time.Now()
	resp.Header.DisableNormalizing()
	in := h.reader(conn)
	if _, err = in.Peek(1); err == nil {
		o.Parts[metric.Sending] = written.Sub(o.Sent) - o.Parts[metric.Blocked]
		o.Parts[metric.Waiting] = time.Since(written)
		err = resp.ReadLimitBody(in, maxAnswer)
	}
	for err != nil && isTooSmall(err) {
		if in, err = h.larger(in, conn); err == nil {
			err = resp.ReadLimitBody(in, maxAnswer)
		}
	}
	unasked := in.Buffered() > 0
	h.readers.Put(in)
	return !unasked && !req.ConnectionClose() && !resp.ConnectionClose(), answerError(err)
}

// answerError says in few words that an answer could not be understood. The HTTP client's own error would hold a part
// of it.
func answerError(err error) error {
	if err == nil {
		return nil
	}
	var network net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network),
		errors.Is(err, errLongHeader), errors.Is(err, fasthttp.ErrBodyTooLarge):
		return err
	}
	return errMalformed
}

// reader returns a buffered reader of the present size.
func (h *hostClient) reader(from io.Reader) *bufio.Reader {
	size := int(h.size.Load())
	if used, ok := h.readers.Get().(*bufio.Reader); ok && used.Size() >= size {
		used.Reset(from)
		return used
	}
	return bufio.NewReaderSize(from, size)
}

// larger returns a reader of four times the size, which has what the small one has read and not given out.
func (h *hostClient) larger(small *bufio.Reader, conn net.Conn) (*bufio.Reader, error) {
	begun, err := small.Peek(small.Buffered())
	if err != nil {
		return small, err
	}
	size := 4 * small.Size()
	if size > longestHeader {
		return small, errLongHeader
	}
	h.size.Store(max(h.size.Load(), int64(size)))
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
	return c.used && c.closedByPeer()
}

// tracked is the tracked connection below layers of TLS: the dialer opens no other.
func tracked(conn net.Conn) *trackedConn {
	for {
		switch c := conn.(type) {
		case *trackedConn:
			return c
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			panic(fmt.Sprintf("a connection of type %T is not tracked", conn))
		}
	}
}
