package demo

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// hop is the HTTP connection pool from one service to another. It has no
// goroutines of its own, every exchange has a deadline, and a connection that
// failed is never used again.
type hop struct {
	address string
	mu      sync.Mutex
	idle    []*hopConn
	closed  bool
}

type hopConn struct {
	net.Conn
	r *bufio.Reader
	w *bufio.Writer
}

const (
	hopIdle   = 1024     // connections kept for reuse
	hopBuffer = 2 * 1024 // bytes, each way
)

var errHopClosed = errors.New("connection pool is closed")

func newHop(address string) *hop { return &hop{address: address} }

// do sends req and reads the answer into resp within timeout. A reused
// connection that the other side had closed meanwhile is replaced, once.
func (h *hop) do(req *fasthttp.Request, resp *fasthttp.Response, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for {
		conn, reused, err := h.get(deadline)
		if err != nil {
			return err
		}
		err = conn.exchange(req, resp, deadline)
		if err == nil && !resp.ConnectionClose() {
			h.put(conn)
			return nil
		}
		conn.Close()
		if err == nil {
			return nil
		}
		var timedOut net.Error
		if !reused || (errors.As(err, &timedOut) && timedOut.Timeout()) {
			return fmt.Errorf("call %s: %w", h.address, err)
		}
		h.dropIdle() // its siblings were most likely closed with it
	}
}

func (c *hopConn) exchange(req *fasthttp.Request, resp *fasthttp.Response, deadline time.Time) error {
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	if err := req.Write(c.w); err != nil {
		return err
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	return resp.Read(c.r)
}

func (h *hop) get(deadline time.Time) (conn *hopConn, reused bool, err error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, false, errHopClosed
	}
	if n := len(h.idle); n > 0 {
		conn, h.idle = h.idle[n-1], h.idle[:n-1]
		h.mu.Unlock()
		return conn, true, nil
	}
	h.mu.Unlock()
	raw, err := (&net.Dialer{Deadline: deadline}).Dial("tcp", h.address)
	if err != nil {
		return nil, false, err
	}
	return &hopConn{raw, bufio.NewReaderSize(raw, hopBuffer), bufio.NewWriterSize(raw, hopBuffer)}, false, nil
}

func (h *hop) put(c *hopConn) {
	h.mu.Lock()
	keep := !h.closed && len(h.idle) < hopIdle
	if keep {
		h.idle = append(h.idle, c)
	}
	h.mu.Unlock()
	if !keep {
		c.Close()
	}
}

func (h *hop) dropIdle() {
	h.mu.Lock()
	idle := h.idle
	h.idle = nil
	h.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}

func (h *hop) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.dropIdle()
}
