package kube

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"

	"xinbot.ir/squall/internal/rotation"
)

// connection is one connection to the port of a pod: a pair of streams in a session.
type connection struct {
	httpstream.Stream // of what is said
	errors            httpstream.Stream
	session           *session
	port              int
	told              chan struct{} // closed when the node has nothing more to say of errors
	trouble           string        // that it told
	closed            sync.Once
}

// open makes the streams. That may take as long as the node takes, and 30 s at most.
func (c *connection) open(id int) (err error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(c.port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(id))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if c.errors, err = c.session.conn.CreateStream(headers); err != nil {
		return err
	}
	if err := c.errors.Close(); err != nil { // nothing is said to it
		return err
	}
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	c.Stream, err = c.session.conn.CreateStream(headers)
	return err
}

// mostTold bounds an error of a node, in bytes.
const mostTold = 1 << 10

// listen takes what the node says of errors.
func (c *connection) listen() {
	defer close(c.told)
	text, _ := io.ReadAll(io.LimitReader(c.errors, mostTold)) // the end of the session is the end of it
	c.trouble = strings.TrimSpace(string(text))
}

// Read implements net.Conn. At the end it says why that came, if the node did.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	if err == nil || n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	<-c.told
	switch {
	case c.trouble == "":
		return 0, c.session.lost()
	case strings.Contains(c.trouble, "connection refused"): // the pod is there, and the gateway in it is not
		return 0, fmt.Errorf("port %d of pod %s: connection refused", c.port, c.session.pod)
	}
	err = &rotation.WayError{Err: fmt.Errorf("%s: %s", c.session, c.trouble)}
	c.session.end(err) // it may be bound to a sandbox that has ended
	return 0, err
}

// lost is why nothing comes any more: the gateway has closed the connection, or the session has ended.
func (s *session) lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver() {
		return s.ended
	}
	return io.EOF
}

// Close implements net.Conn. It ends both directions at once.
func (c *connection) Close() error {
	c.closed.Do(func() {
		_ = c.Reset() // fails when the session has ended
		_ = c.errors.Reset()
		c.session.conn.RemoveStreams(c.Stream, c.errors)
		c.session.release()
	})
	return nil
}

// The rest of net.Conn. HTTP sets no deadlines: it closes what takes too long.

func (*connection) LocalAddr() net.Addr { return podAddress("squall") }

func (c *connection) RemoteAddr() net.Addr {
	return podAddress(fmt.Sprintf("%s:%d", c.session.pod, c.port))
}
func (*connection) SetDeadline(time.Time) error      { return nil }
func (*connection) SetReadDeadline(time.Time) error  { return nil }
func (*connection) SetWriteDeadline(time.Time) error { return nil }

// podAddress is the name of an end of a connection.
type podAddress string

// Network implements net.Addr.
func (podAddress) Network() string { return "port-forward" }

// String implements net.Addr.
func (a podAddress) String() string { return string(a) }

// netConn makes a net.Conn of the stream of an upgraded connection; SPDY sets no deadline and asks for no address.
type netConn struct{ io.ReadWriteCloser }

func (netConn) LocalAddr() net.Addr              { return podAddress("squall") }
func (netConn) RemoteAddr() net.Addr             { return podAddress("API server") }
func (netConn) SetDeadline(time.Time) error      { return nil }
func (netConn) SetReadDeadline(time.Time) error  { return nil }
func (netConn) SetWriteDeadline(time.Time) error { return nil }
