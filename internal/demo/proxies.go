package demo

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Names of the proxies, as the chaos scripts know them.
const (
	proxyLLM    = "llm-upstream"
	proxyRedis  = "redis"
	proxyQdrant = "qdrant"
)

// proxies is a Toxiproxy server with its HTTP API and one proxy per upstream.
type proxies struct {
	server   *toxiproxy.ApiServer
	api      *http.Server
	listener net.Listener
	done     sync.WaitGroup
	listen   map[string]string
}

// startProxies starts the API on addr, or on a free loopback port, and a proxy
// on a free loopback port for each name and upstream address.
func startProxies(ctx context.Context, addr string, upstreams map[string]string, logs io.Writer) (*proxies, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for toxiproxy: %w", err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.New(zerolog.SyncWriter(logs)).Level(zerolog.ErrorLevel)) // it warns of every connection that ends
	p := &proxies{
		server:   server,
		listener: listener,
		listen:   make(map[string]string, len(upstreams)),
		api: &http.Server{
			Handler:           server.Routes(),
			ReadHeaderTimeout: 15 * time.Second,
			ErrorLog:          log.New(logs, "toxiproxy: ", log.LstdFlags),
		},
	}
	p.done.Go(func() { _ = p.api.Serve(listener) }) // ends when close closes it
	for name, upstream := range upstreams {
		proxy := toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)
		if err := server.Collection.Add(proxy, true); err != nil {
			_ = p.close(ctx)
			return nil, fmt.Errorf("start proxy %s: %w", name, err)
		}
		p.listen[name] = proxy.Listen
	}
	return p, nil
}

func (p *proxies) apiAddr() string          { return p.listener.Addr().String() }
func (p *proxies) addr(proxy string) string { return p.listen[proxy] }

// close stops the API and the proxies. Toxics go first: some of them hold a
// closed connection's goroutines for as long as they exist.
func (p *proxies) close(ctx context.Context) error {
	err := p.api.Shutdown(ctx)
	if err != nil {
		err = p.api.Close()
	}
	p.done.Wait()
	all := p.server.Collection.Proxies()
	if clearErr := p.server.Collection.Clear(); err == nil {
		err = clearErr
	}
	// Removing a toxic can wait for a reader that is gone; it must not hold up
	// the rest, and it ends by itself once the connections are closed.
	var removed sync.WaitGroup
	for _, proxy := range all {
		removed.Go(func() { proxy.Toxics.ResetToxics(ctx) })
	}
	done := make(chan struct{})
	go func() { removed.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return err
}
