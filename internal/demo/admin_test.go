package demo

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

func signSHA1(secret, body string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func (r *running) admin(method, path, body string) reply {
	r.t.Helper()
	return r.call(method, r.OrchestratorURL()+path, map[string]string{
		"Authorization": "Bearer " + r.AdminToken(), "Content-Type": "application/json", "X-Request-ID": "admin",
	}, body)
}

func decode[T any](t testing.TB, body string) (out T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return out
}

func TestTokens(t *testing.T) {
	p := startTest(t, Config{})
	key := p.orchestrator.admin.issuer
	signed := func(method jwt.SigningMethod, key any, c jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	soon, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	for _, c := range []struct {
		name, authorization string
		want                int
	}{
		{"the platform's own", "Bearer " + p.AdminToken(), 200},
		{"lower-case scheme", "bearer " + p.AdminToken(), 200},
		{"roles as a list", signed(jwt.SigningMethodHS256, key.key, jwt.MapClaims{"exp": soon, "roles": []string{"viewer", "platform_admin"}}), 200},
		{"none", "", 401},
		{"not bearer", "Basic " + p.AdminToken(), 401},
		{"not a token", "Bearer abc", 401},
		{"expired", signed(jwt.SigningMethodHS256, key.key, jwt.MapClaims{"exp": past, "role": "platform_admin"}), 401},
		{"no expiry", signed(jwt.SigningMethodHS256, key.key, jwt.MapClaims{"role": "platform_admin"}), 401},
		{"another key", signed(jwt.SigningMethodHS256, []byte("guess"), jwt.MapClaims{"exp": soon, "role": "platform_admin"}), 401},
		{"another algorithm", signed(jwt.SigningMethodHS512, key.key, jwt.MapClaims{"exp": soon, "role": "platform_admin"}), 401},
		{"no algorithm", signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, jwt.MapClaims{"exp": soon, "role": "platform_admin"}), 401},
		{"another role", signed(jwt.SigningMethodHS256, key.key, jwt.MapClaims{"exp": soon, "role": "tenant_admin"}), 403},
		{"no role", signed(jwt.SigningMethodHS256, key.key, jwt.MapClaims{"exp": soon}), 403},
	} {
		got := p.call("GET", p.OrchestratorURL()+"/admin/ingestion_jobs", map[string]string{"Authorization": c.authorization}, "")
		if got.status != c.want {
			t.Errorf("%s: answered %d, want %d", c.name, got.status, c.want)
		}
	}
}

func TestAdminStatuses(t *testing.T) {
	p := startTest(t, Config{})
	const automation = `{"rule":{"tenant_id":"` + tenantA + `","brand_id":"` + brandA + `","name":"r","trigger_type":"message","trigger_event":"order","action_type":"webhook","action_payload":{"url":"x"}},"sample_payload":{"a":1}}`
	for _, c := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"automation test", "POST", "/admin/automation/test", automation, 200},
		{"crm", "POST", "/admin/automation/test", strings.Replace(automation, `"webhook"`, `"crm"`, 1), 200},
		{"email", "POST", "/admin/automation/test", strings.Replace(automation, `"webhook"`, `"email"`, 1), 200},
		{"bad action type", "POST", "/admin/automation/test", strings.Replace(automation, `"webhook"`, `"fax"`, 1), 422},
		{"bad tenant", "POST", "/admin/automation/test", strings.Replace(automation, tenantA, "acme", 1), 422},
		{"no name", "POST", "/admin/automation/test", strings.Replace(automation, `"name":"r"`, `"name":""`, 1), 422},
		{"no rule", "POST", "/admin/automation/test", `{}`, 422},
		{"not JSON", "POST", "/admin/automation/test", `{`, 422},
		{"rules", "GET", "/admin/automation/rules?tenant_id=" + tenantA, "", 200},
		{"rules of an unknown tenant", "GET", "/admin/automation/rules?tenant_id=" + uuid.NewString(), "", 200},
		{"rules of nobody", "GET", "/admin/automation/rules", "", 422},
		{"pause unknown", "POST", "/admin/automation/rules/" + uuid.NewString() + "/pause", "", 404},
		{"resume unknown", "POST", "/admin/automation/rules/x/resume", "", 404},
		{"unknown verb", "POST", "/admin/automation/rules/x/delete", "", 404},
		{"jobs", "GET", "/admin/ingestion_jobs?tenant_id=" + tenantA, "", 200},
		{"jobs of no tenant id", "GET", "/admin/ingestion_jobs?tenant_id=acme", "", 422},
		{"JSON upload", "POST", "/admin/knowledge_assets/upload", `{}`, 415},
		{"tenant", "POST", "/admin/tenants", `{"name":"Acme","timezone":"Asia/Tehran"}`, 201},
		{"the same tenant", "POST", "/admin/tenants", `{"name":"Acme","timezone":"UTC"}`, 409},
		{"nameless tenant", "POST", "/admin/tenants", `{"timezone":"UTC"}`, 422},
		{"channel", "POST", "/admin/channels", `{"tenant_id":"` + tenantA + `","brand_name":"b","channel_type":"web","display_name":"d"}`, 201},
		{"channel of a bad type", "POST", "/admin/channels", `{"tenant_id":"` + tenantA + `","brand_name":"b","channel_type":"fax","display_name":"d"}`, 422},
		{"channel of an unknown tenant", "POST", "/admin/channels", `{"tenant_id":"` + uuid.NewString() + `","brand_name":"b","channel_type":"web","display_name":"d"}`, 404},
		{"health", "GET", "/health", "", 200},
		{"inbound without a channel", "POST", "/v1/messages/inbound", webchatBody, 400},
		{"wrong method", "DELETE", "/admin/tenants", "", 405},
		{"unknown path", "GET", "/admin/users", "", 404},
	} {
		got := p.admin(c.method, c.path, c.body)
		if got.status != c.want {
			t.Errorf("%s: answered %d %s, want %d", c.name, got.status, got.body, c.want)
		}
		if got.header.Get("X-Request-ID") != "admin" {
			t.Errorf("%s: request id is %q", c.name, got.header.Get("X-Request-ID"))
		}
	}
}

