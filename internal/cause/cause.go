// Package cause puts into words for operators why a call to another program failed: what Go's network, TLS and JSON
// packages say is written for programmers ("read tcp 10.0.0.1:4711->10.0.0.2:443: read: connection reset by peer").
package cause

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// Plain is an error that says why a call failed. Where the other side is, the caller says. The original stays within
// reach of errors.Is and errors.As. An error that this package has no words for keeps its own, without the method and
// the address that net/http puts in front of them.
func Plain(err error) error {
	if err == nil {
		return nil
	}
	if said := words(err); said != "" {
		return &plainError{said, err}
	}
	var call *url.Error
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

// Decode is the same for an error of reading an answer that is there as JSON: where it ends too early is the answer's fault,
// and not the connection's.
func Decode(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &plainError{"the answer is JSON that ends in the middle", err}
	case errors.Is(err, io.EOF):
		return &plainError{"the answer is empty", err}
	}
	return Plain(err)
}

// plainError is an error in other words.
type plainError struct {
	said string
	err  error
}

func (e *plainError) Error() string { return e.said }
func (e *plainError) Unwrap() error { return e.err }

// words are those for an error; "": none. The more special come first: a proxy's error holds one of the network, and a
// certificate's one of TLS.
func words(err error) string {
	for _, of := range [...]func(error) string{proxyWords, nameWords, certificateWords, tlsWords, jsonWords} {
		if said := of(err); said != "" {
			return said
		}
	}
	for _, row := range table {
		if errors.Is(err, row.err) {
			return row.says
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return noAnswer
	}
	return ""
}

const (
	noAnswer = "no answer in time"
	noRoute  = "no route from this machine: check the address, the network and the VPN"
	closed   = "the connection was closed before the answer was complete"
)

// table is ordered: the first match counts.
var table = []struct {
	err  error
	says string
}{
	{context.Canceled, "given up"},
	{context.DeadlineExceeded, noAnswer},
	{os.ErrDeadlineExceeded, noAnswer},
	{syscall.ETIMEDOUT, noAnswer},
	{syscall.ECONNREFUSED, "connection refused: nothing listens there, or a firewall refuses it"},
	{syscall.ECONNRESET, "connection reset before the answer was complete"},
	{syscall.EPIPE, closed},
	{syscall.ECONNABORTED, closed},
	{net.ErrClosed, closed},
	{syscall.EMFILE, "too many open files: raise the limit (ulimit -n)"},
	{syscall.ENFILE, "too many open files: raise the limit (ulimit -n)"},
	{syscall.EADDRNOTAVAIL, "no free local port, or not an address of this machine"},
	{syscall.ENETUNREACH, noRoute},
	{syscall.EHOSTUNREACH, noRoute},
	{syscall.ENETDOWN, noRoute},
	{syscall.EACCES, "this machine does not permit the connection: check its firewall"},
	{syscall.EPERM, "this machine does not permit the connection: check its firewall"},
	{http.ErrSchemeMismatch, "it answers with plain HTTP, not HTTPS: check the scheme of the address"},
	{io.ErrUnexpectedEOF, closed},
	{io.EOF, closed},
}

func proxyWords(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "proxyconnect" {
		return ""
	}
	return "connect to proxy (check HTTP_PROXY, HTTPS_PROXY and NO_PROXY): " + Plain(op.Err).Error()
}

func nameWords(err error) string {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return ""
	case dns.IsNotFound:
		return "no such host: " + dns.Name
	case dns.IsTimeout:
		return "the name server did not answer in time for " + dns.Name
	}
	return fmt.Sprintf("the name server has no answer for %s (%s)", dns.Name, dns.Err)
}

// certificateWords say what is wrong with the other side's certificate.
func certificateWords(err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &authority):
		return "its certificate is from an authority that this machine does not trust"
	case errors.As(err, &name):
		return fmt.Sprintf("its certificate is for %s, not for %s", subjects(name.Certificate), name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("its certificate is valid from %s to %s", day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter))
	case errors.As(err, &invalid):
		return "its certificate does not hold: " + strings.TrimPrefix(invalid.Error(), "x509: ")
	}
	return ""
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// subjects are the names that a certificate is for, the first few of them.
func subjects(c *x509.Certificate) string {
	const most = 3
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	switch {
	case len(names) == 0:
		return "no host"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// tlsWords say why there is no TLS.
func tlsWords(err error) string {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		op     *net.OpError
	)
	switch {
	case errors.As(err, &record):
		return "it does not speak TLS: check scheme and port of the address"
	case errors.As(err, &alert):
		return "it ended the TLS handshake: " + strings.TrimPrefix(alert.Error(), "tls: ")
	case errors.As(err, &op) && op.Op == "remote error": // an alert, before crypto/tls had a type for it
		return "it ended TLS: " + strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return ""
}

// jsonWords say where an answer stops being JSON, or what of it has another shape.
func jsonWords(err error) string {
	var (
		syntax *json.SyntaxError
		shape  *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("the answer is no valid JSON (at byte %d)", syntax.Offset)
	case errors.As(err, &shape) && shape.Field != "":
		return fmt.Sprintf("the answer has an unexpected shape: %s is a JSON %s", shape.Field, shape.Value)
	case errors.As(err, &shape):
		return fmt.Sprintf("the answer has an unexpected shape: it is a JSON %s", shape.Value)
	}
	return ""
}
