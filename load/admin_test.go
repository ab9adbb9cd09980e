package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xinbot.ir/squall/load/metric"
)

// fakeAPI is an admin API in memory, for tests in fake time. load_test.go's tests use a real one.
type fakeAPI struct {
	mu     sync.Mutex
	rules  map[string][]rule // by tenant
	fail   func(method, path string) error
	ignore bool // says 200 to pause and resume, and does nothing
	status int  // instead of 200 and 201
	calls  []apiCall
}

type apiCall struct {
	at           time.Time
	method, path string
	header       http.Header
	body         string
}

func (f *fakeAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	f.calls = append(f.calls, apiCall{time.Now(), r.Method, r.URL.Path, r.Header.Clone(), string(body)})
	if f.fail != nil {
		if err := f.fail(r.Method, r.URL.Path); err != nil {
			return nil, err
		}
	}
	status, answer := http.StatusOK, "{}"
	part := strings.Split(r.URL.Path, "/")
	switch {
	case r.URL.Path == "/admin/automation/rules":
		text, err := json.Marshal(f.rules[r.URL.Query().Get("tenant_id")])
		if err != nil {
			return nil, err
		}
		answer = string(text)
	case strings.HasPrefix(r.URL.Path, "/admin/automation/rules/"):
		if !f.ignore {
			f.set(part[4], part[5] == "resume")
		}
	case r.URL.Path == "/admin/knowledge_assets/upload":
		status = http.StatusCreated
	case strings.HasSuffix(r.URL.Path, "/knowledge"):
		status = http.StatusAccepted
	}
	if f.status != 0 {
		status = f.status
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
}

func (f *fakeAPI) set(id string, active bool) {
	for _, list := range f.rules {
		for i := range list {
			if list[i].ID == id {
				list[i].Active = active
			}
		}
	}
}

func (f *fakeAPI) lock(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeAPI) to(path string) (list []apiCall) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if strings.HasPrefix(c.path, path) && !strings.HasSuffix(c.path, "/rules") {
			list = append(list, c)
		}
	}
	return list
}

func (f *fakeAPI) state() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(f.rules)
}

// memoryLedger is a Ledger that remembers what it was told.
type memoryLedger struct {
	mu       sync.Mutex
	intended []RuleState
	open     map[string]RuleState
	refuse   error
}

func (l *memoryLedger) Record(kind, _ string, undo any) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return "", l.refuse
	}
	if l.open == nil {
		l.open = map[string]RuleState{}
	}
	s := undo.(RuleState)
	if kind != RuleKind {
		return "", fmt.Errorf("record of kind %s", kind)
	}
	id := fmt.Sprint(len(l.intended))
	l.intended = append(l.intended, s)
	l.open[id] = s
	return id, nil
}

func (l *memoryLedger) Resolve(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, id)
	return nil
}

func (l *memoryLedger) counts() (intended, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.intended), len(l.open)
}

const token = "header.payload.hush"

func adminOptions(ledger Ledger) Options {
	o := pipeOptions()
	o.Orchestrator = &url.URL{Scheme: "http", Host: "api.test", User: url.UserPassword("me", "hush")}
	o.Ledger = ledger
	o.Keys.SetToken(token)
	return o
}

// withAdmin runs a test of the admin flows in fake time.
func withAdmin(t *testing.T, api *fakeAPI, o Options, test func(e *engine)) {
	t.Helper()
	inBubble(t, &pipeGateway{}, o, func(e *engine) {
		e.admin.api.client.Transport = api
		test(e)
	})
}