func TestUploadStatuses(t *testing.T) {
	p := startTest(t, Config{})
	const asset, brand = "/admin/knowledge_assets/upload", "/v1/brands/" + brandA + "/knowledge"
	for _, c := range []struct {
		name, path, token, tenant, brand, fileType string
		want                                       int
	}{
		{"asset", asset, p.AdminToken(), tenantA, brandA, "text/markdown", 201},
		{"asset of an unknown tenant", asset, p.AdminToken(), uuid.NewString(), uuid.NewString(), "text/markdown", 201},
		{"brand knowledge", brand, p.AdminToken(), "", "", "text/markdown", 202},
		{"brand knowledge of an unknown brand", "/v1/brands/" + uuid.NewString() + "/knowledge", p.AdminToken(), "", "", "text/plain", 202},
		{"brand that is no UUID", "/v1/brands/x/knowledge", p.AdminToken(), "", "", "text/plain", 404},
		{"no token", asset, "", tenantA, brandA, "text/markdown", 401},
		{"no tenant", asset, p.AdminToken(), "", brandA, "text/markdown", 422},
		{"bad brand", asset, p.AdminToken(), tenantA, "acme", "text/markdown", 422},
		{"no file", asset, p.AdminToken(), tenantA, brandA, "", 422},
		{"JSON file", asset, p.AdminToken(), tenantA, brandA, "application/json", 415},
	} {
		if got := p.upload(c.path, c.token, c.tenant, c.brand, c.fileType); got.status != c.want {
			t.Errorf("%s: answered %d %s, want %d", c.name, got.status, got.body, c.want)
		}
	}
	got := p.call("POST", p.OrchestratorURL()+asset, map[string]string{
		"Authorization": "Bearer " + p.AdminToken(), "Content-Type": "multipart/form-data; boundary=x",
	}, "--x\r\nbroken")
	if got.status != 422 {
		t.Errorf("a malformed form is answered %d", got.status)
	}
}

