package demo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	toxics "github.com/Shopify/toxiproxy/v2/client"
)

func TestASlowModelFallsBack(t *testing.T) {
	const timeout = 250 * time.Millisecond
	p := startTest(t, Config{}, func(b *behaviour) { b.llmShare, b.primaryTimeout = 1, timeout })
	fallbacks := func(reason string) float64 {
		return metricValue(t, p.metrics(p.OrchestratorURL()), `llm_fallbacks_total{reason="`+reason+`"}`)
	}
	open := func() bool { return metricValue(t, p.metrics(p.OrchestratorURL()), "llm_breaker_open") == 1 }

	p.send()
	if fallbacks("timeout") != 0 {
		t.Fatal("fell back without a fault")
	}
	if _, err := p.proxy(proxyLLM).AddToxic("slow", "latency", "downstream", 1, toxics.Attributes{"latency": 2000}); err != nil {
		t.Fatal(err)
	}
	slow := 0
	for range 12 {
		took := timed(func() {
			if r, _ := p.send(); r.status != 202 {
				t.Errorf("answered %d", r.status)
			}
		})
		if took >= timeout {
			slow++
		}
		if took > 10*timeout {
			t.Errorf("a message took %s", took)
		}
	}
	if got := fallbacks("timeout"); got < 5 || float64(slow) < got {
		t.Errorf("%v fallbacks for a timeout, %d slow messages", got, slow)
	}
	if fallbacks("breaker_open") == 0 || !open() {
		t.Error("the breaker did not open")
	}
	if err := p.proxy(proxyLLM).RemoveToxic("slow"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a closed breaker", func() bool { p.send(); return !open() })
}

func TestARefusedModelFallsBack(t *testing.T) {
	p := startTest(t, Config{}, func(b *behaviour) { b.llmShare = 1 })
	if err := p.proxy(proxyLLM).Disable(); err != nil {
		t.Fatal(err)
	}
	if r, _ := p.send(); r.status != 202 {
		t.Errorf("answered %d", r.status)
	}
	if got := metricValue(t, p.metrics(p.OrchestratorURL()), `llm_fallbacks_total{reason="error"}`); got != 1 {
		t.Errorf("%v fallbacks for an error", got)
	}
}

func TestRedisGoesAndComesBack(t *testing.T) {
	p := startTest(t, Config{}, func(b *behaviour) {
		b.streamBuffer, b.streamBatch = 5, 3
		b.streamWait = 20 * time.Millisecond
		b.streamBackoff = [2]time.Duration{10 * time.Millisecond, 40 * time.Millisecond}
	})
	accepted := map[string]bool{}
	send := func() int {
		r, id := p.send()
		if r.status == 202 {
			accepted[id] = true
		}
		return r.status
	}
	for range 3 {
		send()
	}
	if err := p.proxy(proxyRedis).Disable(); err != nil {
		t.Fatal(err)
	}
	first := send()
	if first != 202 {
		t.Errorf("the first message without redis is answered %d", first)
	}
	eventually(t, "a refusal", func() bool { return send() == 502 })
	held := len(accepted) - 3
	if held < 5 || held > 8 {
		t.Errorf("%d messages were held, with room for 5 and a batch of 3", held)
	}
	for _, base := range []string{p.gateway(), p.OrchestratorURL()} {
		if r := p.call("GET", base+"/health", nil, ""); r.status != 503 {
			t.Errorf("%s/health is %d", base, r.status)
		}
	}
	if r := p.upload("/admin/knowledge_assets/upload", p.AdminToken(), tenantA, brandA, "text/markdown"); r.status != 503 {
		t.Errorf("an upload is answered %d", r.status)
	}

	if err := p.proxy(proxyRedis).Enable(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "health", func() bool { return p.call("GET", p.gateway()+"/health", nil, "").status == 200 })
	eventually(t, "an accepted message", func() bool { return send() == 202 })
	eventually(t, "the replay", func() bool {
		entries, err := p.redis.Stream(keyOutbound)
		if err != nil {
			t.Fatal(err)
		}
		missing := len(accepted)
		for _, e := range entries {
			if accepted[decode[payload](t, e.Values[1]).EventID] {
				missing--
			}
		}
		return missing <= 0
	})
	if got := metricValue(t, p.metrics(p.OrchestratorURL()), "stream_replayed_total"); got == 0 {
		t.Error("nothing was replayed")
	}
}

func TestTheStreamStaysSmall(t *testing.T) {
	p := startTest(t, Config{}, func(b *behaviour) { b.streamLength = 10 })
	for range 40 {
		p.send()
	}
	entries, err := p.redis.Stream(keyOutbound)
	if err != nil || len(entries) != 10 {
		t.Errorf("%d entries: %v", len(entries), err)
	}
}

func TestIngestionBacksOffWhileQdrantIsSlow(t *testing.T) {
	p := startTest(t, Config{}, func(b *behaviour) {
		b.ingestionTimeout = 30 * time.Millisecond
		b.ingestionBackoff = [2]time.Duration{20 * time.Millisecond, 80 * time.Millisecond}
	})
	if _, err := p.proxy(proxyQdrant).AddToxic("slow", "latency", "downstream", 1, toxics.Attributes{"latency": 300}); err != nil {
		t.Fatal(err)
	}
	p.upload("/admin/knowledge_assets/upload", p.AdminToken(), tenantA, brandA, "text/markdown")
	latest := func() job {
		return decode[[]job](t, p.admin("GET", "/admin/ingestion_jobs?tenant_id="+tenantA, "").body)[0]
	}
	for _, wait := range []string{"40ms", "80ms"} { // doubled, then at the bound
		eventually(t, "a wait of "+wait, func() bool { return strings.HasSuffix(latest().Error, "next attempt in "+wait) })
	}
	if got := metricValue(t, p.metrics(p.IngestionURL()), `ingestion_jobs_inflight{tenant_id="`+tenantA+`"}`); got != 1 {
		t.Errorf("%v jobs in flight", got)
	}
	if err := p.proxy(proxyQdrant).RemoveToxic("slow"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the job", func() bool { return latest().Status == jobDone })
	if j := latest(); j.Attempts < 4 || j.Error != "" {
		t.Errorf("the job is %+v", j)
	}
	if got := metricValue(t, p.metrics(p.IngestionURL()), `ingestion_retries_total{tenant_id="`+tenantA+`"}`); got < 3 {
		t.Errorf("%v retries", got)
	}
}

func TestIngestionFailsInTheEnd(t *testing.T) {
	p := startTest(t, Config{}, func(b *behaviour) {
		b.ingestionTries = 3
		b.ingestionBackoff = [2]time.Duration{time.Millisecond, 2 * time.Millisecond}
	})
	if err := p.proxy(proxyQdrant).Disable(); err != nil {
		t.Fatal(err)
	}
	p.upload("/admin/knowledge_assets/upload", p.AdminToken(), tenantA, brandA, "text/markdown")
	eventually(t, "a failed job", func() bool {
		j := decode[[]job](t, p.admin("GET", "/admin/ingestion_jobs", "").body)[0]
		return j.Status == jobFailed && j.Attempts == 3 && j.Error != ""
	})
}

func TestASlowQdrantIsFeltByMessages(t *testing.T) {
	p := startTest(t, Config{}, func(b *behaviour) { b.llmShare, b.retrievalFresh = 0, 0 })
	if _, err := p.proxy(proxyQdrant).AddToxic("slow", "latency", "downstream", 1, toxics.Attributes{"latency": 120}); err != nil {
		t.Fatal(err)
	}
	if took := timed(func() { p.send() }); took < 120*time.Millisecond {
		t.Errorf("a message took %s", took)
	}
	if err := p.proxy(proxyQdrant).Disable(); err != nil {
		t.Fatal(err)
	}
	if r, _ := p.send(); r.status != 202 {
		t.Errorf("without qdrant a message is answered %d", r.status)
	}
	if got := metricValue(t, p.metrics(p.OrchestratorURL()), "retrieval_errors_total"); got == 0 {
		t.Error("no retrieval error was counted")
	}
}

func TestTheProxiesAreThere(t *testing.T) {
	p := startTest(t, Config{})
	proxies, err := toxics.NewClient(p.ToxiproxyURL()).Proxies()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for name, proxy := range proxies {
		names[name] = proxy.Enabled
	}
	if fmt.Sprint(names) != "map[llm-upstream:true qdrant:true redis:true]" {
		t.Errorf("proxies are %v", names)
	}
}