func TestAdminFlowsKeepTheirPace(t *testing.T) {
	api := &fakeAPI{}
	o := adminOptions(nil)
	o.Knowledge = true
	withAdmin(t, api, o, func(e *engine) {
		e.begin(Settings{})
		type calls map[string]int // by path
		count := func(what string, wanted calls) {
			t.Helper()
			before := calls{}
			for path := range wanted {
				before[path] = len(api.to(path))
			}
			elapse(2 * time.Minute)
			for path, want := range wanted {
				if got := len(api.to(path)) - before[path]; got < want-1 || got > want+1 {
					t.Errorf("%s: %d calls of %s in 2 minutes, want %d", what, got, path, want)
				}
			}
		}
		const upload, trigger, older = "/admin/knowledge_assets/upload", "/admin/automation/test", "/v1/brands/"
		baseline := calls{upload: 2 * 3 * 2, trigger: 2 * 5 * 2, older: 2 * 3 * 2}
		count("baseline", baseline)
		e.change(func(s *Settings) { s.Spike = true })
		count("spike", calls{upload: 2 * 6 * 2, trigger: 2 * 5 * 2})
		e.change(func(s *Settings) { s.Spike = false })
		count("after the spike", baseline)
		e.change(func(s *Settings) { s.Paused = true })
		count("paused", calls{"/": 0})
		e.change(func(s *Settings) { s.Paused = false })
		count("resumed", baseline)
		for range 20 { // pressing keys makes no calls, and delays none
			e.change(func(s *Settings) { s.Spike = !s.Spike })
			e.change(func(s *Settings) { s.Paused = !s.Paused })
			e.change(func(s *Settings) { s.Paused = !s.Paused })
		}
		count("after pressing keys", baseline)
		e.stop()
		// Every call was made when it was due: the API took no time, so no latency may show.
		for _, total := range e.Snapshot().Totals {
			if total.Latency.Max > time.Microsecond || total.Latency.Count == 0 || total.Latency.Failed != 0 {
				t.Errorf("%s: %+v", total.Series, total.Latency)
			}
		}
	})
}

func TestAdminRequests(t *testing.T) {
	api := &fakeAPI{}
	o := adminOptions(nil)
	o.Knowledge = true
	withAdmin(t, api, o, func(e *engine) {
		e.begin(Settings{})
		elapse(12 * time.Minute)
		tenants := map[string]string{} // by brand
		for _, tenant := range o.Workload.Tenants {
			for _, brand := range tenant.Brands {
				tenants[brand.BrandID] = tenant.ID
			}
		}
		documents := map[string]bool{}
		for _, path := range []string{"/admin/knowledge_assets/upload", "/v1/brands/"} {
			for _, c := range api.to(path) {
				_, params, err := mime.ParseMediaType(c.header.Get("Content-Type"))
				if err != nil {
					t.Fatal(err)
				}
				form, err := multipart.NewReader(strings.NewReader(c.body), params["boundary"]).ReadForm(1 << 20)
				if err != nil {
					t.Fatal(err)
				}
				file := form.File["file"]
				if len(file) != 1 || file[0].Header.Get("Content-Type") != "text/markdown" || file[0].Size < 1000 {
					t.Fatalf("file part %+v", file)
				}
				text := contents(t, file[0])
				if documents[text] {
					t.Fatalf("a document was sent twice: %.80s", text)
				}
				documents[text] = true
				if path == "/v1/brands/" {
					if len(form.Value) != 0 {
						t.Errorf("fields %v", form.Value)
					}
				} else if brand := form.Value["brand_id"]; len(brand) != 1 || !slices.Equal(form.Value["tenant_id"], []string{tenants[brand[0]]}) {
					t.Errorf("fields %v", form.Value)
				}
			}
		}
		kinds := map[string]int{}
		triggers := api.to("/admin/automation/test")
		for _, c := range triggers {
			var body struct {
				Rule struct {
					TenantID      string         `json:"tenant_id"`
					BrandID       string         `json:"brand_id"`
					Name          string         `json:"name"`
					TriggerType   string         `json:"trigger_type"`
					TriggerEvent  string         `json:"trigger_event"`
					ActionType    string         `json:"action_type"`
					ActionPayload map[string]any `json:"action_payload"`
				} `json:"rule"`
				SamplePayload map[string]any `json:"sample_payload"`
			}
			if err := json.NewDecoder(bytes.NewReader([]byte(c.body))).Decode(&body); err != nil {
				t.Fatal(err)
			}
			r := body.Rule
			if tenants[r.BrandID] != r.TenantID || r.Name == "" || r.TriggerType == "" || r.TriggerEvent == "" || r.ActionPayload == nil {
				t.Fatalf("rule %+v", r)
			}
			kinds[r.ActionType]++
		}
		n := len(triggers)
		for kind, share := range map[string]float64{"webhook": 0.6, "crm": 0.2, "email": 0.2} {
			if got := float64(kinds[kind]) / float64(n); got < share-0.02 || got > share+0.02 {
				t.Errorf("%d of %d triggers are %s, want a share of %v", kinds[kind], n, kind, share)
			}
		}
		for _, c := range api.calls {
			if c.header.Get("Authorization") != "Bearer "+token || c.header.Get("User-Agent") != "squall/test" {
				t.Fatalf("headers %v", c.header)
			}
		}
	})
}

