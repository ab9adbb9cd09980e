package demo

import (
	"context"
	"errors"
	"io"
	"log"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
)

const (
	headerRequestID = "X-Request-Id"
	headerChannel   = "X-Channel"
	pathInbound     = "/v1/messages/inbound"
	maxMessage      = 1 << 20 // bytes
)

type gatewayConfig struct {
	addr         string
	delays       *delays
	capacity     int
	replicas     int
	secrets      map[string]string
	nextSecrets  map[string]string // of the first rotation
	orchestrator string
	log          io.Writer
}

// gateway takes messages from the channels, checks them, and hands them to the
// orchestrator before it answers. It is several replicas behind one address;
// capacity and metrics are those of all of them.
type gateway struct {
	delays       *delays
	slots        *slots
	orchestrator *hop
	rejected     *prometheus.CounterVec
	replicas     []*replica
	balancer     *balancer
	rotator      *rotator
}

func startGateway(cfg gatewayConfig) (*gateway, error) {
	b := cfg.delays.behaviour
	capacity := cfg.capacity
	if capacity == 0 {
		capacity = b.capacity
	}
	g := &gateway{
		delays:       cfg.delays,
		slots:        newSlots(capacity, b.queueLength, b.queueWait),
		orchestrator: newHop(cfg.orchestrator),
	}
	m := newMetrics("channel_gateway")
	m.gaugeFunc("gateway_queue_depth", "Messages waiting for a service slot.", func() float64 { return float64(g.slots.waiting.Load()) })
	m.gaugeFunc("gateway_slots_in_use", "Messages being worked on.", func() float64 { return float64(g.slots.inUse()) })
	m.gaugeFunc("gateway_slots", "Messages that can be worked on at once.", func() float64 { return float64(capacity) })
	g.rejected = m.counter("gateway_rejected_total", "Messages refused, by reason.", "reason")
	for i := range cfg.replicas {
		r := newReplica(i, cfg.log)
		r.handler = m.router(g.routes(m, r))
		g.replicas = append(g.replicas, r)
	}
	made := func(rotation int) *secretSet { return newSecretSet(seededSecrets(cfg.delays.seed, rotation)) }
	g.rotator = newRotator(b.rotation, g.replicas, newSecretSet(cfg.secrets), newSecretSet(cfg.nextSecrets), made, log.New(cfg.log, "gateway: ", log.LstdFlags))
	if err := g.start(cfg.addr); err != nil {
		return nil, errors.Join(err, g.close(context.Background()))
	}
	return g, nil
}

func (g *gateway) routes(m *metrics, r *replica) []route {
	routes := []route{
		{"GET", "/health", g.health},
		{"GET", "/metrics", m.serve},
	}
	for i, c := range channels() {
		trusted := func(signature, body []byte) bool { return r.trust.Load().accepts(i, signature, body) }
		routes = append(routes, route{"POST", c.path, g.receive(&c, trusted)})
	}
	return routes
}

// start opens addr when every replica is ready.
func (g *gateway) start(addr string) error {
	for _, r := range g.replicas {
		if err := r.start(); err != nil {
			return err
		}
	}
	listener, err := bind("gateway", addr)
	if err != nil {
		return err
	}
	g.balancer = startBalancer(listener, g.replicas)
	return nil
}

func (g *gateway) states() []Replica {
	all := make([]Replica, 0, len(g.replicas))
	for _, r := range g.replicas {
		all = append(all, r.state())
	}
	return all
}

func (g *gateway) addr() string { return g.balancer.listener.Addr().String() }

// receive answers the messages of one channel.
func (g *gateway) receive(c *channel, verify verifier) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		body := ctx.PostBody()
		if !verify(ctx.Request.Header.Peek(c.header), body) {
			g.rejected.WithLabelValues("signature").Inc()
			fail(ctx, fasthttp.StatusUnauthorized, "signature does not match")
			return
		}
		if _, err := parseMessage(c, body); err != nil {
			g.rejected.WithLabelValues("malformed").Inc()
			fail(ctx, fasthttp.StatusBadRequest, err.Error())
			return
		}
		if err := g.slots.acquire(); err != nil {
			g.rejected.WithLabelValues("overloaded").Inc()
			ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, "1")
			fail(ctx, fasthttp.StatusServiceUnavailable, err.Error())
			return
		}
		g.delays.sleep(g.delays.gatewayWork)
		g.slots.release()
		if !g.forward(c, ctx.Request.Header.Peek(headerRequestID), body) {
			g.rejected.WithLabelValues("orchestrator").Inc()
			fail(ctx, fasthttp.StatusBadGateway, "orchestrator is unavailable")
			return
		}
		answer(ctx, fasthttp.StatusAccepted, accepted)
	}
}

// forward hands the message to the orchestrator and reports whether it took it.
func (g *gateway) forward(c *channel, requestID, body []byte) bool {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.SetRequestURI(pathInbound)
	req.Header.SetHost(g.orchestrator.address)
	req.Header.SetContentType(contentJSON)
	req.Header.Set(headerChannel, c.name)
	if len(requestID) > 0 {
		req.Header.SetBytesV(headerRequestID, requestID)
	}
	req.SetBodyRaw(body)
	err := g.orchestrator.do(req, resp, g.delays.forwardTimeout)
	return err == nil && resp.StatusCode() == fasthttp.StatusAccepted
}

// health is that of the orchestrator, without which there is no gateway.
func (g *gateway) health(ctx *fasthttp.RequestCtx) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI("/health")
	req.Header.SetHost(g.orchestrator.address)
	err := g.orchestrator.do(req, resp, 2*healthTimeout)
	if err != nil || resp.StatusCode() != fasthttp.StatusOK {
		answer(ctx, fasthttp.StatusServiceUnavailable, []byte(`{"status":"degraded","orchestrator":"unhealthy"}`))
		return
	}
	healthy(ctx)
}

func (g *gateway) close(ctx context.Context) error {
	g.rotator.stop()
	var errs []error
	if g.balancer != nil {
		errs = append(errs, g.balancer.close())
	}
	stopped := make([]error, len(g.replicas))
	var wg sync.WaitGroup
	for i, r := range g.replicas {
		wg.Go(func() { stopped[i] = r.close(ctx) })
	}
	wg.Wait()
	g.rotator.wait()
	g.orchestrator.close()
	return errors.Join(append(errs, stopped...)...)
}
