// Package demo is the chat platform of the performance plan, small enough to
// live in one process: channel gateway, orchestrator with its admin API,
// automation and ingestion workers, a language model with a fallback, Redis, a
// vector store, and a real Toxiproxy between them. Every hop is a real socket
// on loopback, so a load test and a fault act on it as they would on the real
// thing.
//
// docs/demo.md describes the behaviour that this package promises.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"sync"
	"time"
)

// drainTime bounds how long Close waits for requests in flight.
const drainTime = 3 * time.Second

// Tenant is a customer of the platform that exists from the start, with its
// brands. The gateway also accepts any other tenant.
type Tenant struct {
	ID     string   // UUID
	Brands []string // brand UUIDs
}

// Config describes how the platform is built. Its zero value is useful: free ports,
// development secrets, no simulated delays.
type Config struct {
	Seed   uint64 // every simulated delay and decision follows from it
	Delays bool   // simulate the time that the real services take

	// DelayFactor makes every simulated delay longer or shorter: 1.1 is a platform that is a tenth slower. 0 is 1.
	DelayFactor float64

	// Addresses to listen on; empty means a free loopback port.
	GatewayAddr, OrchestratorAddr, ToxiproxyAddr string

	// Capacity is how many messages the gateway works on at once; more wait
	// in its queue. Zero means the default, which with delays on makes a
	// platform for about 500 messages a second.
	Capacity int

	// Replicas is how many processes the gateway consists of, 1 to MaxReplicas. They share its capacity.
	// Zero means DefaultReplicas.
	Replicas int

	Secrets     map[string]string // channel to secret; a missing channel has its development secret
	NextSecrets map[string]string // to which the first rotation goes; a missing channel's follows from the seed, as those of later ones
	Tenants     []Tenant          // none: two tenants made from the seed
	Log         io.Writer         // diagnostics of the platform and its libraries; nil discards them
}

// Platform is a running platform. Its methods are safe for concurrent use.
type Platform struct {
	cfg     Config
	token   string
	tenants []Tenant

	redis        *redisServer
	proxies      *proxies
	qdrant       *qdrant
	llm          *llmUpstream
	ingestion    *ingestionWorker
	automation   *automationWorker
	orchestrator *orchestrator
	gateway      *gateway

	closers  []closer // in the order of starting
	closing  sync.Once
	closeErr error
}

// closer is one started part and how it is stopped; ctx bounds the draining.
type closer struct {
	name string
	stop func(ctx context.Context) error
}

// Start builds the platform and returns once every part listens. The context
// bounds the start only; Close ends the platform.
func Start(ctx context.Context, cfg Config) (*Platform, error) {
	return start(ctx, cfg, defaultBehaviour())
}

