package demo

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// metricValue finds a series by its exact name and labels; zero if it is not there.
func metricValue(t testing.TB, text, series string) float64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	return 0
}

func TestMetricNames(t *testing.T) {
	p := startTest(t, Config{})
	for range 8 {
		p.send()
	}
	var rules []struct{ ID string }
	if err := json.Unmarshal([]byte(p.admin("GET", "/admin/automation/rules?tenant_id="+tenantA, "").body), &rules); err != nil {
		t.Fatal(err)
	}
	p.admin("POST", "/admin/automation/rules/"+rules[0].ID+"/pause", "")
	tenant := `{tenant_id="` + tenantA + `"}`
	for _, c := range []struct {
		base  string
		names []string
	}{
		{p.gateway(), []string{
			`http_requests_total{method="POST",route="/webchat/webhook",service="channel_gateway",status_code="202"} 8`,
			`http_request_latency_seconds_bucket{method="POST",route="/webchat/webhook",service="channel_gateway",status_code="202",le="1.5"} 8`,
			"gateway_queue_depth 0", "gateway_slots_in_use 0",
		}},
		{p.OrchestratorURL(), []string{
			`http_requests_total{method="POST",route="/v1/messages/inbound",service="orchestrator",status_code="202"} 8`,
			`http_request_latency_seconds_count{method="GET",route="/admin/automation/rules",service="orchestrator",status_code="200"} 1`,
			"automation_active_rules 3", `policy_denials_total{reason="rate_limit"} 0`, "retrieval_hits_total" + tenant,
			`llm_fallbacks_total{reason="timeout"} 0`, "llm_breaker_open 0", "stream_appended_total 8", "stream_replayed_total 0",
			`llm_request_latency_seconds_bucket{model="primary",le="0.75"}`, `admin_actions_total{action="/admin/automation/rules/{id}/pause"} 1`,
			"process_start_time_seconds 1",
		}},
		{p.IngestionURL(), []string{"ingestion_jobs_inflight" + tenant + " 0", "ingestion_retries_total" + tenant + " 0"}},
		{p.AutomationURL(), []string{"automation_queue_depth" + tenant + " 0", "automation_failures_total" + tenant + " 0", "automation_failures_worker_total" + tenant + " 0", "automation_latency_seconds_count"}},
	} {
		text := p.metrics(c.base)
		for _, name := range c.names {
			if !strings.Contains(text, name) {
				t.Errorf("%s/metrics lacks %s", c.base, name)
			}
		}
	}
}

func TestInventedTenantsDoNotGrowTheMetrics(t *testing.T) {
	labels := newTenantLabels([]Tenant{{ID: tenantA}})
	for range 3 * maxTenantLabels {
		labels.of(uuid.NewString())
	}
	if got := len(labels.all()); got != maxTenantLabels {
		t.Errorf("%d tenants have a label", got)
	}
	if labels.of(tenantA) != tenantA || labels.of(uuid.NewString()) != "other" {
		t.Error("the first tenants keep their label, the others share one")
	}
}
