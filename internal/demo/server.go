package demo

import (
	"context"
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
// that it started.
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
	if s.addr == "" {
		s.addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", s.name, err)
	}
	return serve(listener, s, handler, logs), nil
}

func serve(listener net.Listener, cfg service, handler fasthttp.RequestHandler, logs io.Writer) *server {
	s := &server{listener: listener, conns: make(map[*serverConn]struct{})}
	s.http = &fasthttp.Server{
		Handler:            handler,
		ConnState:          s.connState,
		Logger:             log.New(logs, cfg.name+": ", log.LstdFlags),
		MaxRequestBodySize: cfg.maxBody,

		DisablePreParseMultipartForm: true, // a bad form is the handler's to answer
		NoDefaultServerHeader:        true,
		ReduceMemoryUsage:            cfg.crowd,
		CloseOnShutdown:              true,
	}
	s.done.Go(s.accept)
	return s
}

func (s *server) addr() string { return s.listener.Addr().String() }

func (s *server) accept() {
	for {
		raw, err := s.listener.Accept()
		if err != nil {
			if s.closing.Load() {
				return
			}
			// Out of descriptors, most likely: give connections time to end.
			time.Sleep(10 * time.Millisecond)
			continue
		}
		c := &serverConn{Conn: raw}
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.done.Go(func() {
			_ = s.http.ServeConn(c) // it closes c; why is the client's affair
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
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
// cuts what is left. It returns when every goroutine of the server is gone.
func (s *server) close(ctx context.Context) error {
	s.closing.Store(true)
	err := s.listener.Close()
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

func (s *server) closeConns(which func(*serverConn) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if which(c) {
			c.Close()
		}
	}
}
