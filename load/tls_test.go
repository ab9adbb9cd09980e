package load

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"xinbot.ir/squall/load/metric"
)

// authority signs certificates for a test.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		tb.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		tb.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue makes a certificate for a name or an address.
func (a *authority) issue(tb testing.TB, name string) tls.Certificate {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newTLSServer(tb testing.TB, config *tls.Config) *wireServer {
	tb.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		tb.Fatal(err)
	}
	return serveWire(tb, listener, nil)
}

func (s *wireServer) secureURL() *url.URL {
	u := s.url()
	u.Scheme = "https"
	return u
}

func TestHTTPS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	good := newTLSServer(t, &tls.Config{Certificates: []tls.Certificate{ours.issue(t, "127.0.0.1")}})
	wrongHost := newTLSServer(t, &tls.Config{Certificates: []tls.Certificate{ours.issue(t, "gateway.example")}})
	mutual := newTLSServer(t, &tls.Config{
		Certificates: []tls.Certificate{ours.issue(t, "127.0.0.1")},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: ours.pool(),
	})
	client := ours.issue(t, "squall")
	tests := map[string]struct {
		server *wireServer
		config *tls.Config
		want   metric.ErrorClass
	}{
		"own authority":                {good, &tls.Config{RootCAs: ours.pool()}, metric.OK},
		"untrusted authority":          {good, nil, metric.TLS},
		"another authority":            {good, &tls.Config{RootCAs: theirs.pool()}, metric.TLS},
		"verification off":             {good, &tls.Config{InsecureSkipVerify: true}, metric.OK},
		"wrong host":                   {wrongHost, &tls.Config{RootCAs: ours.pool()}, metric.TLS},
		"wrong host, named":            {wrongHost, &tls.Config{RootCAs: ours.pool(), ServerName: "gateway.example"}, metric.OK},
		"client certificate":           {mutual, &tls.Config{RootCAs: ours.pool(), Certificates: []tls.Certificate{client}}, metric.OK},
		"client certificate missing":   {mutual, &tls.Config{RootCAs: ours.pool()}, metric.TLS},
		"client certificate, TLS 1.2":  {mutual, &tls.Config{RootCAs: ours.pool(), Certificates: []tls.Certificate{client}, MaxVersion: tls.VersionTLS12}, metric.OK},
		"client certificate untrusted": {mutual, &tls.Config{RootCAs: ours.pool(), Certificates: []tls.Certificate{theirs.issue(t, "squall")}}, metric.TLS},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := testOptions(test.server.secureURL())
			o.TLS = test.config
			out := sendOne(newTestGateway(t, o), Webchat)
			if out.Class != test.want {
				t.Errorf("class %s (%s), want %s", out.Class, out.Detail, test.want)
			}
		})
	}
}

// A gateway that takes the connection and then says nothing must not hold a request for ever.
func TestSilentHandshakeTimesOut(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts; nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	o := testOptions(&url.URL{Scheme: "https", Host: listener.Addr().String(), Path: "/"})
	o.Timeout = 100 * time.Millisecond
	if out := sendOne(newTestGateway(t, o), Webchat); out.Class != metric.Timeout {
		t.Errorf("class %s (%s), want %s", out.Class, out.Detail, metric.Timeout)
	}
}
