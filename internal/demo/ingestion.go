package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

const (
	chunkWords  = 60
	indexedLife = time.Hour
)

// ingestionWorker embeds uploaded documents and stores their vectors. Every
// attempt that fails, for the vector store or for Redis, is repeated after a
// wait that doubles.
type ingestionWorker struct {
	*server
	delays  *delays
	jobs    *jobStore
	labels  *tenantLabels
	redis   *redis.Client
	vectors *vectorStore
	queue   *queueWorkers

	retries  *prometheus.CounterVec
	finished *prometheus.CounterVec
}

func startIngestion(d *delays, jobs *jobStore, labels *tenantLabels, client *redis.Client, vectors *vectorStore, logs io.Writer) (*ingestionWorker, error) {
	w := &ingestionWorker{delays: d, jobs: jobs, labels: labels, redis: client, vectors: vectors}
	m := newMetrics("ingestion_worker")
	w.retries = m.counter("ingestion_retries_total", "Attempts that failed and are repeated.", "tenant_id")
	w.finished = m.counter("ingestion_jobs_total", "Jobs finished, by status.", "status")
	m.registry.MustRegister(newPerTenant("ingestion_jobs_inflight", "Jobs pending or running.", labels, jobs.unfinished))
	for _, tenant := range labels.all() {
		w.retries.WithLabelValues(tenant)
	}
	var err error
	if w.server, err = listen(service{name: "ingestion worker", maxBody: maxMessage}, m.router([]route{
		{"GET", "/health", healthy},
		{"GET", "/metrics", m.serve},
	}), logs); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	w.queue = startQueueWorkers(client, keyIngestion, d.pollEvery, d.ingestionPool, w.ingest)
	return w, nil
}

// ingest works on one job until it is done, out of attempts, or ctx ends.
func (w *ingestionWorker) ingest(ctx context.Context, id string) {
	j, found := w.jobs.get(id)
	if !found {
		return
	}
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = w.delays.ingestionBackoff[0], w.delays.ingestionBackoff[1]
	waits.Multiplier, waits.RandomizationFactor = 2, 0
	attempts := 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		attempts++
		w.jobs.move(id, jobRunning, attempts, "")
		return struct{}{}, w.attempt(ctx, j)
	}, backoff.WithBackOff(waits), backoff.WithMaxTries(w.delays.ingestionTries), backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, wait time.Duration) {
			w.retries.WithLabelValues(w.labels.of(j.TenantID)).Inc()
			w.jobs.move(id, jobPending, attempts, fmt.Sprintf("%v; next attempt in %s", err, wait))
		}))
	if ctx.Err() != nil {
		return
	}
	status, reason := jobDone, ""
	if err != nil {
		status, reason = jobFailed, err.Error()
	}
	w.finished.WithLabelValues(status).Inc()
	w.jobs.move(id, status, attempts, reason)
}

// attempt embeds the document, stores its vectors and records that in Redis.
func (w *ingestionWorker) attempt(ctx context.Context, j job) error {
	if err := w.delays.sleepContext(ctx, w.delays.embedding); err != nil {
		return backoff.Permanent(err)
	}
	points := chunks(j)
	if err := w.vectors.upsert(j.TenantID, points); err != nil {
		return err
	}
	if err := w.redis.Set(ctx, keyAsset+j.AssetID, len(points), indexedLife).Err(); err != nil {
		return fmt.Errorf("record indexed asset: %w", err)
	}
	return nil
}

// chunks cuts a document into pieces of a bounded number of words. The same
// document gives the same ids, so that a repeated attempt replaces its own
// points.
func chunks(j job) []point {
	words := strings.Fields(j.content)
	var points []point
	for len(words) > 0 {
		n := min(chunkWords, len(words))
		text := strings.Join(words[:n], " ")
		words = words[n:]
		points = append(points, point{
			ID:      seededID(uint64(len(points)), j.AssetID),
			Vector:  embed(text),
			Payload: map[string]any{"text": text, "brand_id": j.BrandID, "asset_id": j.AssetID},
		})
	}
	return points
}

func (w *ingestionWorker) close(ctx context.Context) error {
	err := w.queue.close()
	w.vectors.close()
	return errors.Join(err, w.server.close(ctx))
}
