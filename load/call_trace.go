package load

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"

	"xinbot.ir/squall/load/metric"
)

// callTrace notes when the parts of a call of the admin API began. The HTTP client reports them from goroutines of its
// own, of which one that dials can go on after the call.
type callTrace struct {
	mu                      sync.Mutex
	connect, handshake      time.Time
	got, wrote, answered    time.Time
	connecting, handshaking time.Duration
}

// trace makes the context of a call report to c.
func (c *callTrace) trace(ctx context.Context) context.Context {
	at := func(to *time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		*to = time.Now()
	}
	since := func(from *time.Time, to *time.Duration) {
		c.mu.Lock()
		defer c.mu.Unlock()
		*to = time.Since(*from)
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart:         func(string, string) { at(&c.connect) },
		ConnectDone:          func(string, string, error) { since(&c.connect, &c.connecting) },
		TLSHandshakeStart:    func() { at(&c.handshake) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { since(&c.handshake, &c.handshaking) },
		GotConn:              func(httptrace.GotConnInfo) { at(&c.got) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { at(&c.wrote) },
		GotFirstResponseByte: func() { at(&c.answered) },
	})
}

// parts are how long the parts of a call took that was answered; not ok when the client did not report them. An answer
// may come before the request is written.
func (c *callTrace) parts(sent, done time.Time) (p metric.Parts, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.got.IsZero() || c.answered.IsZero() {
		return p, false
	}
	wrote := c.wrote
	if wrote.IsZero() || wrote.After(c.answered) {
		wrote = c.answered
	}
	p[metric.Blocked], p[metric.Connecting], p[metric.Handshaking] = c.got.Sub(sent), c.connecting, c.handshaking
	p[metric.Sending], p[metric.Waiting], p[metric.Receiving] = wrote.Sub(c.got), c.answered.Sub(wrote), done.Sub(c.answered)
	return p, true
}
