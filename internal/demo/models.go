package demo

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
)

// models asks the primary language model through its proxy and the fallback
// model directly, when the primary is slow, failing or resting.
type models struct {
	primary, fallback               *hop
	primaryTimeout, fallbackTimeout time.Duration
	breaker                         *breaker

	calls     *prometheus.CounterVec   // model, outcome
	fallbacks *prometheus.CounterVec   // reason
	latency   *prometheus.HistogramVec // model
}

func newModels(primary, fallback string, b behaviour) *models {
	return &models{
		primary:         newHop(primary),
		fallback:        newHop(fallback),
		primaryTimeout:  b.primaryTimeout,
		fallbackTimeout: b.fallbackTimeout,
		breaker:         newBreaker(b.breakerTrip, b.breakerTrials),
	}
}

// register adds the models' metrics to those of the service that asks them.
func (m *models) register(to *metrics) {
	m.calls = to.counter("llm_requests_total", "Calls to a language model, by outcome.", "model", "outcome")
	m.fallbacks = to.counter("llm_fallbacks_total", "Answers taken from the fallback model, by reason.", "reason")
	m.latency = to.histogram("llm_request_latency_seconds", "Time until a language model answered or was given up, as the orchestrator waits for it.", "model")
	for _, model := range []string{modelPrimary, modelFallback} {
		m.latency.WithLabelValues(model)
	}
	for _, reason := range []string{"timeout", "error", "breaker_open"} {
		m.fallbacks.WithLabelValues(reason)
	}
	to.gaugeFunc("llm_breaker_open", "1 while most calls skip the primary model.", m.breaker.gauge)
}

// ask returns an answer of the primary model, or of the fallback model. The
// error means that both failed.
func (m *models) ask(question string) (string, error) {
	reason := "breaker_open"
	if m.breaker.allow() {
		text, err := m.call(m.primary, modelPrimary, question, m.primaryTimeout)
		m.breaker.done(err == nil)
		if err == nil {
			return text, nil
		}
		reason = outcome(err)
	}
	m.fallbacks.WithLabelValues(reason).Inc()
	return m.call(m.fallback, modelFallback, question, m.fallbackTimeout)
}

func (m *models) call(h *hop, model, question string, timeout time.Duration) (string, error) {
	var out chatResponse
	in := chatRequest{model, []chatMessage{{"user", question}}}
	begin := time.Now()
	status, err := callJSON(h, fasthttp.MethodPost, pathChat, in, &out, timeout)
	if err == nil && (status != fasthttp.StatusOK || len(out.Choices) == 0) {
		err = fmt.Errorf("status %d", status)
	}
	m.latency.WithLabelValues(model).Observe(time.Since(begin).Seconds())
	m.calls.WithLabelValues(model, outcome(err)).Inc()
	if err != nil {
		return "", fmt.Errorf("ask %s model: %w", model, err)
	}
	return out.Choices[0].Message.Content, nil
}

func outcome(err error) string {
	var netErr net.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	default:
		return "error"
	}
}

func (m *models) close() {
	m.primary.close()
	m.fallback.close()
}

// breaker sheds half of the calls to a failing upstream instead of all of
// them, and bounds how many of the others are in flight: the upstream's
// trouble stays visible, and costs a bounded part of the service.
type breaker struct {
	trip   int // consecutive outcomes that change the state
	trials int // calls in flight while open

	mu       sync.Mutex
	open     bool
	streak   int // consecutive failures while closed, successes while open
	inFlight int
	skipped  bool
}

func newBreaker(trip, trials int) *breaker { return &breaker{trip: trip, trials: trials} }

// allow reports whether the upstream may be called; done must follow if so.
func (b *breaker) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open {
		b.skipped = !b.skipped
		if b.skipped || b.inFlight >= b.trials {
			return false
		}
	}
	b.inFlight++
	return true
}

func (b *breaker) done(ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight--
	if ok != b.open {
		b.streak = 0
		return
	}
	if b.streak++; b.streak >= b.trip {
		b.open, b.streak = !b.open, 0
	}
}

func (b *breaker) gauge() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open {
		return 1
	}
	return 0
}
