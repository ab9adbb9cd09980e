package demo

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Where a reply came from.
const (
	sourceModel     = "model"
	sourceRetrieval = "retrieval"
	sourceHandoff   = "handoff" // nobody knew: a person answers
	sourceDenied    = "denied"
)

// Why the policy refused something.
const (
	deniedRate  = "rate_limit"     // the tenant sends too much: no reply
	deniedQuota = "llm_quota"      // no model call left in this second: retrieval answers
	deniedRule  = "no_active_rule" // nothing to trigger
)

// policy decides how a message is answered.
type policy struct {
	delays    *delays
	rules     *rules
	retrieval *retrieval
	models    *models
	stream    *stream
	labels    *tenantLabels
	quota     *quota

	denials  *prometheus.CounterVec
	hits     *prometheus.CounterVec
	failures *prometheus.CounterVec
	replies  *prometheus.CounterVec
}

func newPolicy(d *delays, r *rules, found *retrieval, asked *models, s *stream, labels *tenantLabels, m *metrics) *policy {
	p := &policy{
		delays: d, rules: r, retrieval: found, models: asked, stream: s, labels: labels,
		quota:    newQuota(d.llmPerSecond),
		denials:  m.counter("policy_denials_total", "What the policy refused, by reason.", "reason"),
		hits:     m.counter("retrieval_hits_total", "Messages answered from retrieval.", "tenant_id"),
		failures: m.counter("retrieval_errors_total", "Searches that failed."),
		replies:  m.counter("policy_replies_total", "Replies, by source.", "source"),
	}
	for _, reason := range []string{deniedRate, deniedQuota, deniedRule} {
		p.denials.WithLabelValues(reason)
	}
	for _, tenant := range labels.all() {
		p.hits.WithLabelValues(tenant)
	}
	return p
}

// payload is an entry of the outbound stream.
type payload struct {
	EventID  string `json:"event_id"`
	TenantID string `json:"tenant_id"`
	Channel  string `json:"channel"`
	Source   string `json:"source"`
	Answer   string `json:"answer"`
}

// reply answers a message of a channel: from the language model for the share of messages
// that need it and within its quota, else from retrieval. A message may also
// trigger an automation rule.
func (p *policy) reply(channel string, m message) outbound {
	out := outbound{tenantID: string(m.tenantID)}
	if m.automate {
		if rule, found := p.rules.match(out.tenantID, p.delays.draw()); found {
			out.rule, out.action = rule.ID, rule.ActionType
		} else {
			p.denials.WithLabelValues(deniedRule).Inc()
		}
	}
	source, answer := p.answer(out.tenantID, m.text)
	p.replies.WithLabelValues(source).Inc()
	out.payload, _ = json.Marshal(payload{string(m.eventID), out.tenantID, channel, source, answer}) // strings never fail
	return out
}

func (p *policy) answer(tenant string, question []byte) (source, text string) {
	if p.stream.counts.get(tenant) > p.delays.ratePerTenant {
		p.denials.WithLabelValues(deniedRate).Inc()
		return sourceDenied, ""
	}
	if p.delays.draw() < p.delays.llmShare {
		if !p.quota.take(time.Now()) {
			p.denials.WithLabelValues(deniedQuota).Inc()
		} else if text, err := p.models.ask(string(question)); err == nil {
			return sourceModel, text
		}
	}
	text, hit, err := p.retrieval.answer(tenant, question)
	if err != nil {
		p.failures.WithLabelValues().Inc()
	}
	if !hit {
		return sourceHandoff, ""
	}
	p.hits.WithLabelValues(p.labels.of(tenant)).Inc()
	return sourceRetrieval, text
}

// quota is a token bucket that holds one second's worth.
type quota struct {
	perSecond float64

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

func newQuota(perSecond float64) *quota { return &quota{perSecond: perSecond, tokens: perSecond} }

func (q *quota) take(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.last.IsZero() {
		q.tokens = min(q.perSecond, q.tokens+q.perSecond*now.Sub(q.last).Seconds())
	}
	q.last = now
	if q.tokens < 1 {
		return false
	}
	q.tokens--
	return true
}
