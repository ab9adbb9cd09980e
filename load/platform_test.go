package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// startPlatform starts the embedded platform and returns options that point at it.
func startPlatform(t *testing.T) (*demo.Platform, load.Options) {
	t.Helper()
	p, err := demo.Start(t.Context(), demo.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	w := load.DefaultWorkload()
	w.Tenants = nil
	for i, tenant := range p.Tenants() {
		one := load.Tenant{ID: tenant.ID}
		for j, brand := range tenant.Brands {
			one.Brands = append(one.Brands, load.Brand{
				Name: fmt.Sprintf("brand %d-%d", i, j), BrandID: brand, ChannelID: brand, Channels: load.DefaultMix(),
			})
		}
		w.Tenants = append(w.Tenants, one)
	}
	o := load.Options{
		Workload: w, Keys: new(load.Keyring), KeepAlive: true, Timeout: 5 * time.Second,
		UserAgent: "squall/test", RunID: "test", Seed: 1, Ledger: &ledger{open: map[string]load.RuleState{}},
	}
	webhook, orchestrator := parse(t, p.GatewayURL()), parse(t, p.OrchestratorURL())
	o.Orchestrator = orchestrator
	for c, spec := range w.Channels {
		o.Gateway[c] = load.GatewayURL(webhook, spec.Path)
		if err := o.Keys.Set(load.Channel(c), load.Key{Current: p.Secrets()[spec.SecretOf.String()]}); err != nil {
			t.Fatal(err)
		}
	}
	o.Keys.SetToken(p.AdminToken())
	return p, o
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// ledger is a load.Ledger in memory.
type ledger struct {
	mu   sync.Mutex
	n    int
	open map[string]load.RuleState
}

func (l *ledger) Record(_, _ string, undo any) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	id := fmt.Sprint(l.n)
	l.open[id] = undo.(load.RuleState)
	return id, nil
}

func (l *ledger) Resolve(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, id)
	return nil
}

func (l *ledger) counts() (intended, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n, len(l.open)
}

// get reads JSON from the platform's admin API.
func get(t *testing.T, p *demo.Platform, path string, into any) {
	t.Helper()
	call(t, p, http.MethodGet, path, into)
}

