package testcluster

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy is a way to the API server that can be slow or broken. It passes bytes
// on and knows nothing of what they mean.
type Proxy struct {
	listener net.Listener
	target   string
	ctx      context.Context // ends with the cluster
	delay    atomic.Int64    // nanoseconds

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
	wg     sync.WaitGroup
}

// Proxy opens a way to the API server that delays each answer, and what watches
// send, by delay. It is closed when the test ends.
func (c *Cluster) Proxy(t testing.TB, delay time.Duration) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen for proxy: %v", err)
	}
	p := &Proxy{listener: listener, target: c.layout.address(), ctx: c.ctx, conns: map[net.Conn]bool{}}
	p.SetDelay(delay)
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		listener.Close()
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.Break()
		p.wg.Wait()
	})
	return p
}

// URL is the server to put into a [Login].
func (p *Proxy) URL() string { return "https://" + p.listener.Addr().String() }

// SetDelay changes the delay, for what arrives from now on.
func (p *Proxy) SetDelay(delay time.Duration) { p.delay.Store(int64(delay)) }

// Break closes all connections; clients may connect again.
func (p *Proxy) Break() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	var dialer net.Dialer
	server, err := dialer.DialContext(p.ctx, "tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.keep(client, server) {
		return
	}
	defer p.forget(client, server)

	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(server, client)
		server.Close()
	})
	both.Go(func() {
		p.copyLate(client, server)
		client.Close()
	})
	both.Wait()
}

// keep remembers the connections for Break, unless the proxy has been closed.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	for _, conn := range conns {
		p.conns[conn] = true
	}
	return true
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}

// chunk is bytes that are passed on when they are due.
type chunk struct {
	due  time.Time
	data []byte
}

// copyLate copies with the delay; bytes that arrive together leave together, so
// that a large answer is late but not slow.
func (p *Proxy) copyLate(to io.Writer, from io.Reader) {
	chunks := make(chan chunk, 1024)
	go func() {
		defer close(chunks)
		for {
			data := make([]byte, 16<<10)
			n, err := from.Read(data)
			if n > 0 {
				chunks <- chunk{due: time.Now().Add(time.Duration(p.delay.Load())), data: data[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	var failed error
	for c := range chunks {
		if failed != nil {
			continue
		}
		time.Sleep(time.Until(c.due))
		_, failed = to.Write(c.data)
	}
}
