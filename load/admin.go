package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// maxAdminInFlight bounds the admin calls under way at once. The flows run a few times a minute,
// so reaching it means that the admin API hardly answers; what is due then is counted as missed.
const maxAdminInFlight = 64

// adminFlows drives the calls that need an administrator's token: ingestion uploads, automation
// triggers and rule toggling, each at its own pace per tenant.
type adminFlows struct {
	g      *Generator
	api    *adminAPI
	rules  *ruleToggler // nil: off
	beats  []*beat
	slots  chan struct{}
	missed atomic.Uint64
	ctx    context.Context //nolint:containedctx // the life of the flows, ended by abort
	cancel context.CancelFunc
}

// beat is one flow of one tenant: something that is due every so often.
type beat struct {
	tenant Tenant
	period func(Settings) time.Duration // 0: never
	call   func(context.Context, *beat, time.Time)
	count  uint64
	seen   time.Time
	earned float64 // calls earned up to seen and not yet made
	offset float64 // share of a period before the first call, so that tenants do not march in step
}

func newAdminFlows(g *Generator) (*adminFlows, error) {
	o := g.options
	if o.Orchestrator == nil || o.AdminToken == "" {
		return nil, nil //nolint:nilnil // no admin flows is a valid way to run
	}
	api, err := newAdminAPI(o)
	if err != nil {
		return nil, err
	}
	a := &adminFlows{g: g, api: api, slots: make(chan struct{}, maxAdminInFlight)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	w := o.Workload
	for i, tenant := range w.Tenants {
		if len(tenant.Brands) == 0 {
			continue
		}
		offset := float64(i) / float64(len(w.Tenants))
		add := func(shift float64, period func(Settings) time.Duration, call func(context.Context, *beat, time.Time)) {
			a.beats = append(a.beats, &beat{tenant: tenant, period: period, call: call, offset: shift + offset/2})
		}
		ingest := func(s Settings) time.Duration {
			perMinute := w.Ingestion.JobsPerMinute
			if s.Spike {
				perMinute *= w.Ingestion.SpikeMultiplier
			}
			return everyMinute(perMinute)
		}
		add(0.05, ingest, a.upload)
		if o.Knowledge {
			add(0.15, ingest, a.uploadKnowledge)
		}
		add(0.02, func(Settings) time.Duration { return everyMinute(w.Automation.TriggersPerMinute) }, a.trigger)
		if o.Ledger != nil && w.Rules.TogglesPerMinute > 0 {
			if a.rules == nil {
				a.rules = newRuleToggler(api, o.Ledger)
			}
			add(0.1, func(s Settings) time.Duration {
				if s.QuietRules {
					return 0
				}
				return everyMinute(w.Rules.TogglesPerMinute)
			}, a.toggle)
		}
	}
	return a, nil
}

func everyMinute(n float64) time.Duration {
	if n <= 0 {
		return 0
	}
	return time.Duration(float64(time.Minute) / n)
}

// run starts each call when it is due, until the generator stops.
func (a *adminFlows) run() {
	began := time.Now()
	for _, b := range a.beats {
		b.seen, b.earned = began, 1-b.offset
	}
	tick := time.NewTicker(rampStep)
	defer tick.Stop()
	for {
		select {
		case <-a.g.stopping:
			return
		case now := <-tick.C:
			s := a.g.plan.Load().settings
			for _, b := range a.beats {
				for _, due := range b.advance(s, now) {
					a.call(*b, due)
				}
			}
		}
	}
}

// advance brings a beat up to a moment and returns what has become due. A beat earns its calls bit
// by bit at the pace of the moment, so that a change of pace counts from when it is made.
func (b *beat) advance(s Settings, now time.Time) []time.Time {
	passed := now.Sub(b.seen)
	b.seen = now
	period := b.period(s)
	if period == 0 || s.Paused {
		return nil
	}
	b.earned += float64(passed) / float64(period)
	var due []time.Time
	for b.earned >= 1 {
		b.earned--
		b.count++
		due = append(due, now.Add(-time.Duration(b.earned*float64(period))))
	}
	return due
}

// call runs one call of a beat beside the others; the copy keeps the count that it was made with.
func (a *adminFlows) call(b beat, due time.Time) {
	select {
	case a.slots <- struct{}{}:
	default:
		a.missed.Add(1)
		return
	}
	a.g.spawn(func() {
		defer func() { <-a.slots }()
		b.call(a.ctx, &b, due)
	})
}

// measure times one admin call and records it. Latency counts from the due time: these flows have
// a pace of their own, whatever the platform does.
func (a *adminFlows) measure(ctx context.Context, id SeriesID, due time.Time, req request) error {
	o := Outcome{Series: id, Due: due, Sent: time.Now()}
	a.g.inFlight.Add(1)
	status, err := a.api.do(ctx, req, nil)
	a.g.inFlight.Add(-1)
	o.Done, o.Status = time.Now(), status
	switch {
	case err != nil && a.ctx.Err() != nil:
		o.Class = Interrupted
	case err != nil:
		o.Class, o.Detail = classify(err), sample(err)
	case status != expectations()[flowOf(id)].status:
		o.Class = BadStatus
		err = fmt.Errorf("%s %s: answered %d, expected %d", req.method, req.path, status, expectations()[flowOf(id)].status)
	}
	a.g.recorder.shard(uint64(id)).record(&o, false)
	a.g.ended.Add(1)
	return err
}

// abort ends the calls under way.
func (a *adminFlows) abort() { a.cancel() }

// restoreRules puts every toggled rule back as it was found.
func (a *adminFlows) restoreRules() error {
	if a.rules == nil {
		return nil
	}
	return a.rules.restoreAll()
}

// adminAPI is the orchestrator's admin API with a bearer token.
type adminAPI struct {
	base    *url.URL
	token   string
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

func newAdminAPI(o Options) (*adminAPI, error) {
	if s := o.Orchestrator.Scheme; s != "http" && s != "https" {
		return nil, fmt.Errorf("connect to orchestrator %s: scheme must be http or https", o.Orchestrator.Redacted())
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	transport := &http.Transport{
		TLSClientConfig:     config,
		MaxIdleConnsPerHost: maxAdminInFlight,
		IdleConnTimeout:     30 * time.Second,
		DisableKeepAlives:   !o.KeepAlive,
	}
	if o.Proxy != nil {
		transport.Proxy = func(r *http.Request) (*url.URL, error) { return o.Proxy(r.URL) }
	}
	return &adminAPI{
		base: o.Orchestrator, token: o.AdminToken, agent: o.UserAgent, timeout: o.Timeout,
		client: &http.Client{
			Transport: transport,
			// A redirect would carry the token elsewhere; its status is reported instead.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// do makes one call, reads the answer to its end, and hands it to read when that is not nil.
func (api *adminAPI) do(ctx context.Context, r request, read func(io.Reader) error) (status int, err error) {
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
		return 0, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	req.Header.Set("Authorization", "Bearer "+api.token)
	req.Header.Set("User-Agent", api.agent)
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	answer, err := api.client.Do(req)
	if err != nil {
		return 0, err // net/http names the verb and the URL already
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	bounded := io.LimitReader(answer.Body, maxAnswer)
	if read != nil && answer.StatusCode < 300 {
		if err := read(bounded); err != nil {
			return answer.StatusCode, fmt.Errorf("%s %s: read answer: %w", r.method, r.path, err)
		}
	}
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return 0, fmt.Errorf("%s %s: read answer: %w", r.method, r.path, err)
	}
	return answer.StatusCode, nil
}
