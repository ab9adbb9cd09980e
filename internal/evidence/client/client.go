// Package client speaks HTTP to servers that may be anything: slow, wrong, hostile, or not there. Answers are read whole
// and bounded, also after they were decompressed; no redirect is followed, so that credentials go to the address that a
// person gave and to no other; and what is no answer of an API is an [evidence.Problem].
package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"xinbot.ir/squall/internal/cause"
	"xinbot.ir/squall/internal/inputfile"

	"xinbot.ir/squall/internal/evidence"
)

// Bounds of what is not configured.
const (
	defaultTimeout = 10 * time.Second
	defaultBody    = 32 << 20 // bytes, decompressed
	longestHeader  = 1 << 20
)

// Config is how to reach a server.
type Config struct {
	URL      string // with a path prefix, if there is one; user and password in it are taken as such
	Bearer   string // token
	User     string
	Password string
	CAFile   string            // certificates (PEM) that are trusted beside the system's
	Headers  map[string]string // further ones, such as X-Scope-OrgID for a tenant
	Timeout  time.Duration     // of a call, its answer included; 0: 10 s
	MaxBody  int64             // bytes of an answer; 0: 32 MiB
	Fresh    bool              // each call on a connection of its own, so that a balancer chooses anew
	Accept   string            // what answers may be; "": what the caller asks for
	Failures bool              // the caller reads failures in JSON, and makes a POST that is refused again as a GET

	// Hide is called with each secret: its owner keeps it out of texts. Nil: there is nobody.
	Hide func(secret string)
}

// Client is the way to one server. It is safe for concurrent use.
type Client struct {
	HTTP *http.Client // for libraries; its errors hold an [evidence.Problem]
	base *url.URL
}

// New checks a configuration. It contacts nothing.
func New(c Config) (*Client, error) {
	base, err := parse(c.URL)
	if err != nil {
		return nil, err
	}
	if base.User != nil {
		c.User = base.User.Username()
		c.Password, _ = base.User.Password()
		base.User = nil
	}
	if c.Bearer != "" && c.User != "" {
		return nil, fmt.Errorf("configure %s: a token and a user: give one of them", base)
	}
	headers := http.Header{}
	for name, value := range c.Headers {
		if !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return nil, fmt.Errorf("configure %s: header %q is none", base, name)
		}
		headers.Set(name, value)
	}
	roots, err := authorities(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("configure %s: %w", base, err)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxBody <= 0 {
		c.MaxBody = defaultBody
	}
	if c.Hide != nil {
		for _, secret := range append(secretHeaders(headers), c.Bearer, c.Password) {
			if secret != "" {
				c.Hide(secret)
			}
		}
	}
	t := &transport{config: c, host: base.Host, scheme: base.Scheme, headers: headers, next: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: c.Timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    c.Timeout,
		MaxResponseHeaderBytes: longestHeader,
		MaxConnsPerHost:        4,
		IdleConnTimeout:        time.Minute,
		DisableKeepAlives:      c.Fresh,
		DisableCompression:     true, // done here, where it is bounded on both sides
	}}
	never := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{HTTP: &http.Client{Transport: t, CheckRedirect: never}, base: base}, nil
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~` + "`" + `-]+$`)

// secretHeaders are the values of headers that are more than a name.
func secretHeaders(h http.Header) (secrets []string) {
	for name, values := range h {
		lower := strings.ToLower(name)
		for _, word := range []string{"auth", "token", "key", "secret", "cookie"} {
			if strings.Contains(lower, word) {
				secrets = append(secrets, values...)
				break
			}
		}
	}
	return secrets
}

// parse reads an address. Its errors do not have the address, which may hold a password.
func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the address must be one as http://HOST:PORT or https://HOST/PREFIX")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, fmt.Errorf("the address of %s must end with its path: leave out what follows ? or #", u.Host)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // the system's own
	}
	pem, err := inputfile.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read CA file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read CA file %s: it has no certificate in PEM", file)
	}
	return roots, nil
}

// URL is the address without credentials.
func (c *Client) URL() *url.URL {
	u := *c.base
	return &u
}

// Get reads what is at the address itself.
func (c *Client) Get(ctx context.Context) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String(), http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, nil, Cause(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return body, resp.Header, err
}

// Cause is the problem in an error of an HTTP call, without what libraries put around it; an error of a context that
// has ended is handed on.
func Cause(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return evidence.ProblemOf(err, evidence.Malformed)
}

// CloseIdle closes connections that are not in use.
func (c *Client) CloseIdle() { c.HTTP.CloseIdleConnections() }

// transport makes one call: it adds what the server wants to see, reads the answer and makes a problem of what is none.
type transport struct {
	config       Config
	scheme, host string
	headers      http.Header
	next         *http.Transport
}

// CloseIdleConnections is what http.Client looks for.
func (t *transport) CloseIdleConnections() { t.next.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != t.host || req.URL.Scheme != t.scheme {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, &evidence.Problem{Cause: evidence.Redirected, Detail: evidence.Excerpt(req.URL.Host)}
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.config.Timeout)
	defer cancel()
	req = t.prepare(req.Clone(ctx))
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, t.failure(req.Context(), err)
	}
	defer resp.Body.Close()
	body, err := read(resp, t.config.MaxBody)
	if err != nil {
		return nil, t.failure(req.Context(), err)
	}
	if p := t.judge(resp, body); p != nil && !t.handsOn(req, resp) {
		return nil, p
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Del("Content-Encoding")
	return resp, nil
}

