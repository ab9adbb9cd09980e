package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
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

// healTime bounds the removal of toxics when the platform closes.
const healTime = time.Second

// proxies is a Toxiproxy server with its HTTP API and one proxy per upstream.
type proxies struct {
	server   *toxiproxy.ApiServer
	api      *http.Server
	listener net.Listener
	done     sync.WaitGroup
	listen   map[string]string
	healed   atomic.Bool
}

// startProxies starts the API on addr, or on a free loopback port, and a proxy
// on a loopback port for each name and upstream address.
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
		proxy, err := startProxy(server, name, upstream)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start proxy %s: %w", name, err), p.close(ctx))
		}
		p.listen[name] = proxy.Listen
	}
	return p, nil
}

// startProxy starts a proxy on a free port.
func startProxy(server *toxiproxy.ApiServer, name, upstream string) (proxy *toxiproxy.Proxy, err error) {
	err = onLowPort(func(addr string) error {
		proxy = toxiproxy.NewProxy(server, name, addr, upstream)
		return server.Collection.Add(proxy, true)
	})
	return proxy, err
}

func (p *proxies) apiAddr() string          { return p.listener.Addr().String() }
func (p *proxies) addr(proxy string) string { return p.listen[proxy] }

// heal stops the API and takes every toxic away while both ends of the
// connections live: a toxic that still holds data when its reader is gone
// would hold its goroutines for ever. Removing one can hang for the same
// reason, if a reader went earlier, so it has a bound.
func (p *proxies) heal(ctx context.Context) error {
	if p.healed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, healTime)
	defer cancel()
	err := p.api.Shutdown(ctx)
	if err != nil {
		err = p.api.Close()
	}
	p.done.Wait()
	var removed sync.WaitGroup
	for _, proxy := range p.server.Collection.Proxies() {
		removed.Go(func() { proxy.Toxics.ResetToxics(ctx) })
	}
	done := make(chan struct{})
	go func() { removed.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, errors.New("a toxic could not be removed in time"))
	}
	return err
}

// close heals, if nobody did, and ends the proxies and their connections.
func (p *proxies) close(ctx context.Context) error {
	return errors.Join(p.heal(ctx), p.server.Collection.Clear())
}
