package load

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// tlsHandshake does the TLS handshake, when there is one to do. It closes the connection if it fails.
func tlsHandshake(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	if config == nil {
		return conn, nil
	}
	over := &secureConn{Conn: tls.Client(conn, config)}
	over.peer = &peerConn{Addr: conn.RemoteAddr(), conn: over}
	if err := over.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(&handshakeError{err}, closeConn(conn))
	}
	return over, nil
}

// secureConn keeps the error with which reading failed. The HTTP client takes whatever happens before the first
// byte of an answer for a closed connection, even the alert with which TLS 1.3 refuses a client
// certificate; but it hands on the address of the other end, and with it the reason.
type secureConn struct {
	*tls.Conn
	peer    *peerConn
	failure error
}

// peerConn is the address of the other end of a secureConn.
type peerConn struct {
	net.Addr
	conn *secureConn
}

// RemoteAddr is the address of the other end, as a *peer.
func (c *secureConn) RemoteAddr() net.Addr { return c.peer }

// Read reads and remembers a failure.
func (c *secureConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.failure = err
	}
	return n, err
}

// rootCause is what really went wrong with a request that ended with err.
func rootCause(remote net.Addr, err error) error {
	if p, ok := remote.(*peerConn); ok && p.conn.failure != nil {
		return p.conn.failure
	}
	return err
}
