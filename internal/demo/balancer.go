package demo

import (
	"net"
	"sync"
)

// balancer gives every connection that it accepts to one ready replica, in turn. There the connection stays, as it does
// behind a Service of Kubernetes.
type balancer struct {
	listener net.Listener
	replicas []*replica
	next     int // index of the replica that is asked first; the accept loop's own
	done     sync.WaitGroup
}

func startBalancer(listener net.Listener, replicas []*replica) *balancer {
	b := &balancer{listener: listener, replicas: replicas}
	b.done.Go(func() { acceptAll(listener, b.assign) })
	return b
}

// assign resets the connection if no replica is ready: a Service without endpoints leaves nobody waiting either.
func (b *balancer) assign(conn net.Conn) {
	for range b.replicas {
		r := b.replicas[b.next]
		b.next = (b.next + 1) % len(b.replicas)
		if r.take(conn) {
			return
		}
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // makes Close send a reset
	}
	conn.Close()
}

// close stops accepting; the connections are the replicas'.
func (b *balancer) close() error {
	err := b.listener.Close()
	b.done.Wait()
	return err
}
