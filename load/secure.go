package load

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// secure does the TLS handshake, when there is one to do. It closes the connection if it fails.
func secure(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	if config == nil {
		return conn, nil
	}
	over := &secureConn{Conn: tls.Client(conn, config)}
	over.peer = &peer{Addr: conn.RemoteAddr(), conn: over}
	if err := over.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(&handshakeError{err}, closed(conn))
	}
	return over, nil
}

// secureConn remembers why reading failed. The HTTP client takes whatever happens before the first
// byte of an answer for a closed connection, even the alert with which TLS 1.3 refuses a client
// certificate; but it hands on the address of the other end, and with it the reason.
type secureConn struct {
	*tls.Conn
	peer    *peer
	failure error
}

// peer is the address of the other end of a secureConn.
type peer struct {
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

// cause is what really went wrong with a request that ended with err.
func cause(remote net.Addr, err error) error {
	if p, ok := remote.(*peer); ok && p.conn.failure != nil {
		return p.conn.failure
	}
	return err
}
