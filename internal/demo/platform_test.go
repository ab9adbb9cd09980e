package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	toxics "github.com/Shopify/toxiproxy/v2/client"
	"github.com/google/uuid"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, fasthttpDate())
}

// fasthttpDate is the one goroutine that outlives a platform: it belongs to
// the process and renders the Date header of every fasthttp server.
func fasthttpDate() goleak.Option {
	return goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")
}

const (
	tenantA = "11111111-1111-4111-8111-111111111111"
	brandA  = "22222222-2222-4222-8222-222222222222"
)

// running is a platform with a client to call it.
type running struct {
	*Platform
	t      testing.TB
	client *http.Client
}

// instant takes the time out of everything, so that a test can put back what
// it is about.
func instant(b *behaviour) {
	for _, s := range []*spread{
		&b.gatewayWork, &b.inboundWork, &b.uploadWork, &b.adminRead, &b.adminWrite,
		&b.vectorSearch, &b.vectorUpsert, &b.embedding, &b.primaryModel, &b.fallback,
	} {
		*s = spread{}
	}
	for action := range b.actions {
		b.actions[action] = spread{}
	}
}

func startTest(t testing.TB, cfg Config, change ...func(*behaviour)) *running {
	t.Helper()
	b := defaultBehaviour()
	for _, f := range change {
		f(&b)
	}
	if cfg.Tenants == nil {
		cfg.Tenants = []Tenant{{ID: tenantA, Brands: []string{brandA}}}
	}
	p, err := start(t.Context(), cfg, b)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{p, t, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		http.DefaultClient.CloseIdleConnections() // Toxiproxy's client uses it
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

type reply struct {
	status int
	body   string
	header http.Header
}

func (r *running) call(method, url string, headers map[string]string, body string) reply {
	r.t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply{resp.StatusCode, string(content), resp.Header}
}

// send sends one webchat message and returns its event id too.
func (r *running) send() (reply, string) {
	r.t.Helper()
	id := uuid.NewString()
	body := strings.Replace(webchatBody, eventA, id, 1)
	return r.call("POST", r.GatewayURL(), map[string]string{"X-Webchat-Signature": sign("dev-web", body)}, body), id
}

func (r *running) metrics(base string) string {
	r.t.Helper()
	return r.call("GET", base+"/metrics", nil, "").body
}

func (r *running) gateway() string { return "http://" + r.Platform.gateway.addr() }

func (r *running) proxy(name string) *toxics.Proxy {
	r.t.Helper()
	p, err := toxics.NewClient(r.ToxiproxyURL()).Proxy(name)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *running) upload(path, token, tenant, brand, fileType string) reply {
	r.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if tenant != "" {
		_ = w.WriteField("tenant_id", tenant)
	}
	if brand != "" {
		_ = w.WriteField("brand_id", brand)
	}
	if fileType != "" {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="file"; filename="faq.md"`}, "Content-Type": {fileType},
		})
		if err != nil {
			r.t.Fatal(err)
		}
		_, _ = part.Write([]byte("# Returns\nA return is free within thirty days."))
	}
	w.Close()
	return r.call("POST", r.OrchestratorURL()+path, map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": w.FormDataContentType(),
	}, body.String())
}

// eventually waits for something that other goroutines bring about.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

const (
	eventA      = "0b8f6f0e-5d6a-4f0e-9a3e-2f6f6f0e5d6a"
	webchatBody = `{"event_id":"` + eventA + `","tenant_id":"` + tenantA + `","brand_id":"` + brandA + `",` +
		`"channel_id":"33333333-3333-4333-8333-333333333333","sender_id":"user-1","message":"When does my order arrive?",` +
		`"occurred_at":"2026-01-02T03:04:05.678+00:00","locale":"en","metadata":{"channel":"webchat"}}`
)

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestEnvironmentPointsAtThePlatform(t *testing.T) {
	p := startTest(t, Config{Secrets: map[string]string{"telegram": "other"}})
	env := make(map[string]string)
	for _, line := range p.Environment() {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	for name, want := range map[string]string{
		"GATEWAY_URL": p.GatewayURL(), "ORCHESTRATOR_URL": p.OrchestratorURL(), "ADMIN_TOKEN": p.AdminToken(),
		"TOXIPROXY_URL": p.ToxiproxyURL(), "WEBHOOK_SECRET": "dev-web", "WEBHOOK_SECRET_INSTAGRAM": "dev-instagram",
		"WEBHOOK_SECRET_WHATSAPP": "dev-whatsapp", "WEBHOOK_SECRET_TELEGRAM": "other",
		"WEBHOOK_SECRET_NEXT_WEBCHAT": p.NextSecrets()["webchat"], "WEBHOOK_SECRET_NEXT_TELEGRAM": p.NextSecrets()["telegram"],
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	if !strings.HasSuffix(p.GatewayURL(), "/webchat/webhook") {
		t.Errorf("gateway URL is %s", p.GatewayURL())
	}
	if p.Secrets()["telegram"] != "other" || p.Tenants()[0].ID != tenantA {
		t.Errorf("secrets or tenants are not those configured")
	}
}

func TestBadConfigurationIsRefused(t *testing.T) {
	for name, cfg := range map[string]Config{
		"unknown channel": {Secrets: map[string]string{"fax": "x"}},
		"unknown next":    {NextSecrets: map[string]string{"fax": "x"}},
		"same secret":     {NextSecrets: map[string]string{"webchat": "dev-web"}},
		"empty secret":    {Secrets: map[string]string{"webchat": ""}},
		"tenant id":       {Tenants: []Tenant{{ID: "acme"}}},
		"capacity":        {Capacity: -1},
		"no replica":      {Replicas: -1},
		"replicas":        {Replicas: 9},
		"address":         {GatewayAddr: "256.0.0.1:1"},
	} {
		if p, err := Start(t.Context(), cfg); err == nil {
			t.Errorf("%s: accepted", name)
			p.Close()
		}
	}
}

func TestAnAddressInUseStopsTheStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, cfg := range map[string]Config{
		"gateway":      {GatewayAddr: taken.Addr().String()},
		"orchestrator": {OrchestratorAddr: taken.Addr().String()},
		"toxiproxy":    {ToxiproxyAddr: taken.Addr().String()},
	} {
		_, err := Start(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	goleak.VerifyNone(t, fasthttpDate())
}

func TestCloseLetsRequestsFinish(t *testing.T) {
	p := startTest(t, Config{Delays: true}, instant, func(b *behaviour) { b.inboundWork = spread{300 * time.Millisecond, 0} })
	got := make(chan reply)
	go func() { r, _ := p.send(); got <- r }()
	eventually(t, "the message", func() bool { return len(p.Platform.gateway.orchestrator.busy) > 0 })
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if r := <-got; r.status != http.StatusAccepted {
		t.Errorf("the message in flight was answered %d", r.status)
	}
	if conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.gateway(), "http://"), time.Second); err == nil {
		conn.Close()
		t.Error("the gateway still listens")
	}
}

func TestCloseEndsWithinItsBoundDespiteToxics(t *testing.T) {
	p := startTest(t, Config{}, func(b *behaviour) { b.llmShare, b.primaryTimeout = 1, 50*time.Millisecond })
	for proxy, toxic := range map[string]string{proxyLLM: "timeout", proxyRedis: "latency", proxyQdrant: "bandwidth"} {
		attributes := map[string]toxics.Attributes{
			"timeout": {"timeout": 0}, "latency": {"latency": 4000}, "bandwidth": {"rate": 1},
		}[toxic]
		if _, err := p.proxy(proxy).AddToxic("t", toxic, "downstream", 1, attributes); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		p.send()
	}
	begin := time.Now()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 2*drainTime {
		t.Errorf("close took %s", took)
	}
	p.client.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, fasthttpDate())
}

func TestDelaysFollowTheSeed(t *testing.T) {
	sequence := func(seed uint64) []time.Duration {
		d := newDelays(seed, true, defaultBehaviour())
		var out []time.Duration
		for range 1001 {
			out = append(out, d.next(spread{100 * time.Millisecond, 0.4}))
		}
		return out
	}
	a := sequence(7)
	if !slices.Equal(a, sequence(7)) {
		t.Error("the same seed gives other delays")
	}
	if slices.Equal(a, sequence(8)) {
		t.Error("another seed gives the same delays")
	}
	slices.Sort(a)
	if median := a[500]; median < 90*time.Millisecond || median > 110*time.Millisecond {
		t.Errorf("median is %s", median)
	}
	// exp(1.645 * 0.4) = 1.93 medians
	if p95 := a[950]; p95 < 170*time.Millisecond || p95 > 220*time.Millisecond {
		t.Errorf("95th percentile is %s", p95)
	}
}

func TestTwoPlatformsOfOneSeedAreAlike(t *testing.T) {
	a, err := Start(context.Background(), Config{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := Start(context.Background(), Config{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if a.Tenants()[0].ID != b.Tenants()[0].ID {
		t.Error("tenants differ")
	}
	if a.AdminToken() == b.AdminToken() {
		t.Error("admin tokens do not differ")
	}
}