func call(t *testing.T, p *demo.Platform, method, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.OrchestratorURL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.AdminToken())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, path, answer.Status)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// ruleStates reads every rule of every tenant.
func ruleStates(t *testing.T, p *demo.Platform) map[string]bool {
	t.Helper()
	states := map[string]bool{}
	for _, tenant := range p.Tenants() {
		var rules []struct {
			ID     string `json:"id"`
			Active bool   `json:"is_active"`
		}
		get(t, p, "/admin/automation/rules?tenant_id="+tenant.ID, &rules)
		for _, r := range rules {
			states[r.ID] = r.Active
		}
	}
	return states
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func TestEveryFlowIsAcceptedByThePlatform(t *testing.T) {
	p, o := startPlatform(t)
	o.Knowledge = true
	o.Workload.Ingestion.JobsPerMinute = 600
	o.Workload.Automation.TriggersPerMinute = 3000
	o.Workload.Rules.TogglesPerMinute = 1200
	g, err := load.New(o)
	if err != nil {
		t.Fatal(err)
	}
	found := ruleStates(t, p)
	if n, err := g.CheckRules(t.Context()); err != nil || n != len(found) || n < 5 {
		t.Fatalf("%d rules, %v, want %d", n, err, len(found))
	}
	var active, paused bool
	for _, state := range found {
		active, paused = active || state, paused || !state
	}
	if !active || !paused {
		t.Fatal("the platform should have active and paused rules")
	}
	var everyChannel load.Weights
	for c := range everyChannel {
		everyChannel[c] = 1
	}
	if err := g.Start(load.Settings{VUs: 10, Think: load.Think{Max: 20 * time.Millisecond}, SpikeFactor: 5, Mix: everyChannel}); err != nil {
		t.Fatal(err)
	}
	l := o.Ledger.(*ledger)
	eventually(t, "a toggle of every rule", func() bool { n, _ := l.counts(); return n >= len(found) })
	eventually(t, "a thousand requests", func() bool { return g.Snapshot().Sent > 1000 })
	if err := g.Stop(t.Context()); err != nil { // in the middle of toggles
		t.Fatal(err)
	}
	after := ruleStates(t, p)
	for id, state := range found {
		if after[id] != state {
			t.Errorf("rule %s is active: %v, was found: %v", id, after[id], state)
		}
	}
	if _, open := l.counts(); open != 0 {
		t.Errorf("%d open records", open)
	}
	s := g.Snapshot()
	if len(s.Errors) != 0 {
		t.Errorf("errors: %+v", s.Errors)
	}
	requests := map[string]uint64{}
	for _, total := range s.Totals {
		requests[total.Series.String()] = total.Latency.Requests
	}
	for id, series := range load.Registry().Series() {
		if requests[series.String()] == 0 && metric.SeriesID(id) != load.Rules.Series("resume") && metric.SeriesID(id) != load.Rules.Series("pause") {
			t.Errorf("no requests of %s", series)
		}
	}
	for _, check := range s.Checks {
		if check.Fails != 0 {
			t.Errorf("%s: %d times not", check.Name, check.Fails)
		}
	}
	triggers := requests["automation/webhook"] + requests["automation/crm"] + requests["automation/email"]
	if share := float64(requests["automation/webhook"]) / float64(triggers); share < 0.57 || share > 0.63 {
		t.Errorf("webhook is %.2f of %d triggers, want 0.60", share, triggers)
	}
	jobs := 0
	for _, tenant := range p.Tenants() {
		var list []json.RawMessage
		get(t, p, "/admin/ingestion_jobs?tenant_id="+tenant.ID, &list)
		jobs += len(list)
	}
	if uint64(jobs) < requests["ingestion/upload"] {
		t.Errorf("the platform has %d jobs of %d uploads", jobs, requests["ingestion/upload"])
	}
}

func TestWrongSecretAndWrongTokenAreRefused(t *testing.T) {
	_, o := startPlatform(t)
	o.Keys.SetToken("not.a.token")
	o.Workload.Ingestion.JobsPerMinute = 600
	for c := range load.Channel(load.NumChannels) {
		if err := o.Keys.Set(c, load.Key{Current: "another"}); err != nil {
			t.Fatal(err)
		}
	}
	g, err := load.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.CheckRules(t.Context()); err == nil {
		t.Error("rules could be read with a wrong token")
	}
	if err := g.Start(load.Settings{VUs: 2, Think: load.Think{Max: 5 * time.Millisecond}, SpikeFactor: 1}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a hundred requests", func() bool { return g.Snapshot().Sent > 100 })
	if err := g.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := g.Snapshot()
	if s.All.Failed != s.All.Requests || s.All.Requests == 0 {
		t.Errorf("%d of %d failed", s.All.Failed, s.All.Requests)
	}
	for _, line := range s.Errors {
		if line.Class != metric.BadStatus || line.Status != http.StatusUnauthorized {
			t.Errorf("%+v", line)
		}
	}
}

func TestRestoreRuleFromAFreshProcess(t *testing.T) {
	p, o := startPlatform(t)
	tenant := p.Tenants()[0].ID
	var rules []struct {
		ID     string `json:"id"`
		Active bool   `json:"is_active"`
	}
	get(t, p, "/admin/automation/rules?tenant_id="+tenant, &rules)
	fresh := load.Options{Keys: o.Keys, KeepAlive: true}
	restore := func(rule string, active bool) error {
		return load.RestoreRule(t.Context(), fresh, load.RuleState{API: p.OrchestratorURL(), TenantID: tenant, RuleID: rule, Active: active})
	}
	verb := map[bool]string{true: "/pause", false: "/resume"}
	for _, r := range rules {
		call(t, p, http.MethodPost, "/admin/automation/rules/"+r.ID+verb[r.Active], nil)
		if ruleStates(t, p)[r.ID] == r.Active {
			t.Fatal("the rule was not flipped")
		}
		for range 2 { // once more does no harm
			if err := restore(r.ID, r.Active); err != nil {
				t.Fatal(err)
			}
			if ruleStates(t, p)[r.ID] != r.Active {
				t.Errorf("rule %s is not back", r.ID)
			}
		}
	}
	if err := restore("99999999-9999-4999-8999-999999999999", true); err != nil {
		t.Errorf("a rule that is gone: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	state := load.RuleState{API: "http://127.0.0.1:1", TenantID: tenant, RuleID: "r", Active: true}
	if err := load.RestoreRule(ctx, fresh, state); err == nil {
		t.Error("restore without an API")
	}
	state.API = "not an address\x00"
	if err := load.RestoreRule(ctx, fresh, state); err == nil {
		t.Error("restore at no address")
	}
}

// Every upload is work for the platform, in a second run with the same seed as much as in the first: it makes no job
// of a document that it has.
func TestEveryUploadIsAJob(t *testing.T) {
	p, o := startPlatform(t)
	o.Knowledge = true
	o.Workload.Ingestion.JobsPerMinute = 1200 // both runs make fewer jobs than the platform lists
	o.Workload.Automation.TriggersPerMinute = 0
	o.Workload.Rules.TogglesPerMinute = 0
	uploads := 0
	for range 2 {
		g, err := load.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Start(load.Settings{SpikeFactor: 5}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "50 uploads", func() bool { return g.Snapshot().Sent > 50 })
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, total := range g.Snapshot().Totals {
			if total.Series.Flow == load.Ingestion || total.Series.Flow == load.Knowledge {
				uploads += int(total.Latency.Requests)
			}
		}
		if errs := g.Snapshot().Errors; len(errs) > 0 {
			t.Fatal(errs)
		}
	}
	jobs := 0
	for _, tenant := range p.Tenants() {
		var list []json.RawMessage
		get(t, p, "/admin/ingestion_jobs?tenant_id="+tenant.ID, &list)
		jobs += len(list)
	}
	if jobs != uploads {
		t.Errorf("%d jobs of %d uploads", jobs, uploads)
	}
}
