package demo

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// hop is the HTTP connection pool from one service to another. It has no
// goroutines of its own, every exchange has a deadline, and a connection that
// failed is never used again.
type hop struct {
	address string
	busy    chan struct{} // one entry per exchange under way
	mu      sync.Mutex
	idle    []*hopConn
	closed  bool
}

type hopConn struct {
	net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	used time.Time
}

const (
	hopConns  = 1024             // exchanges at once; more wait for a connection
	hopLife   = 10 * time.Second // that an unused connection is kept
	hopBuffer = 2 * 1024         // bytes, each way
)

var errHopClosed = errors.New("connection pool is closed")

func newHop(address string) *hop { return &hop{address: address, busy: make(chan struct{}, hopConns)} }

// do sends req and reads the answer into resp within timeout. A reused
// connection that the other side had closed meanwhile is replaced, once.
func (h *hop) do(req *fasthttp.Request, resp *fasthttp.Response, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	if err := h.acquire(timeout); err != nil {
		return err
	}
	defer func() { <-h.busy }()
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
		if !time.Now().Before(deadline) { // fasthttp hides the cause in some errors
			return fmt.Errorf("call %s: %w", h.address, os.ErrDeadlineExceeded)
		}
		if !reused {
			return fmt.Errorf("call %s: %w", h.address, err)
		}
		h.dropIdle() // its siblings were most likely closed with it
	}
}

func (h *hop) acquire(timeout time.Duration) error {
	select {
	case h.busy <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case h.busy <- struct{}{}:
		return nil
	case <-timer.C:
		return fmt.Errorf("call %s: wait for a connection: %w", h.address, os.ErrDeadlineExceeded)
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
	return &hopConn{Conn: raw, r: bufio.NewReaderSize(raw, hopBuffer), w: bufio.NewWriterSize(raw, hopBuffer)}, false, nil
}

func (h *hop) put(c *hopConn) {
	c.used = time.Now()
	var old *hopConn // at most one each time: as many as could be added
	h.mu.Lock()
	keep := !h.closed
	if keep {
		if len(h.idle) > 0 && c.used.Sub(h.idle[0].used) > hopLife {
			old, h.idle = h.idle[0], h.idle[1:]
		}
		h.idle = append(h.idle, c)
	}
	h.mu.Unlock()
	if old != nil {
		old.Close()
	}
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
