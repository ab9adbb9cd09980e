package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Of Config.Replicas: what zero means, and the most.
const (
	DefaultReplicas = 2
	MaxReplicas     = 8
)

// Replica is one of the processes that the gateway consists of, as one would see it in a list of pods.
type Replica struct {
	Name    string    `json:"name"`    // such as gateway-1
	Address string    `json:"address"` // host:port at which it can be reached without the others
	Started time.Time `json:"started"` // when it last came up
	Ready   bool      `json:"ready"`   // false while it restarts
}

var errReplicaClosed = errors.New("replica is closed for good")

// replica serves the connections that the balancer gives it and those to an address of its own. It can stop and start
// again, as a pod that is replaced.
type replica struct {
	name    string
	trust   atomic.Pointer[trust]
	handler fasthttp.RequestHandler
	logs    io.Writer

	mu      sync.Mutex
	server  *server // that of the last start
	started time.Time
	ready   bool
	closed  bool
}

func newReplica(index int, logs io.Writer) *replica {
	return &replica{name: "gateway-" + strconv.Itoa(index+1), logs: logs}
}

// start listens where it listened before, or at another address if somebody took that one meanwhile.
func (r *replica) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errReplicaClosed
	}
	listener, err := r.listen()
	if err != nil {
		return fmt.Errorf("listen for %s: %w", r.name, err)
	}
	r.server = serve(listener, service{name: r.name, maxBody: maxMessage, crowd: true}, r.handler, r.logs)
	r.started, r.ready = time.Now(), true
	return nil
}

func (r *replica) listen() (listener net.Listener, err error) {
	if r.server != nil {
		if listener, err = net.Listen("tcp", r.server.addr()); err == nil {
			return listener, nil
		}
	}
	err = onLowPort(func(addr string) error {
		listener, err = net.Listen("tcp", addr)
		return err
	})
	return listener, err
}

// take serves a connection if the replica is ready.
func (r *replica) take(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ready && r.server.take(conn)
}

// leave ends the replica's readiness: from here on it takes no connection. What it has is for drain to end.
func (r *replica) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready = false
	if r.server != nil {
		r.server.refuse()
	}
}

// drain lets requests in flight finish until ctx ends and closes all connections.
func (r *replica) drain(ctx context.Context) error {
	r.mu.Lock()
	s := r.server
	r.mu.Unlock()
	if s == nil {
		return nil
	}
	return s.close(ctx)
}

// close stops the replica for good. A restart that is under way ends too.
func (r *replica) close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.leave()
	return r.drain(ctx)
}

func (r *replica) state() Replica {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := Replica{Name: r.name, Started: r.started, Ready: r.ready}
	if r.server != nil {
		state.Address = r.server.addr()
	}
	return state
}