func TestAdminFlowsThatFailAreCountedAsFailed(t *testing.T) {
	api := &fakeAPI{status: http.StatusForbidden}
	withAdmin(t, api, adminOptions(nil), func(e *engine) {
		e.begin(Settings{})
		elapse(5 * time.Minute)
		e.stop()
		s := e.Snapshot()
		var calls uint64
		api.lock(func() { calls = uint64(len(api.calls)) })
		if got := byClass(s); got != (classes{metric.BadStatus: calls}) || s.All.Failed != calls || s.Errors[0].Status != 403 {
			t.Errorf("errors %v, failed %d of %d calls", got, s.All.Failed, calls)
		}
	})
}

func TestWithoutATokenThereAreNoAdminFlows(t *testing.T) {
	for name, edit := range map[string]func(*Options){
		"no token":   func(o *Options) { o.Keys.SetToken("") },
		"no address": func(o *Options) { o.Orchestrator = nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := adminOptions(&memoryLedger{})
			edit(&o)
			inBubble(t, &pipeGateway{}, o, func(e *engine) {
				if e.admin != nil {
					t.Fatal("admin flows are on")
				}
				if _, err := e.CheckRules(e.tb.Context()); err == nil {
					t.Error("rules can be checked")
				}
				e.begin(Settings{VUs: 1, Think: Think{time.Second, time.Second}})
				elapse(5 * time.Minute)
				e.stop()
				for _, total := range e.Snapshot().Totals {
					if total.Series.Flow != Gateway {
						t.Errorf("%s was counted", total.Series)
					}
				}
			})
		})
	}
}

func twoTenantsRules(o Options) map[string][]rule {
	rules := map[string][]rule{}
	for i, tenant := range o.Workload.Tenants {
		for j := range 3 {
			rules[tenant.ID] = append(rules[tenant.ID], rule{fmt.Sprintf("rule-%d-%d", i, j), j != 1})
		}
	}
	return rules
}

func TestRulesAreToggledAndPutBackAsFound(t *testing.T) {
	ledger := &memoryLedger{}
	o := adminOptions(ledger)
	api := &fakeAPI{rules: twoTenantsRules(o)}
	found := api.state()
	withAdmin(t, api, o, func(e *engine) {
		if n, err := e.CheckRules(e.tb.Context()); err != nil || n != 6 {
			t.Errorf("%d rules, %v", n, err)
		}
		e.begin(Settings{})
		flipped := 0
		for range 600 {
			elapse(time.Second)
			if api.state() != found {
				flipped++
				if _, open := ledger.counts(); open == 0 {
					t.Fatal("a rule is flipped and the ledger does not know")
				}
			}
		}
		if flipped < 60 {
			t.Errorf("rules were seen flipped %d times in 600", flipped)
		}
		e.stop()
		if api.state() != found {
			t.Errorf("rules are %s, found %s", api.state(), found)
		}
		intended, open := ledger.counts()
		if intended < 38 || intended > 42 || open != 0 {
			t.Errorf("%d toggles and %d open records, want 40 and 0", intended, open)
		}
		touched := map[string]bool{}
		for _, s := range ledger.intended {
			touched[s.RuleID] = true
			if s.API != "http://api.test" {
				t.Fatalf("the ledger names %s", s.API)
			}
		}
		if len(touched) != 6 {
			t.Errorf("%d of 6 rules were toggled", len(touched))
		}
		for _, total := range e.Snapshot().Totals {
			if total.Series.Flow == Rules && (total.Latency.Requests != uint64(intended) || total.Latency.Failed != 0) {
				t.Errorf("%s: %d requests for %d toggles", total.Series, total.Latency.Requests, intended)
			}
		}
	})
}