func (t *transport) prepare(req *http.Request) *http.Request {
	for name, values := range t.headers {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "squall")
	req.Header.Set("Accept-Encoding", "gzip")
	if t.config.Accept != "" {
		req.Header.Set("Accept", t.config.Accept)
	}
	switch {
	case t.config.Bearer != "":
		req.Header.Set("Authorization", "Bearer "+t.config.Bearer)
	case t.config.User != "":
		req.SetBasicAuth(t.config.User, t.config.Password)
	}
	return req
}

// read reads an answer to its end, within the bound before and after decompression.
func read(resp *http.Response, limit int64) ([]byte, error) {
	tooLarge := &evidence.Problem{Cause: evidence.TooLarge, Detail: fmt.Sprintf("more than %d MiB", max(limit>>20, 1))}
	wire := &bounded{from: resp.Body, left: limit, over: tooLarge}
	var from io.Reader = wire
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(wire)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, malformed(err)
		}
		from = &bounded{from: unzipped, left: limit, over: tooLarge}
	}
	body, err := io.ReadAll(from)
	if err != nil {
		return nil, malformed(err)
	}
	return body, nil
}

// malformed makes a problem of what gzip says of a stream; others stay as they are.
func malformed(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return &evidence.Problem{Cause: evidence.Malformed, Detail: err.Error()}
	}
	return err
}

// bounded fails, instead of ending, where there is more than allowed.
type bounded struct {
	from io.Reader
	left int64
	over error
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.over
	}
	return n, err
}

// failure makes a problem of a call that had no answer.
func (t *transport) failure(ctx context.Context, err error) error {
	var p *evidence.Problem
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var verification *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return &evidence.Problem{Cause: evidence.TimedOut, Detail: t.config.Timeout.String()}
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &name), errors.As(err, &verification):
		return &evidence.Problem{Cause: evidence.Certificate, Detail: evidence.Excerpt(cause.Plain(err).Error())}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &evidence.Problem{Cause: evidence.Malformed, Detail: "the connection was closed in the middle"}
	}
	var op *net.OpError
	var dns *net.DNSError
	if errors.As(err, &op) || errors.As(err, &dns) {
		return &evidence.Problem{Cause: evidence.Unreachable, Detail: evidence.Excerpt(cause.Plain(err).Error())}
	}
	return &evidence.Problem{Cause: evidence.Malformed, Detail: evidence.Excerpt(cause.Plain(err).Error())}
}

// handsOn reports whether a failure is the caller's to read: JSON that says why a query was refused, and a POST that may
// be made again as a GET.
func (t *transport) handsOn(req *http.Request, resp *http.Response) bool {
	if !t.config.Failures {
		return false
	}
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable:
		return strings.Contains(resp.Header.Get("Content-Type"), "json")
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return req.Method == http.MethodPost
	}
	return false
}

// judge finds what is no answer of an API.
func (t *transport) judge(resp *http.Response, body []byte) *evidence.Problem {
	kind := strings.ToLower(resp.Header.Get("Content-Type"))
	status := resp.StatusCode
	said := func(c evidence.Cause) *evidence.Problem {
		detail := fmt.Sprintf("HTTP %d", status)
		if text := evidence.Excerpt(string(body)); text != "" && !isPage(kind, body) {
			detail += ": " + text
		}
		return &evidence.Problem{Cause: c, Detail: detail}
	}
	switch {
	case status >= 300 && status < 400:
		return &evidence.Problem{Cause: evidence.Redirected, Detail: redirectTarget(resp)}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return said(evidence.Unauthorized)
	case status == http.StatusTooManyRequests:
		return said(evidence.RateLimited)
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return said(evidence.NotFound)
	case status >= 500:
		return said(evidence.ServerError)
	case status >= 400:
		return said(evidence.Refused)
	case isPage(kind, body):
		return &evidence.Problem{Cause: evidence.NotAPI, Detail: title(body)}
	case len(bytes.TrimSpace(body)) == 0:
		return &evidence.Problem{Cause: evidence.Empty, Detail: fmt.Sprintf("HTTP %d", status)}
	}
	return nil
}

// redirectTarget is where an answer points to, without what may be secret in it.
func redirectTarget(resp *http.Response) string {
	to, err := resp.Location()
	if err != nil {
		return fmt.Sprintf("HTTP %d", resp.StatusCode)
	}
	return evidence.Excerpt(fmt.Sprintf("%s://%s%s", to.Scheme, to.Host, to.Path))
}

func isPage(contentType string, body []byte) bool {
	if strings.Contains(contentType, "text/html") {
		return true
	}
	begin := strings.ToLower(string(bytes.TrimSpace(body[:min(len(body), 64)])))
	return strings.HasPrefix(begin, "<!doctype html") || strings.HasPrefix(begin, "<html")
}

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>([^<]*)`)

// title is what a web page calls itself.
func title(body []byte) string {
	if found := pageTitle.FindSubmatch(body[:min(len(body), 16<<10)]); found != nil {
		return evidence.Excerpt(string(found[1]))
	}
	return ""
}
