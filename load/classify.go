package load

import (
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"xinbot.ir/squall/internal/cause"

	"github.com/valyala/fasthttp"

	"xinbot.ir/squall/load/metric"
)

// classify returns the class of an error from sending a request, and what the error table says of it. Our own
// limits come first: running out of descriptors also shows as a failed name look-up or a failed connect.
func classify(err error) (metric.ErrorClass, string) {
	if byProxy(err) {
		return metric.LocalLimit, errorSample(err)
	}
	for _, row := range classTable {
		if errors.Is(err, row.err) {
			return row.class, cmp.Or(row.says, errorSample(err))
		}
	}
	return classOfType(err), errorSample(err)
}

// classOfType is the class of an error that is told by its type.
func classOfType(err error) metric.ErrorClass {
	var (
		dns       *net.DNSError
		handshake *handshakeError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		op        *net.OpError
		timeout   interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &dns):
		if strings.Contains(dns.Err, syscall.EMFILE.Error()) { // the resolver keeps only the text
			return metric.LocalLimit
		}
		return metric.DNS
	case errors.As(err, &timeout) && timeout.Timeout():
		return metric.Timeout
	case errors.As(err, &handshake), errors.As(err, &verify), errors.As(err, &record):
		return metric.TLS
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert after the handshake
		return metric.TLS
	}
	return metric.Unclassified
}

// What the error table says where there is something to do about it, or where [cause.Plain] has no words.
const (
	saysDescriptors = "too many open files: raise the limit (ulimit -n), or use fewer virtual users"
	saysPorts       = "no free local port: use fewer connections, or widen net.ipv4.ip_local_port_range"
	saysMemory      = "the system has no memory left for connections"
	saysNoAnswer    = "no complete answer in time"
	saysClosed      = "connection closed before the answer was complete"
)

// classTable is ordered: the first match counts.
var classTable = []struct {
	err   error
	class metric.ErrorClass
	says  string // "": as [cause.Plain] says it
}{
	{syscall.EMFILE, metric.LocalLimit, saysDescriptors},
	{syscall.ENFILE, metric.LocalLimit, saysDescriptors},
	{syscall.EADDRNOTAVAIL, metric.LocalLimit, saysPorts},
	{syscall.EADDRINUSE, metric.LocalLimit, saysPorts},
	{syscall.ENOBUFS, metric.LocalLimit, saysMemory},
	{syscall.ENOMEM, metric.LocalLimit, saysMemory},
	{syscall.ENETUNREACH, metric.LocalLimit, ""},
	{syscall.EHOSTUNREACH, metric.LocalLimit, ""},
	{syscall.ENETDOWN, metric.LocalLimit, ""},
	{syscall.EACCES, metric.LocalLimit, ""},
	{syscall.EPERM, metric.LocalLimit, ""},
	{fasthttp.ErrNoFreeConns, metric.LocalLimit, "every connection is in use: raise --max-conns"},
	{errLongHeader, metric.LocalLimit, ""},
	{fasthttp.ErrBodyTooLarge, metric.Unclassified, "the answer is longer than 4 MiB"},
	{fasthttp.ErrTimeout, metric.Timeout, saysNoAnswer},
	{fasthttp.ErrDialTimeout, metric.Timeout, saysNoAnswer},
	{fasthttp.ErrTLSHandshakeTimeout, metric.Timeout, saysNoAnswer},
	{os.ErrDeadlineExceeded, metric.Timeout, saysNoAnswer},
	{syscall.ETIMEDOUT, metric.Timeout, ""},
	{syscall.ECONNREFUSED, metric.Refused, ""},
	{syscall.ECONNRESET, metric.Reset, ""},
	{syscall.EPIPE, metric.Reset, saysClosed},
	{syscall.ECONNABORTED, metric.Reset, saysClosed},
	{fasthttp.ErrConnectionClosed, metric.Reset, saysClosed},
	{io.EOF, metric.Reset, saysClosed},
	{io.ErrUnexpectedEOF, metric.Reset, saysClosed},
	{net.ErrClosed, metric.Reset, saysClosed},
}

// proxyError is a request that did not get past the proxy, which is between this machine and the platform.
type proxyError struct{ err error }

func (e *proxyError) Error() string {
	return "connect to proxy (check HTTP_PROXY, HTTPS_PROXY and NO_PROXY): " + cause.Plain(e.err).Error()
}
func (e *proxyError) Unwrap() error { return e.err }

// byProxy reports whether a request did not get past the proxy, of this client or of net/http.
func byProxy(err error) bool {
	var (
		ours *proxyError
		op   *net.OpError
	)
	return errors.As(err, &ours) || errors.As(err, &op) && op.Op == "proxyconnect"
}

// errorSample is the text of an error for the error table, short enough for a screen line.
func errorSample(err error) string {
	var (
		proxy     *proxyError
		handshake *handshakeError
	)
	switch {
	case errors.As(err, &proxy):
		err = proxy
	case errors.As(err, &handshake):
		err = handshake
	default:
		err = cause.Plain(err)
	}
	return shorten(oneLine(err.Error()), 160)
}
