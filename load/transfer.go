package load

import (
	"context"
	"net"
	"sync/atomic"
)

// transfer counts the bytes of all connections of a generator, those of connecting and TLS included.
type transfer struct{ sent, received atomic.Uint64 }

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// counting makes a dialer that counts what goes over its connections.
func (t *transfer) counting(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &countedConn{conn, t}, nil
	}
}

type countedConn struct {
	net.Conn
	transfer *transfer
}

// Read is part of [net.Conn].
func (c *countedConn) Read(b []byte) (n int, err error) {
	n, err = c.Conn.Read(b)
	c.transfer.received.Add(uint64(n))
	return n, err
}

// Write is part of [net.Conn].
func (c *countedConn) Write(b []byte) (n int, err error) {
	n, err = c.Conn.Write(b)
	c.transfer.sent.Add(uint64(n))
	return n, err
}
