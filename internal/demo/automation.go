package demo

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"
)

const (
	pathDryRun = "/v1/actions/dry-run"
	depthEvery = 250 * time.Millisecond
)

// automationWorker carries out the actions of automation rules: those queued
// in Redis for messages, and dry runs for the admin API.
type automationWorker struct {
	*server
	delays *delays
	labels *tenantLabels
	redis  *redis.Client
	queue  *queueWorkers
	ctx    context.Context // ends with the worker
	cancel context.CancelFunc
	done   sync.WaitGroup

	latency  prometheus.Observer
	failures *prometheus.CounterVec
	failed   *prometheus.CounterVec // the same under the name that only the worker has
	actions  *prometheus.CounterVec

	mu    sync.RWMutex
	depth map[string]int // queued actions per tenant
}

// actionResult is what a dry run of an action reports.
type actionResult struct {
	Status     string `json:"status"`
	ActionType string `json:"action_type"`
	DryRun     bool   `json:"dry_run"`
	DurationMS int64  `json:"duration_ms"`
}

func startAutomation(d *delays, labels *tenantLabels, client *redis.Client, logs io.Writer) (*automationWorker, error) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &automationWorker{delays: d, labels: labels, redis: client, ctx: ctx, cancel: cancel, depth: make(map[string]int)}
	m := newMetrics("automation_worker")
	w.latency = m.histogram("automation_latency_seconds", "Time an action took.").WithLabelValues()
	w.failures = m.counter("automation_failures_total", "Actions that failed.", "tenant_id")
	w.failed = m.counter("automation_failures_worker_total", "Actions that failed in the worker.", "tenant_id")
	w.actions = m.counter("automation_actions_total", "Actions carried out.", "action_type")
	m.registry.MustRegister(newPerTenant("automation_queue_depth", "Actions waiting in the queue.", labels, w.depths))
	for _, tenant := range labels.all() {
		w.failures.WithLabelValues(tenant)
		w.failed.WithLabelValues(tenant)
	}
	var err error
	if w.server, err = listen(service{name: "automation worker", maxBody: maxMessage}, m.router([]route{
		{"POST", pathDryRun, w.dryRun},
		{"GET", "/health", healthy},
		{"GET", "/metrics", m.serve},
	}), logs); err != nil {
		cancel()
		return nil, errors.Join(err, client.Close())
	}
	w.queue = startQueueWorkers(client, keyAutomation, d.pollEvery, d.automationPool, w.act)
	w.done.Go(w.watchDepth)
	return w, nil
}

// act carries out one queued action: tenant, rule and action type.
func (w *automationWorker) act(ctx context.Context, item string) {
	tenant, rest, _ := strings.Cut(item, "|")
	_, action, ok := strings.Cut(rest, "|")
	if !ok {
		return
	}
	if _, err := w.perform(ctx, action); err != nil {
		return
	}
	w.actions.WithLabelValues(action).Inc()
	if w.delays.draw() < w.delays.failureShare {
		w.failures.WithLabelValues(w.labels.of(tenant)).Inc()
		w.failed.WithLabelValues(w.labels.of(tenant)).Inc()
	}
}

// perform takes the time of an action and records it.
func (w *automationWorker) perform(ctx context.Context, action string) (time.Duration, error) {
	begin := time.Now()
	if err := w.delays.sleepContext(ctx, w.delays.actions[action]); err != nil {
		return 0, err
	}
	took := time.Since(begin)
	w.latency.Observe(took.Seconds())
	return took, nil
}

func (w *automationWorker) dryRun(ctx *fasthttp.RequestCtx) {
	var in struct {
		ActionType string `json:"action_type"`
	}
	err := json.Unmarshal(ctx.PostBody(), &in)
	if _, known := w.delays.actions[in.ActionType]; err != nil || !known {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "action_type must be webhook, crm or email")
		return
	}
	took, err := w.perform(w.ctx, in.ActionType)
	if err != nil {
		fail(ctx, fasthttp.StatusServiceUnavailable, "action was interrupted")
		return
	}
	answerJSON(ctx, fasthttp.StatusOK, actionResult{"ok", in.ActionType, true, took.Milliseconds()})
}

// watchDepth counts the queue per tenant, so that reading the metric costs no
// round trip. While Redis is away the last count stays.
func (w *automationWorker) watchDepth() {
	for pause(w.ctx, depthEvery) == nil {
		items, err := w.redis.LRange(w.ctx, keyAutomation, 0, -1).Result()
		if err != nil {
			continue
		}
		w.mu.Lock()
		clear(w.depth)
		for _, item := range items {
			tenant, _, _ := strings.Cut(item, "|")
			w.depth[tenant]++
		}
		w.mu.Unlock()
	}
}

func (w *automationWorker) depths() map[string]int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	out := make(map[string]int, len(w.depth))
	for tenant, n := range w.depth {
		out[tenant] = n
	}
	return out
}

func (w *automationWorker) close(ctx context.Context) error {
	w.cancel()
	w.done.Wait()
	return errors.Join(w.queue.close(), w.server.close(ctx))
}
