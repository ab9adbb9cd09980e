package load

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/valyala/fasthttp"
)

// classify says what kind of failure an error from sending a request is. Our own limits come first:
// running out of descriptors also shows as a failed name look-up or a failed connect.
func classify(err error) ErrorClass {
	for _, row := range classTable() {
		if errors.Is(err, row.err) {
			return row.class
		}
	}
	var (
		dns       *net.DNSError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		timeout   interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &dns):
		return DNS
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert),
		errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid):
		return TLS
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	}
	return Unclassified
}

// classTable is ordered: the first match counts.
func classTable() []struct {
	err   error
	class ErrorClass
} {
	return []struct {
		err   error
		class ErrorClass
	}{
		{syscall.EMFILE, LocalLimit},
		{syscall.ENFILE, LocalLimit},
		{syscall.EADDRNOTAVAIL, LocalLimit},
		{syscall.EADDRINUSE, LocalLimit},
		{syscall.ENOBUFS, LocalLimit},
		{syscall.ENOMEM, LocalLimit},
		{fasthttp.ErrNoFreeConns, LocalLimit},
		{fasthttp.ErrConnPoolStrategyNotImpl, LocalLimit},
		{fasthttp.ErrTimeout, Timeout},
		{fasthttp.ErrDialTimeout, Timeout},
		{fasthttp.ErrTLSHandshakeTimeout, Timeout},
		{os.ErrDeadlineExceeded, Timeout},
		{syscall.ETIMEDOUT, Timeout},
		{syscall.ECONNREFUSED, Refused},
		{syscall.ECONNRESET, Reset},
		{syscall.EPIPE, Reset},
		{syscall.ECONNABORTED, Reset},
		{fasthttp.ErrConnectionClosed, Reset},
		{io.EOF, Reset},
		{io.ErrUnexpectedEOF, Reset},
		{net.ErrClosed, Reset},
	}
}

// sample is the text of an error for the error table, short enough for a screen line.
func sample(err error) string {
	const most = 160
	text := []rune(err.Error())
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}
