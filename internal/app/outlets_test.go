package app

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/load"
)

// exporting is a configuration that exports to a server.
func exporting(t *testing.T, address string) config.Resolved {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r := config.Resolved{Telemetry: config.Telemetry{OTLP: config.OTLP{URL: u, Interval: time.Second, Timeout: 10 * time.Second}}}
	r.Options.Keys = new(load.Keyring)
	return r
}

// Metrics are sent to whom the run trusts, and to nobody else.
func TestOTLPTrustsWhomTheRunTrusts(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	r := exporting(t, server.URL)
	if err := CheckOTLP(t.Context(), r); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a stranger is trusted: %v", err)
	}
	authorities := x509.NewCertPool()
	authorities.AddCert(server.Certificate())
	r.Options.TLS = &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}
	if err := CheckOTLP(t.Context(), r); err != nil {
		t.Error(err)
	}
}

// What is measured is added up only if somebody is told of it.
func TestMeasuringIsForWhoeverIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		resolved config.Resolved
		told     int
	}{"nobody": {config.Resolved{}, 0}, "a receiver of OTLP": {exporting(t, "http://127.0.0.1:1"), 1}} {
		o, err := openOutlets(c.resolved, t.TempDir())
		if err != nil || len(o.list) != c.told || (o.measured != nil) != (c.told > 0) {
			t.Errorf("%s: %d are told, %v", name, len(o.list), err)
		}
		if err := o.close(); err != nil {
			t.Error(err)
		}
	}
}
