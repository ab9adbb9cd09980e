package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"xinbot.ir/squall/internal/cause"

	"xinbot.ir/squall/load/metric"
)

// maxAdminInFlight bounds the admin calls under way at once. The flows run a few times a minute,
// so reaching it means that the admin API hardly answers; what is due then is counted as missed.
const maxAdminInFlight = 64

// adminFlows drives the calls that need an administrator's token: ingestion uploads, automation
// triggers and rule toggling, each at its own pace per tenant.
type adminFlows struct {
	g       *Generator
	api     *adminAPI
	rules   *ruleToggler // nil: off
	beats   []*adminTask
	slots   chan struct{}
	changed chan struct{}
	missed  atomic.Uint64
	ctx     context.Context //nolint:containedctx // the life of the flows, ended by abort
	cancel  context.CancelFunc
}

func newAdminFlows(g *Generator) (*adminFlows, error) {
	o := g.options
	if o.Orchestrator == nil || o.Keys.Token() == "" {
		return nil, nil //nolint:nilnil // no admin flows is a valid way to run
	}
	api, err := newAdminAPI(o, g.transfer)
	if err != nil {
		return nil, err
	}
	a := &adminFlows{g: g, api: api, slots: make(chan struct{}, maxAdminInFlight), changed: make(chan struct{}, 1)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	w := o.Workload
	if o.Ledger != nil && w.Rules.TogglesPerMinute > 0 {
		a.rules = newRuleToggler(api, o.Ledger)
	}
	for i, tenant := range w.Tenants {
		if len(tenant.Brands) == 0 {
			continue
		}
		// Tenants and flows are spread over the period, so that they do not march in step.
		shift := float64(i) / float64(len(w.Tenants)) / 2
		for _, f := range adminFlowTable {
			if f.off(o) != "" || f.Flow == Rules && a.rules == nil {
				continue
			}
			a.beats = append(a.beats, &adminTask{
				tenant: tenant, pacer: Pacer{Phase: 1 - f.phase - shift},
				perMinute: func(s Settings) float64 { return f.perMinute(w, s) },
				call:      func(ctx context.Context, t *adminTask, due time.Time) { f.call(a, ctx, t, due) },
			})
		}
	}
	return a, nil
}

// run starts each call when it is due, until the generator stops.
func (a *adminFlows) run() {
	now := time.Now()
	for _, t := range a.beats {
		t.start = now
	}
	timer := time.NewTimer(Never)
	defer timer.Stop()
	for {
		timer.Reset(a.callDue(time.Now()))
		select {
		case <-a.g.stopping:
			return
		case <-timer.C:
		case <-a.changed:
		}
	}
}

// callDue makes the calls that are due, brings every beat to its present pace, and answers how
// long it is to the next call.
func (a *adminFlows) callDue(now time.Time) time.Duration {
	s := a.g.plan.Load().settings
	next := Never
	for _, t := range a.beats {
		for due, ok := t.claim(now); ok; due, ok = t.claim(now) {
			if a.g.absences.noticeLate(now.Sub(due), now); a.g.absences.before(due) {
				a.g.skipped.Add(1)
				continue
			}
			a.call(*t, due)
		}
		perMinute := t.perMinute(s)
		if s.Paused {
			perMinute = 0
		}
		t.move(perMinute/60, now)
		next = min(next, t.wait(now))
	}
	return next
}

// call runs one call of a beat beside the others; the copy keeps the count that it was made with.
func (a *adminFlows) call(t adminTask, due time.Time) {
	select {
	case a.slots <- struct{}{}:
	default:
		a.missed.Add(1)
		return
	}
	a.g.spawn(func() {
		defer func() { <-a.slots }()
		t.call(a.ctx, &t, due)
	})
}

// measure times one admin call and records it. Latency counts from the due time: these flows have
// a pace of their own, whatever the platform does.
func (a *adminFlows) measure(ctx context.Context, id metric.SeriesID, due time.Time, req request) error {
	o := metric.Outcome{Series: id, Due: due, Sent: time.Now()}
	a.g.inFlight.Add(1)
	var trace callTrace
	status, words, err := a.api.do(trace.trace(ctx), req, nil)
	a.g.inFlight.Add(-1)
	o.Done, o.Status = time.Now(), status
	if err == nil {
		o.Parts, o.Parted = trace.parts(o.Sent, o.Done)
	}
	switch {
	case err != nil && a.ctx.Err() != nil:
		o.Class = metric.Interrupted
	case err != nil:
		o.Class, o.Detail = classify(err)
	case status != a.g.registry.Series()[id].Flow.Status:
		o.Class, o.Detail = metric.BadStatus, words
		err = fmt.Errorf("%s %s: answered %d, expected %d", req.method, req.path, status, a.g.registry.Series()[id].Flow.Status)
	}
	a.g.record(a.g.recorder.Shard(uint64(id)), &o, false)
	return err
}

// startDeadline begins the time that calls in flight still have.
func (a *adminFlows) startDeadline() {
	if a.rules != nil {
		a.rules.startDeadline()
	}
}

// abort ends the calls under way.
func (a *adminFlows) abort() { a.cancel() }

// close puts every toggled rule back as it was found. Only after the flows have ended.
func (a *adminFlows) close() error {
	defer a.api.client.CloseIdleConnections()
	if a.rules == nil {
		return nil
	}
	return a.rules.restoreAll()
}

// adminAPI is the orchestrator's admin API with a bearer token.
type adminAPI struct {
	base    *url.URL
	keys    *Keyring
	agent   string
	timeout time.Duration
	client  *http.Client
}

// request is one call of the admin API.
type request struct {
	method string
	path   string
	query  string // encoded
	kind   string // Content-Type, "" without a body
	body   func() io.Reader
}

func newAdminAPI(o Options, t *transfer) (*adminAPI, error) {
	if s := o.Orchestrator.Scheme; s != "http" && s != "https" {
		return nil, fmt.Errorf("connect to orchestrator %s: scheme must be http or https", o.Orchestrator.Redacted())
	}
	base := *o.Orchestrator
	base.User = nil // the token is what counts, and addresses are shown and written down
	transport := &http.Transport{
		DialContext:         t.counting((&net.Dialer{}).DialContext),
		TLSClientConfig:     tlsConfig(o),
		MaxIdleConnsPerHost: maxAdminInFlight,
		IdleConnTimeout:     30 * time.Second,
		DisableKeepAlives:   !o.KeepAlive,
	}
	if o.Proxy != nil {
		transport.Proxy = func(r *http.Request) (*url.URL, error) { return o.Proxy(r.URL) }
	}
	return &adminAPI{
		base: &base, keys: o.Keys, agent: o.UserAgent, timeout: o.Timeout,
		client: &http.Client{
			Transport: transport,
			// A redirect would carry the token elsewhere; its status is reported instead.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// do makes one call, reads the answer to its end, and hands it to read when that is not nil. What an answer of no
// success says is words.
func (api *adminAPI) do(ctx context.Context, r request, read func(io.Reader) error) (status int, words string, err error) {
	ctx, cancel := context.WithTimeout(ctx, api.timeout)
	defer cancel()
	var body io.Reader
	if r.body != nil {
		body = r.body()
	}
	target := api.base.JoinPath(r.path)
	target.RawQuery = r.query
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return 0, "", fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	req.Header.Set("Authorization", "Bearer "+api.keys.Token())
	req.Header.Set("User-Agent", api.agent)
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	answer, err := api.client.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("%s %s: %w", r.method, r.path, cause.Plain(err))
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	bounded := io.LimitReader(answer.Body, maxAnswer)
	if read != nil && answer.StatusCode < 300 {
		if err := read(bounded); err != nil {
			return answer.StatusCode, "", fmt.Errorf("%s %s: read answer: %w", r.method, r.path, cause.Decode(err))
		}
	}
	if h := answer.Header; answer.StatusCode >= 300 {
		begun, err := io.ReadAll(io.LimitReader(bounded, longestRead))
		if err != nil {
			return 0, "", fmt.Errorf("%s %s: read answer: %w", r.method, r.path, cause.Plain(err))
		}
		words = answerWords(h.Get("Location"), h.Get("Retry-After"), h.Get("Content-Type"), begun, api.keys.Redact)
	}
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return 0, "", fmt.Errorf("%s %s: read answer: %w", r.method, r.path, cause.Plain(err))
	}
	return answer.StatusCode, words, nil
}
