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
		handshake *handshakeError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		op        *net.OpError
		timeout   interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &dns):
		if strings.Contains(dns.Err, syscall.EMFILE.Error()) { // the resolver keeps only the text
			return LocalLimit
		}
		return DNS
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.As(err, &handshake), errors.As(err, &verify), errors.As(err, &record):
		return TLS
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert after the handshake
		return TLS
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
