// Package openmetrics shows a run to whoever scrapes it, as Prometheus does: in OpenMetrics, in Prometheus's text, and in
// protobuf, which alone has native histograms.
package openmetrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"xinbot.ir/squall/internal/telemetry"
)

// Path of the metrics.
const Path = "/metrics"

// Bounds of what a scraper can cost.
const (
	maxConnections = 16
	maxScrapes     = 2 // at once; more are answered 503
	ioTimeout      = 10 * time.Second
	closeTimeout   = time.Second
)

// Server shows the metrics of a run at an address.
type Server struct{ listener net.Listener }

// Listen takes an address: HOST:PORT, or :PORT for a loopback port. [Server.Run] answers there; [Server.Close] is for one that is
// never run.
func Listen(addr string) (*Server, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("show metrics at %q: it must be HOST:PORT, or :PORT for a loopback port", addr)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	addr = net.JoinHostPort(host, port)
	listener, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("show metrics at %s: another program has this port: give another one with --metrics-addr, or :0 for a free one", addr)
	case err != nil:
		return nil, fmt.Errorf("show metrics: %w: give another address with --metrics-addr", err)
	}
	return &Server{listener}, nil
}

// URL is where the metrics are.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + Path }

// Close gives the address up.
func (s *Server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Run answers until ctx ends, with what read gives. Values of labels go through edit, which takes secrets out.
func (s *Server) Run(ctx context.Context, read func() telemetry.State, edit func(string) string) error {
	server := &http.Server{
		Handler: handler(read, edit), ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: ioTimeout, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(s.listener, maxConnections)) }()
	select {
	case err := <-ended:
		return fmt.Errorf("show metrics: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if server.Shutdown(closing) != nil { // somebody still reads
		server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("show metrics: %w", err)
	}
	return nil
}

func handler(read func() telemetry.State, edit func(string) string) http.Handler {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newCollector(read, edit))
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes})
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.Method != http.MethodGet && req.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "metrics are read by GET", http.StatusMethodNotAllowed)
		case req.URL.Path != Path:
			http.Error(w, "the metrics are at "+Path, http.StatusNotFound)
		default:
			metrics.ServeHTTP(w, req)
		}
	})
}
