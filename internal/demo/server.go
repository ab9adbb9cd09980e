package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// server is one HTTP listener. It accepts by itself instead of leaving that to
// fasthttp's worker pool, so that closing can wait for exactly the goroutines
// that it started, and so that it can be given connections of another listener.
type server struct {
	listener net.Listener
	http     *fasthttp.Server
	closing  atomic.Bool
	done     sync.WaitGroup // the accept loop and one per connection

	mu    sync.Mutex
	conns map[*serverConn]struct{}
}

// serverConn knows whether a request is being served on it.
type serverConn struct {
	net.Conn
	active atomic.Bool
}

// service is what a server is for.
type service struct {
	name    string
	addr    string // empty for a free loopback port
	maxBody int    // bytes; larger requests are refused
	// crowd: many connections that mostly wait. Each costs 11 KB instead of 22
	// then, and each request one more system call.
	crowd bool
}

// listen starts to serve handler.
func listen(s service, handler fasthttp.RequestHandler, logs io.Writer) (*server, error) {
	listener, err := bind(s.name, s.addr)
	if err != nil {
		return nil, err
	}
	return serve(listener, s, handler, logs), nil
}

// bind opens the address of a service; an empty one is a free loopback port.
func bind(name, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", name, err)
	}
	return listener, nil
}

func serve(listener net.Listener, cfg service, handler fasthttp.RequestHandler, logs io.Writer) *server {
	s := &server{listener: listener, conns: make(map[*serverConn]struct{})}
	s.http = &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			handler(ctx)
			if s.closing.Load() {
				ctx.SetConnectionClose()
			}
		},
		ConnState:          s.connState,
		Logger:             log.New(logs, cfg.name+": ", log.LstdFlags),
		MaxRequestBodySize: cfg.maxBody,

		DisablePreParseMultipartForm: true, // a bad form is the handler's to answer
		NoDefaultServerHeader:        true,
		ReduceMemoryUsage:            cfg.crowd,
	}
	s.done.Go(func() {
		acceptAll(listener, func(conn net.Conn) {
			if !s.take(conn) {
				conn.Close()
			}
		})
	})
	return s
}

func (s *server) addr() string { return s.listener.Addr().String() }

// acceptAll hands on every connection until the listener is closed.
func acceptAll(listener net.Listener, handOn func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Out of descriptors, most likely: give connections time to end.
			time.Sleep(10 * time.Millisecond)
		default:
			handOn(conn)
		}
	}
}

// take serves a connection until it ends. It is false if the server is closing;
// the connection is then still the caller's.
func (s *server) take(conn net.Conn) bool {
	c := &serverConn{Conn: conn}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.conns[c] = struct{}{}
	s.done.Go(func() {
		_ = s.http.ServeConn(c) // it closes c; why is the client's affair
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, c)
	})
	return true
}

func (s *server) connState(c net.Conn, state fasthttp.ConnState) {
	conn, ok := c.(*serverConn)
	if !ok {
		return
	}
	conn.active.Store(state == fasthttp.StateActive)
	if state == fasthttp.StateIdle && s.closing.Load() {
		conn.Close()
	}
}

// close stops accepting, lets requests in flight finish until ctx ends, then
// cuts what is left. It returns when every goroutine of the server is gone. It
// may be called more than once, also at the same time.
func (s *server) close(ctx context.Context) error {
	s.refuse()
	err := s.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil // by an earlier call
	}
	s.closeConns(func(c *serverConn) bool { return !c.active.Load() })
	drained := make(chan struct{})
	go func() { s.done.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-ctx.Done():
		s.closeConns(func(*serverConn) bool { return true })
		<-drained
	}
	return err
}

// refuse makes take take no more, so that what is to be waited for is known.
func (s *server) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing.Store(true)
}

func (s *server) closeConns(which func(*serverConn) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if which(c) {
			c.Close()
		}
	}
}
