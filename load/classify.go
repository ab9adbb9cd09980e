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

// What the error table says where the error itself says it to programmers only.
const (
	saysDescriptors = "too many open files: raise the limit (ulimit -n), or use fewer virtual users"
	saysPorts       = "no free local port: use fewer connections, or widen net.ipv4.ip_local_port_range"
	saysMemory      = "the system has no memory left for connections"
	saysNoRoute     = "no route from this machine: check the address, the network and the VPN"
	saysForbidden   = "this machine does not permit the connection: check its firewall"
	saysNoAnswer    = "no complete answer in time"
	saysClosed      = "connection closed before the answer was complete"
)

// classTable is ordered: the first match counts.
var classTable = []struct {
	err   error
	class metric.ErrorClass
	says  string // "": the error's own text
}{
	{syscall.EMFILE, metric.LocalLimit, saysDescriptors},
	{syscall.ENFILE, metric.LocalLimit, saysDescriptors},
	{syscall.EADDRNOTAVAIL, metric.LocalLimit, saysPorts},
	{syscall.EADDRINUSE, metric.LocalLimit, saysPorts},
	{syscall.ENOBUFS, metric.LocalLimit, saysMemory},
	{syscall.ENOMEM, metric.LocalLimit, saysMemory},
	{syscall.ENETUNREACH, metric.LocalLimit, saysNoRoute},
	{syscall.EHOSTUNREACH, metric.LocalLimit, saysNoRoute},
	{syscall.ENETDOWN, metric.LocalLimit, saysNoRoute},
	{syscall.EACCES, metric.LocalLimit, saysForbidden},
	{syscall.EPERM, metric.LocalLimit, saysForbidden},
	{fasthttp.ErrNoFreeConns, metric.LocalLimit, "every connection is in use: raise --max-conns"},
	{errLongHeader, metric.LocalLimit, ""},
	{fasthttp.ErrBodyTooLarge, metric.Unclassified, "the answer is longer than 4 MiB"},
	{fasthttp.ErrTimeout, metric.Timeout, saysNoAnswer},
	{fasthttp.ErrDialTimeout, metric.Timeout, saysNoAnswer},
	{fasthttp.ErrTLSHandshakeTimeout, metric.Timeout, saysNoAnswer},
	{os.ErrDeadlineExceeded, metric.Timeout, saysNoAnswer},
	{syscall.ETIMEDOUT, metric.Timeout, ""},
	{syscall.ECONNREFUSED, metric.Refused, ""},
	{syscall.ECONNRESET, metric.Reset, "connection reset before the answer was complete"},
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
	return "connect to proxy (check HTTP_PROXY, HTTPS_PROXY and NO_PROXY): " + e.err.Error()
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
func errorSample(err error) string { return shorten(printable(err.Error()), 160) }
