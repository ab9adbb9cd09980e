package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// tlsConfig is nil when nothing deviates from Go's defaults.
func (l *resolver) tlsConfig() *tls.Config {
	ca, cert, key := read(l, tlsCA, parseText), read(l, tlsCert, parseText), read(l, tlsKey, parseText)
	skip := read(l, tlsSkipVerify, parseBool)
	if ca == "" && cert == "" && key == "" && !skip {
		return nil
	}
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: skip, //nolint:gosec // only when the user asks for it, and doctor says so
	}
	if ca != "" {
		pool, err := l.loadCertPool(l.inside(tlsCA, ca))
		if err != nil {
			l.problem("%s: %w", describe(tlsCA, l.values[tlsCA].source), err)
		}
		c.RootCAs = pool
	}
	switch {
	case cert == "" && key == "":
	case cert == "" || key == "":
		l.problem("a client certificate needs both --cert and --key (tls.cert and tls.key in squall.yaml)")
	default:
		pair, err := l.readKeyPair(l.inside(tlsCert, cert), l.inside(tlsKey, key))
		if err != nil {
			l.problem("%s: read client certificate: %w", describe(tlsCert, l.values[tlsCert].source), err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

func (l *resolver) readKeyPair(cert, key string) (tls.Certificate, error) {
	certPEM, err := l.files.Read(cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyPEM, err := l.files.Read(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

func (l *resolver) loadCertPool(path string) (*x509.CertPool, error) {
	pem, err := l.files.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read certificate authorities: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read certificate authorities: %s holds no certificate in PEM form", path)
	}
	return pool, nil
}

// inside resolves a path that stands in squall.yaml against that file's directory.
func (l *resolver) inside(name, path string) string {
	if path != "" && l.values[name].level == fromFile {
		return l.file.inside(path)
	}
	return path
}

// proxy is nil when there is none. Loopback hosts are never proxied, as everywhere in Go.
func (l *resolver) proxy() func(*url.URL) (*url.URL, error) {
	c := httpproxy.Config{
		HTTPProxy:  read(l, httpProxy, parseProxy),
		HTTPSProxy: read(l, httpsProxy, parseProxy),
		NoProxy:    read(l, noProxy, parseText),
	}
	if c.HTTPProxy == "" && c.HTTPSProxy == "" {
		return nil
	}
	return c.ProxyFunc()
}

// parseProxy refuses what the proxy function would silently ignore. A bare host:port is http.
func parseProxy(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", errors.New("not a URL")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return text, nil
	}
	return "", errors.New("scheme must be http, https or socks5")
}
