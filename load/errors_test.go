package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"xinbot.ir/squall/load/metric"
)

// reset closes a connection the rude way.
func reset(_ wireRequest, conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func answerWith(text string) func(wireRequest, net.Conn) {
	return func(_ wireRequest, conn net.Conn) {
		_, _ = io.WriteString(conn, text)
	}
}

// bigCookies is an answer with a header of a length.
func bigCookies(n int) string {
	return "HTTP/1.1 202 Accepted\r\nSet-Cookie: a=" + strings.Repeat("x", n) + "\r\nContent-Length: 21\r\n\r\n{\"status\":\"accepted\"}"
}

func TestErrorsAreClassified(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := &url.URL{Scheme: "http", Host: closed.Addr().String(), Path: "/"}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	served := func(answer func(wireRequest, net.Conn)) *url.URL { return newWireServer(t, answer).url() }
	tests := map[string]struct {
		target  *url.URL
		class   metric.ErrorClass
		status  int
		latency bool
	}{
		"accepted": {served(nil), metric.OK, 202, true},
		"refused":  {nobody, metric.Refused, 0, false},
		"reset":    {served(reset), metric.Reset, 0, false},
		"closed":   {served(func(_ wireRequest, c net.Conn) { _ = c.Close() }), metric.Reset, 0, false},
		"closed in the body": {served(func(_ wireRequest, c net.Conn) {
			_, _ = io.WriteString(c, acceptedAnswer[:len(acceptedAnswer)-3])
			_ = c.Close()
		}), metric.Reset, 0, false},
		"no answer":                {served(func(wireRequest, net.Conn) {}), metric.Timeout, 0, true},
		"half an answer":           {served(answerWith(acceptedAnswer[:40])), metric.Timeout, 0, true},
		"no such name":             {&url.URL{Scheme: "http", Host: "gateway.invalid", Path: "/"}, metric.DNS, 0, false},
		"unauthorised":             {served(answerWith("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")), metric.BadStatus, 401, true},
		"200 is not 202":           {served(answerWith("HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"status\":\"accepted\"}")), metric.BadStatus, 200, true},
		"other body":               {served(answerWith("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}")), metric.BadBody, 202, true},
		"long headers":             {served(answerWith("HTTP/1.1 202 Accepted\r\nX-Policy: " + strings.Repeat("x", 3000) + "\r\nContent-Length: 21\r\n\r\n{\"status\":\"accepted\"}")), metric.OK, 202, true},
		"a proxy with big cookies": {served(answerWith(bigCookies(5000))), metric.OK, 202, true},
		"64 KiB of headers":        {served(answerWith(bigCookies(64 << 10))), metric.OK, 202, true},
		"nearly 1 MiB":             {served(answerWith(bigCookies(1020 << 10))), metric.OK, 202, true},
		"headers without an end":   {served(answerWith(bigCookies(2 << 20))), metric.LocalLimit, 0, false},
		"no TLS there":             {&url.URL{Scheme: "https", Host: served(answerWith("HTTP/1.1 400 Bad Request\r\n\r\n")).Host, Path: "/"}, metric.Timeout, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := testOptions(test.target)
			o.Timeout = 200 * time.Millisecond
			if test.class == metric.DNS {
				o.Timeout = 5 * time.Second
			}
			out := sendOne(newTestGateway(t, o), Webchat)
			if out.Class != test.class || out.Status != test.status {
				t.Fatalf("class %s, status %d (%s), want %s and %d", out.Class, out.Status, out.Detail, test.class, test.status)
			}
			if measured := out.Class.Measured(); measured != test.latency {
				t.Errorf("has a latency: %v, want %v", measured, test.latency)
			}
			if test.class == metric.Timeout {
				if waited := out.Done.Sub(out.Sent); waited < o.Timeout || waited > o.Timeout+2*time.Second {
					t.Errorf("timed out after %s, want %s", waited, o.Timeout)
				}
			}
			if test.class != metric.OK && test.class != metric.BadStatus && test.class != metric.BadBody && out.Detail == "" {
				t.Error("no text for the error table")
			}
		})
	}
}

