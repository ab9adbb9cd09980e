package toxiproxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// effect looks at what a client of a proxy sees.
type effect func(t *testing.T, address string)

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// trip sends bytes and reads as many back, and says how long that took.
func trip(t *testing.T, conn net.Conn, size int) (took time.Duration, err error) {
	t.Helper()
	sent := bytes.Repeat([]byte("x"), size)
	start := time.Now()
	if _, err := conn.Write(sent); err != nil {
		return 0, err
	}
	got := make([]byte, size)
	if _, err := io.ReadFull(conn, got); err != nil {
		return time.Since(start), err
	}
	if !bytes.Equal(sent, got) {
		t.Error("not what was sent")
	}
	return time.Since(start), nil
}

func passes(t *testing.T, address string) {
	t.Helper()
	if _, err := trip(t, dial(t, address), 100); err != nil {
		t.Error(err)
	}
}

// takes wants a round trip to last at least so long.
func takes(least time.Duration, size int) effect {
	return func(t *testing.T, address string) {
		t.Helper()
		took, err := trip(t, dial(t, address), size)
		if err != nil || took < least {
			t.Errorf("a round trip took %s (%v), want %s or more", took, err, least)
		}
	}
}

func isRefused(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a connection is not refused: %v", err)
	}
}

// hangs wants no answer for a moment, and no end either.
func hangs(t *testing.T, address string) {
	t.Helper()
	conn := dial(t, address)
	if err := conn.SetDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := trip(t, conn, 10); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it does not hang: %v", err)
	}
}

// isClosed wants the connection to end without an answer, after a time from its beginning.
func isClosed(least time.Duration) effect {
	return func(t *testing.T, address string) {
		t.Helper()
		start := time.Now()
		_, err := trip(t, dial(t, address), 10)
		if took := time.Since(start); !errors.Is(err, io.EOF) || took < least {
			t.Errorf("after %s: %v, want the end after %s", took, err, least)
		}
	}
}

// isReset wants the connection to be reset, after a time.
func isReset(least time.Duration) effect {
	return func(t *testing.T, address string) {
		t.Helper()
		took, err := trip(t, dial(t, address), 10)
		if !errors.Is(err, syscall.ECONNRESET) || took < least {
			t.Errorf("after %s: %v, want a reset after %s", took, err, least)
		}
	}
}

// getsOnly wants the answer to be cut.
func getsOnly(size int) effect {
	return func(t *testing.T, address string) {
		t.Helper()
		conn := dial(t, address)
		if _, err := conn.Write(make([]byte, 10*size)); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || len(got) != size {
			t.Errorf("%d bytes (%v), want %d", len(got), err, size)
		}
	}
}

// closesLate wants the end of a conversation to come late.
func closesLate(least time.Duration) effect {
	return func(t *testing.T, address string) {
		t.Helper()
		conn := dial(t, address)
		start := time.Now()
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil || time.Since(start) < least {
			t.Errorf("closed after %s (%v), want %s", time.Since(start), err, least)
		}
	}
}