func TestRulesArePausedAndResumed(t *testing.T) {
	p := startTest(t, Config{Seed: 5})
	list := func() []rule {
		return decode[[]rule](t, p.admin("GET", "/admin/automation/rules?tenant_id="+tenantA, "").body)
	}
	before := list()
	active := 0
	for _, r := range before {
		if r.IsActive {
			active++
		}
	}
	if active < 2 || active == len(before) {
		t.Fatalf("%d of %d rules are active", active, len(before))
	}
	want := "automation_active_rules 4"
	if got := p.metrics(p.OrchestratorURL()); !strings.Contains(got, want+"\n") {
		t.Errorf("metrics lack %q", want)
	}
	for _, verb := range []string{"pause", "resume", "resume", "pause"} {
		changed := decode[rule](t, p.admin("POST", "/admin/automation/rules/"+before[0].ID+"/"+verb, "").body)
		if changed.ID != before[0].ID || changed.IsActive != (verb == "resume") || list()[0].IsActive != changed.IsActive {
			t.Errorf("after %s the rule is %+v", verb, changed)
		}
	}
	other := decode[[]rule](t, p.admin("GET", "/admin/automation/rules?tenant_id="+uuid.NewString(), "").body)
	if len(other) != len(before) || other[0].ID == before[0].ID {
		t.Errorf("an unknown tenant's rules are %+v", other)
	}
}

func TestIngestionRunsToItsEnd(t *testing.T) {
	p := startTest(t, Config{Delays: true}, instant, func(b *behaviour) { b.embedding = spread{80 * time.Millisecond, 0} })
	created := decode[map[string]string](t, p.upload("/admin/knowledge_assets/upload", p.AdminToken(), tenantA, brandA, "text/markdown").body)
	if created["status"] != jobPending {
		t.Errorf("a new job is %q", created["status"])
	}
	seen := map[string]bool{}
	eventually(t, "the end of the job", func() bool {
		jobs := decode[[]job](t, p.admin("GET", "/admin/ingestion_jobs?tenant_id="+tenantA, "").body)
		if len(jobs) != 1 || jobs[0].ID != created["job_id"] {
			t.Fatalf("jobs are %+v", jobs)
		}
		seen[jobs[0].Status] = true
		return jobs[0].Status == jobDone
	})
	if !seen[jobRunning] {
		t.Errorf("statuses seen: %v", seen)
	}
	if jobs := decode[[]job](t, p.admin("GET", "/admin/ingestion_jobs?tenant_id="+uuid.NewString(), "").body); len(jobs) != 0 {
		t.Errorf("another tenant sees %+v", jobs)
	}
	if exists := p.redis.Exists(keyAsset + created["id"]); !exists {
		t.Error("redis does not know the asset")
	}
}

func TestAutomationQueueIsWorkedOff(t *testing.T) {
	p := startTest(t, Config{})
	body := strings.Replace(webchatBody, `"channel":"webchat"`, `"channel":"automation"`, 1)
	for range 20 {
		p.call("POST", p.GatewayURL(), map[string]string{"X-Webchat-Signature": sign("dev-web", body)}, body)
	}
	eventually(t, "20 actions", func() bool {
		total := 0.0
		for _, action := range []string{actionWebhook, actionCRM, actionEmail} {
			total += metricValue(t, p.metrics(p.AutomationURL()), `automation_actions_total{action_type="`+action+`"}`)
		}
		return total == 20
	})
	eventually(t, "an empty queue", func() bool {
		return metricValue(t, p.metrics(p.AutomationURL()), `automation_queue_depth{tenant_id="`+tenantA+`"}`) == 0
	})
}
