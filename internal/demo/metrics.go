package demo

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/valyala/fasthttp"
)

// latencyBuckets are in seconds, dense around the objectives of 1.2 and 1.5 s.
func latencyBuckets() []float64 {
	return []float64{.005, .01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 1.2, 1.5, 2, 2.5, 3, 5, 10}
}

// metrics is the registry of one service, with the metrics that every service
// has.
type metrics struct {
	service  string
	registry *prometheus.Registry
	latency  *prometheus.HistogramVec
	requests *prometheus.CounterVec
}

func newMetrics(service string) *metrics {
	m := &metrics{service: service, registry: prometheus.NewRegistry()}
	labels := []string{"service", "method", "route", "status_code"}
	m.latency = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_latency_seconds", Help: "Time to answer a request.", Buckets: latencyBuckets(),
	}, labels)
	m.requests = m.counter("http_requests_total", "Requests answered.", labels...)
	m.registry.MustRegister(m.latency)
	// All services are one process; each says when it began to count, which is what the metric is asked for.
	began := float64(time.Now().UnixMilli()) / 1000
	m.gaugeFunc("process_start_time_seconds", "When the service was started, in Unix time.", func() float64 { return began })
	return m
}

func (m *metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *metrics) gaugeFunc(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

func (m *metrics) counterFunc(name, help string, value func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) }))
}

func (m *metrics) histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: latencyBuckets()}, labels)
	m.registry.MustRegister(h)
	return h
}

// series is one combination of labels, looked up once.
type series struct {
	latency  prometheus.Observer
	requests prometheus.Counter
}

// router answers with the first route that fits, 405 if only the method does
// not, 404 otherwise; echoes the request id; and records time and status.
func (m *metrics) router(routes []route) fasthttp.RequestHandler {
	type entry struct {
		route
		byStatus sync.Map // int to series
	}
	entries := make([]*entry, 0, len(routes)+1)
	for _, r := range routes {
		entries = append(entries, &entry{route: r})
	}
	unmatched := &entry{route: route{pattern: "unmatched"}}

	return func(ctx *fasthttp.RequestCtx) {
		begin := time.Now()
		method, path := ctx.Method(), ctx.Path()
		found, status := unmatched, fasthttp.StatusNotFound
		for _, e := range entries {
			if e.pattern != string(path) && !match(e.pattern, string(path), ctx) {
				continue
			}
			if e.method == string(method) {
				found = e
				break
			}
			status = fasthttp.StatusMethodNotAllowed
		}
		if found == unmatched {
			fail(ctx, status, fasthttp.StatusMessage(status))
		} else {
			found.handle(ctx)
		}
		if id := ctx.Request.Header.Peek(headerRequestID); len(id) > 0 {
			ctx.Response.Header.SetBytesV(headerRequestID, id)
		}
		status = ctx.Response.StatusCode()
		s, ok := found.byStatus.Load(status)
		if !ok {
			// An unmatched method could be any string; keep the label bounded.
			labels := []string{m.service, found.method, found.pattern, strconv.Itoa(status)}
			s, _ = found.byStatus.LoadOrStore(status, series{m.latency.WithLabelValues(labels...), m.requests.WithLabelValues(labels...)})
		}
		s.(series).latency.Observe(time.Since(begin).Seconds())
		s.(series).requests.Inc()
	}
}

// serve answers GET /metrics in the Prometheus text format.
func (m *metrics) serve(ctx *fasthttp.RequestCtx) {
	families, err := m.registry.Gather()
	if err != nil {
		fail(ctx, fasthttp.StatusInternalServerError, "metrics cannot be gathered")
		return
	}
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	ctx.SetContentType(string(format))
	encoder := expfmt.NewEncoder(ctx, format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			fail(ctx, fasthttp.StatusInternalServerError, "metrics cannot be encoded")
			return
		}
	}
}
