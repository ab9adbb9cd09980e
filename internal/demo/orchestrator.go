package demo

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"
)

type orchestratorConfig struct {
	addr       string
	delays     *delays
	tenants    []Tenant
	labels     *tenantLabels
	issuer     *issuer
	jobs       *jobStore
	redis      *redis.Client
	vectors    *vectorStore
	models     *models
	control    *control
	automation string
	log        io.Writer
}

// orchestrator answers messages by its policy and keeps the replies in Redis;
// its admin API shares the port.
type orchestrator struct {
	*server
	delays    *delays
	channels  map[string]*channel
	policy    *policy
	stream    *stream
	admin     *admin
	models    *models
	retrieval *retrieval
}

func startOrchestrator(cfg orchestratorConfig) (*orchestrator, error) {
	b := cfg.delays.behaviour
	m := newMetrics("orchestrator")
	cfg.models.register(m)
	o := &orchestrator{
		delays:    cfg.delays,
		channels:  make(map[string]*channel),
		stream:    startStream(cfg.redis, b, cfg.log),
		models:    cfg.models,
		retrieval: newRetrieval(cfg.vectors, b),
	}
	for _, c := range channels() {
		o.channels[c.name] = &c
	}
	rules := newRules(cfg.delays.seed, cfg.tenants)
	o.policy = newPolicy(cfg.delays, rules, o.retrieval, o.models, o.stream, cfg.labels, m)
	o.admin = newAdmin(cfg.delays, cfg.issuer, rules, cfg.jobs, cfg.redis, cfg.tenants, newHop(cfg.automation), m)

	m.gaugeFunc("automation_active_rules", "Automation rules that are active.", rules.countActive)
	m.counterFunc("stream_appended_total", "Messages appended to the outbound stream.", o.stream.appended.Load)
	m.counterFunc("stream_replayed_total", "Messages appended after Redis had been away.", o.stream.replayed.Load)
	m.gaugeFunc("stream_waiting", "Messages held until Redis has them.", func() float64 { return float64(o.stream.waiting()) })
	m.counterFunc("automation_dropped_total", "Queued actions dropped because the queue was full.", o.stream.dropped.Load)

	routes := append([]route{
		{"POST", pathInbound, o.inbound},
		{"GET", "/health", o.health},
		{"GET", "/metrics", m.serve},
	}, slices.Concat(o.admin.routes(), cfg.control.routes(o.admin.guard))...)
	var err error
	if o.server, err = listen(service{name: "orchestrator", addr: cfg.addr, maxBody: maxUpload}, m.router(routes), cfg.log); err != nil {
		return nil, errors.Join(err, o.closeParts(context.Background()))
	}
	return o, nil
}

// inbound takes a message from the gateway: answers it, keeps the reply, and
// only then accepts it.
func (o *orchestrator) inbound(ctx *fasthttp.RequestCtx) {
	c, known := o.channels[string(ctx.Request.Header.Peek(headerChannel))]
	if !known {
		fail(ctx, fasthttp.StatusBadRequest, headerChannel+" must name a channel")
		return
	}
	m, err := parseMessage(c, ctx.PostBody())
	if err != nil {
		fail(ctx, fasthttp.StatusBadRequest, err.Error())
		return
	}
	o.delays.sleep(o.delays.inboundWork)
	reply := o.policy.reply(c.name, m)
	if err := o.stream.append(&reply); err != nil {
		fail(ctx, fasthttp.StatusServiceUnavailable, err.Error())
		return
	}
	answer(ctx, fasthttp.StatusAccepted, accepted)
}

// health is 503 while Redis does not answer in time.
func (o *orchestrator) health(ctx *fasthttp.RequestCtx) {
	if !o.stream.reachable() {
		answer(ctx, fasthttp.StatusServiceUnavailable, []byte(`{"status":"degraded","redis":"away"}`))
		return
	}
	healthy(ctx)
}

func (o *orchestrator) close(ctx context.Context) error {
	return errors.Join(o.server.close(ctx), o.closeParts(ctx))
}

func (o *orchestrator) closeParts(ctx context.Context) error {
	o.admin.close()
	o.models.close()
	o.retrieval.close()
	return o.stream.close(ctx)
}
