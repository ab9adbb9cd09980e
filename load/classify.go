package load

import (
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

// classify returns the class of an error from sending a request. Our own limits come first:
// running out of descriptors also shows as a failed name look-up or a failed connect.
func classify(err error) metric.ErrorClass {
	for _, row := range classTable {
		if errors.Is(err, row.err) {
			return row.class
		}
	}
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

// classTable is ordered: the first match counts.
var classTable = []struct {
	err   error
	class metric.ErrorClass
}{
	{syscall.EMFILE, metric.LocalLimit},
	{syscall.ENFILE, metric.LocalLimit},
	{syscall.EADDRNOTAVAIL, metric.LocalLimit},
	{syscall.EADDRINUSE, metric.LocalLimit},
	{syscall.ENOBUFS, metric.LocalLimit},
	{syscall.ENOMEM, metric.LocalLimit},
	{fasthttp.ErrNoFreeConns, metric.LocalLimit},
	{fasthttp.ErrConnPoolStrategyNotImpl, metric.LocalLimit},
	{fasthttp.ErrTimeout, metric.Timeout},
	{fasthttp.ErrDialTimeout, metric.Timeout},
	{fasthttp.ErrTLSHandshakeTimeout, metric.Timeout},
	{os.ErrDeadlineExceeded, metric.Timeout},
	{syscall.ETIMEDOUT, metric.Timeout},
	{syscall.ECONNREFUSED, metric.Refused},
	{syscall.ECONNRESET, metric.Reset},
	{syscall.EPIPE, metric.Reset},
	{syscall.ECONNABORTED, metric.Reset},
	{fasthttp.ErrConnectionClosed, metric.Reset},
	{io.EOF, metric.Reset},
	{io.ErrUnexpectedEOF, metric.Reset},
	{net.ErrClosed, metric.Reset},
}

// errorSample is the text of an error for the error table, short enough for a screen line.
func errorSample(err error) string {
	const most = 160
	text := []rune(err.Error())
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}