// untilFlipped waits for the first flipped rule.
func untilFlipped(api *fakeAPI, found string) {
	for api.state() == found {
		elapse(10 * time.Millisecond)
	}
}

func TestRulesArePutBackWhenTheRunStopsOrRulesGoQuiet(t *testing.T) {
	for name, end := range map[string]func(e *engine){
		"stop":        func(e *engine) { e.stop() },
		"quiet rules": func(e *engine) { e.change(func(s *Settings) { s.FreezeRules = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			ledger := &memoryLedger{}
			o := adminOptions(ledger)
			api := &fakeAPI{rules: twoTenantsRules(o)}
			found := api.state()
			withAdmin(t, api, o, func(e *engine) {
				e.begin(Settings{})
				untilFlipped(api, found)
				began := time.Now()
				end(e)
				synctest.Wait()
				if took := time.Since(began); api.state() != found || took != 0 {
					t.Errorf("after %s rules are %s, found %s", took, api.state(), found)
				}
				if _, open := ledger.counts(); open != 0 {
					t.Errorf("%d open records", open)
				}
				before := len(api.to("/admin/automation/rules/"))
				elapse(10 * time.Minute)
				if got := len(api.to("/admin/automation/rules/")) - before; got != 0 {
					t.Errorf("%d more calls", got)
				}
			})
		})
	}
}

func TestRulesArePutBackAfterTheAPIWasAway(t *testing.T) {
	ledger := &memoryLedger{}
	o := adminOptions(ledger)
	api := &fakeAPI{rules: twoTenantsRules(o)}
	found := api.state()
	away := func(string, string) error { return errors.New("connection refused") }
	withAdmin(t, api, o, func(e *engine) {
		e.begin(Settings{})
		untilFlipped(api, found)
		api.lock(func() { api.fail = away })
		elapse(5 * time.Minute) // as long as a drill
		if _, open := ledger.counts(); open != 1 {
			t.Errorf("%d open records while the API is away, want 1", open)
		}
		api.lock(func() { api.fail = nil })
		elapse(5 * time.Second)
		if _, open := ledger.counts(); open != 0 {
			t.Errorf("%d open records after the API came back", open)
		}
		// And when the run ends in the meantime, for a while longer.
		untilFlipped(api, found)
		api.lock(func() { api.fail = away })
		time.AfterFunc(10*time.Second, func() { api.lock(func() { api.fail = nil }) })
		e.stop()
		if _, open := ledger.counts(); api.state() != found || open != 0 {
			t.Errorf("rules are %s, found %s, %d open records", api.state(), found, open)
		}
	})
}

func TestRuleNotRestoredIsReportedWithTheCommandToRun(t *testing.T) {
	for name, set := range map[string]func(*fakeAPI){
		"away":    func(f *fakeAPI) { f.fail = func(string, string) error { return errors.New("connection refused") } },
		"refuses": func(f *fakeAPI) { f.status = http.StatusForbidden },
		"lies":    func(f *fakeAPI) { f.ignore = true },
	} {
		t.Run(name, func(t *testing.T) {
			ledger := &memoryLedger{}
			o := adminOptions(ledger)
			tenant := o.Workload.Tenants[0].ID
			api := &fakeAPI{rules: map[string][]rule{tenant: {{"rule 1", true}}}}
			found := api.state()
			inBubble(t, &pipeGateway{}, o, func(e *engine) {
				e.admin.api.client.Transport = api
				e.begin(Settings{})
				untilFlipped(api, found)
				api.lock(func() { set(api) })
				began := time.Now()
				err := e.Stop(e.tb.Context())
				e.stopErr = nil // looked at here
				if took := time.Since(began); took < restoreWithin-restoreAttempt || took > restoreWithin+restoreAttempt {
					t.Errorf("gave up after %s, want %s", took, restoreWithin)
				}
				var left *RuleNotRestoredError
				if !errors.As(err, &left) {
					t.Fatalf("error = %v, want *RuleNotRestoredError", err)
				}
				want := `curl -X POST -H "Authorization: Bearer $ADMIN_TOKEN" http://api.test/admin/automation/rules/rule%201/resume`
				if left.Remedy != want {
					t.Errorf("remedy %s, want %s", left.Remedy, want)
				}
				if left.Rule.RuleID != "rule 1" || left.Rule.TenantID != tenant || !left.Rule.Active {
					t.Errorf("rule %+v", left.Rule)
				}
				text := err.Error()
				if strings.Contains(text, "hush") || strings.Contains(text, "context") || !strings.Contains(text, want) {
					t.Errorf("error %q", text)
				}
				if _, open := ledger.counts(); open != 1 {
					t.Errorf("%d open records, want 1", open)
				}
			})
		})
	}
}

func TestNothingIsToggledThatTheLedgerDoesNotHold(t *testing.T) {
	ledger := &memoryLedger{refuse: errors.New("disk full")}
	o := adminOptions(ledger)
	api := &fakeAPI{rules: twoTenantsRules(o)}
	withAdmin(t, api, o, func(e *engine) {
		e.begin(Settings{})
		elapse(5 * time.Minute)
		e.stop()
		if got := api.to("/admin/automation/rules/"); len(got) != 0 {
			t.Errorf("%d calls", len(got))
		}
		if got := byClass(e.Snapshot()); got[metric.LocalLimit] != 0 {
			t.Errorf("errors %v: a full disk is no request that failed", got)
		}
	})
}

// A list that was asked for while a rule was flipped says how we had flipped it, not how it was found.
func TestStaleListOfRulesIsNotHowARuleWasFound(t *testing.T) {
	toggler := newRuleToggler(&adminAPI{base: &url.URL{}}, &memoryLedger{})
	list := func(active bool) []rule { return []rule{{ID: "r", Active: active}} }
	found, ok := toggler.nextRule("t", list(true), time.Now())
	if !ok || !found.Active {
		t.Fatalf("first: %+v, %t", found, ok)
	}
	asked := time.Now() // the rule is flipped now
	toggler.release("r")
	if stale, ok := toggler.nextRule("t", list(false), asked); ok {
		t.Errorf("taken from a list of before its release: %+v", stale)
	}
	if found, ok := toggler.nextRule("t", list(true), time.Now().Add(time.Second)); !ok || !found.Active {
		t.Errorf("from a new list: %+v, %t", found, ok)
	}
}

func TestAdminCallsInFlightAreBounded(t *testing.T) {
	o := adminOptions(nil)
	o.Workload.Ingestion.JobsPerMinute, o.Timeout = 6000, time.Minute
	var due uint64 // in ten seconds
	for _, f := range adminFlowTable {
		if f.off(o) == "" {
			due += uint64(f.perMinute(o.Workload, Settings{}) / 6 * float64(len(o.Workload.Tenants)))
		}
	}
	withAdmin(t, nil, o, func(e *engine) {
		e.admin.api.client.Transport = hangingAPI{}
		e.begin(Settings{})
		elapse(10 * time.Second)
		s := e.Snapshot()
		if s.InFlight != maxAdminInFlight {
			t.Errorf("%d in flight, want %d", s.InFlight, maxAdminInFlight)
		}
		if made := s.Missed + maxAdminInFlight; due < 2000 || made+10 < due || made > due+10 {
			t.Errorf("%d missed and %d under way of about %d", s.Missed, maxAdminInFlight, due)
		}
		e.stop()
		if got := byClass(e.Snapshot()); got != (classes{metric.Interrupted: maxAdminInFlight}) {
			t.Errorf("errors %v", got)
		}
	})
}

type hangingAPI struct{}

func (hangingAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func contents(t *testing.T, header *multipart.FileHeader) string {
	t.Helper()
	file, err := header.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