func start(ctx context.Context, cfg Config, b behaviour) (_ *Platform, err error) {
	cfg, err = cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	silenceLibraries()
	p := &Platform{cfg: cfg, tenants: cfg.Tenants}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()

	issuer, err := newIssuer()
	if err != nil {
		return nil, err
	}
	if p.token, err = issuer.issue(rolePlatformAdmin, time.Now().Add(adminTokenLife)); err != nil {
		return nil, err
	}

	b.delayFactor = cfg.DelayFactor
	clock := newDelays(cfg.Seed, cfg.Delays, b)
	if p.redis, err = startRedis(); err != nil {
		return nil, err
	}
	p.onClose("redis", p.redis.close)
	if p.qdrant, err = startQdrant(clock, cfg.Log); err != nil {
		return nil, err
	}
	p.onClose("qdrant", p.qdrant.close)
	if p.llm, err = startLLM(clock, cfg.Log); err != nil {
		return nil, err
	}
	p.onClose("llm upstream", p.llm.close)
	p.proxies, err = startProxies(ctx, cfg.ToxiproxyAddr, map[string]string{
		proxyLLM:    p.llm.addr(),
		proxyRedis:  p.redis.addr(),
		proxyQdrant: p.qdrant.addr(),
	}, cfg.Log)
	if err != nil {
		return nil, err
	}
	p.onClose("toxiproxy", p.proxies.close)

	jobs, labels := newJobStore(b.jobsKept), newTenantLabels(cfg.Tenants)
	p.ingestion, err = startIngestion(clock, jobs, labels, dialRedis(p.proxies.addr(proxyRedis)), newVectorStore(p.proxies.addr(proxyQdrant), b), cfg.Log)
	if err != nil {
		return nil, err
	}
	p.onClose("ingestion worker", p.ingestion.close)
	if p.automation, err = startAutomation(clock, labels, dialRedis(p.proxies.addr(proxyRedis)), cfg.Log); err != nil {
		return nil, err
	}
	p.onClose("automation worker", p.automation.close)
	control := &control{}
	p.orchestrator, err = startOrchestrator(orchestratorConfig{
		addr:       cfg.OrchestratorAddr,
		delays:     clock,
		tenants:    cfg.Tenants,
		labels:     labels,
		issuer:     issuer,
		jobs:       jobs,
		redis:      dialRedis(p.proxies.addr(proxyRedis)),
		vectors:    newVectorStore(p.proxies.addr(proxyQdrant), b),
		models:     newModels(p.proxies.addr(proxyLLM), p.llm.addr(), b),
		control:    control,
		automation: p.automation.addr(),
		log:        cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	p.onClose("orchestrator", p.orchestrator.close)
	p.gateway, err = startGateway(gatewayConfig{
		addr:         cfg.GatewayAddr,
		delays:       clock,
		capacity:     cfg.Capacity,
		replicas:     cfg.Replicas,
		secrets:      cfg.Secrets,
		nextSecrets:  cfg.NextSecrets,
		orchestrator: p.orchestrator.addr(),
		log:          cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	p.onClose("gateway", p.gateway.close)
	control.gateway.Store(p.gateway)
	p.onClose("health probes", startProbes(b.probeEvery, p.gateway.addr(), p.orchestrator.addr()).close)
	p.onClose("toxics", p.proxies.heal) // first to go: without them the rest drains quickly
	p.qdrant.seed(cfg.Tenants)
	return p, nil
}

func (c Config) withDefaults() (Config, error) {
	if c.Log == nil {
		c.Log = io.Discard
	}
	var err error
	if c.Secrets, err = overlaid(developmentSecrets(), c.Secrets); err != nil {
		return c, fmt.Errorf("configure demo platform: secrets: %w", err)
	}
	if c.NextSecrets, err = overlaid(seededSecrets(c.Seed, 1), c.NextSecrets); err != nil {
		return c, fmt.Errorf("configure demo platform: next secrets: %w", err)
	}
	for channel, secret := range c.Secrets {
		if c.NextSecrets[channel] == secret {
			return c, fmt.Errorf("configure demo platform: the next secret for channel %q is the present one", channel)
		}
	}
	if len(c.Tenants) == 0 {
		c.Tenants = seededTenants(c.Seed)
	}
	for _, t := range c.Tenants {
		if !isUUID(t.ID) {
			return c, fmt.Errorf("configure demo platform: tenant id %q is not a UUID", t.ID)
		}
	}
	c.Tenants = slices.Clone(c.Tenants)
	if c.DelayFactor < 0 || math.IsNaN(c.DelayFactor) || math.IsInf(c.DelayFactor, 0) {
		return c, fmt.Errorf("configure demo platform: delay factor %g is not a positive number", c.DelayFactor)
	}
	if c.DelayFactor == 0 {
		c.DelayFactor = 1
	}
	if c.Capacity < 0 {
		return c, fmt.Errorf("configure demo platform: negative capacity %d", c.Capacity)
	}
	if c.Replicas == 0 {
		c.Replicas = DefaultReplicas
	}
	if c.Replicas < 1 || c.Replicas > MaxReplicas {
		return c, fmt.Errorf("configure demo platform: %d replicas, must be 1 to %d", c.Replicas, MaxReplicas)
	}
	return c, nil
}

// overlaid puts the given secrets in the place of the default ones, which have all channels.
func overlaid(defaults, given map[string]string) (map[string]string, error) {
	for channel, secret := range given {
		if _, known := defaults[channel]; !known {
			return nil, fmt.Errorf("unknown channel %q", channel)
		}
		if secret == "" {
			return nil, fmt.Errorf("empty secret for channel %q", channel)
		}
		defaults[channel] = secret
	}
	return defaults, nil
}

func (p *Platform) onClose(name string, stop func(context.Context) error) {
	p.closers = append(p.closers, closer{name, stop})
}

// Close drains and stops every part, in the reverse order of starting, and
// returns when no goroutine and no socket of the platform is left. Requests in
// flight get a bounded time to finish. Closing again does nothing and returns
// the same error. (fasthttp keeps one goroutine of its own
// per process, updateServerDate, which renders the Date header.)
func (p *Platform) Close() error {
	p.closing.Do(func() { p.closeErr = p.close() })
	return p.closeErr
}

func (p *Platform) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	var errs []error
	for _, c := range slices.Backward(p.closers) {
		if err := c.stop(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, fmt.Errorf("stop %s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}