func TestClassesOfErrorValues(t *testing.T) {
	for _, test := range []struct {
		err  error
		want metric.ErrorClass
	}{
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}, metric.LocalLimit},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}, metric.LocalLimit},
		{&net.DNSError{Err: "dial udp 127.0.0.53:53: socket: too many open files", Name: "gateway"}, metric.LocalLimit},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, metric.DNS},
		{&net.DNSError{Err: "i/o timeout", IsTimeout: true}, metric.DNS},
		{fmt.Errorf("send: %w", syscall.EPIPE), metric.Reset},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, metric.LocalLimit},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, metric.LocalLimit},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)}, metric.LocalLimit},
		{&url.Error{Op: "Post", Err: &net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}}, metric.LocalLimit},
		{&proxyError{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, metric.LocalLimit},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}, metric.TLS},
		{&handshakeError{io.EOF}, metric.Reset},
		{&handshakeError{errors.New("tls: no cipher suite in common")}, metric.TLS},
		{os.ErrDeadlineExceeded, metric.Timeout},
		{errors.New("something new"), metric.Unclassified},
	} {
		if got, _ := classify(test.err); got != test.want {
			t.Errorf("%v is %s, want %s", test.err, got, test.want)
		}
	}
	if got := errorSample(errors.New(strings.Repeat("é", 1000))); len([]rune(got)) != 160 {
		t.Errorf("sample has %d characters", len([]rune(got)))
	}
}

func TestConnectionCapIsOurOwnLimit(t *testing.T) {
	server := newWireServer(t, func(wireRequest, net.Conn) {})
	o := testOptions(server.url())
	o.MaxConns, o.Timeout = 1, 300*time.Millisecond
	g := newTestGateway(t, o)
	classes := make(chan metric.ErrorClass, 2)
	for range 2 {
		go func() { classes <- sendOne(g, Webchat).Class }()
	}
	first, second := <-classes, <-classes
	if first != metric.LocalLimit || second != metric.Timeout {
		t.Errorf("one request waited for the platform and one for a connection: %s and %s", second, first)
	}
	if got := server.connections(); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

// A child process that may open few files meets its own limit, not the platform's failure.
func TestDescriptorLimitIsOurOwn(t *testing.T) {
	const variable = "SQUALL_TEST_GATEWAY"
	if gateway := os.Getenv(variable); gateway != "" {
		descriptorChild(t, gateway)
		return
	}
	server := newWireServer(t, nil)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDescriptorLimitIsOurOwn$", "-test.v")
	child.Env = append(os.Environ(), variable+"="+server.url().String())
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("child: %v\n%s", err, out)
	}
}

func descriptorChild(t *testing.T, gateway string) {
	target, err := url.Parse(gateway)
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	limit := uint64(len(files) + 8)
	g := newTestGateway(t, testOptions(target))
	if out := sendOne(g, Webchat); out.Class != metric.OK { // opens what the runtime needs
		t.Fatalf("%+v", out)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		t.Fatal(err)
	}
	var held []net.Conn
	defer func() {
		for _, conn := range held {
			_ = conn.Close()
		}
	}()
	for {
		conn, err := net.Dial("tcp", target.Host)
		if err != nil {
			break
		}
		held = append(held, conn)
	}
	if err := g.recycle(); err != nil {
		t.Fatal(err)
	}
	blocker, err := net.Dial("tcp", target.Host) // takes the place that recycling freed
	if err == nil {
		held = append(held, blocker)
	}
	if out := sendOne(g, Webchat); out.Class != metric.LocalLimit {
		t.Errorf("class %s (%s), want %s", out.Class, out.Detail, metric.LocalLimit)
	}
}
