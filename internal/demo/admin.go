package demo

import (
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"
)

const jobsListed = 200

// admin is the orchestrator's API for operators. Every call wants a token with
// the role platform_admin.
type admin struct {
	delays     *delays
	issuer     *issuer
	rules      *rules
	jobs       *jobStore
	redis      *redis.Client
	automation *hop
	actions    *prometheus.CounterVec
	brands     map[string]string // brand to tenant, as known from the start

	mu      sync.Mutex
	tenants map[string]tenantRecord // by name
	known   map[string]bool         // tenant ids
	initial []tenantRecord          // tenants that are known from the start
}

func newAdmin(d *delays, i *issuer, r *rules, jobs *jobStore, client *redis.Client, tenants []Tenant, automation *hop, m *metrics) *admin {
	a := &admin{
		delays: d, issuer: i, rules: r, jobs: jobs, redis: client, automation: automation,
		brands: make(map[string]string), tenants: make(map[string]tenantRecord), known: make(map[string]bool),
		actions: m.counter("admin_actions_total", "Changes made through the admin API, by route.", "action"),
	}
	for _, t := range tenants {
		a.known[t.ID] = true
		a.initial = append(a.initial, tenantRecord{ID: t.ID, Name: "tenant " + t.ID[:8], Timezone: "Asia/Tehran", CreatedAt: time.Now().UTC()})
		for _, brand := range t.Brands {
			a.brands[brand] = t.ID
		}
	}
	return a
}

func (a *admin) routes() []route {
	table := []route{
		{"POST", "/admin/knowledge_assets/upload", a.uploadAsset},
		{"POST", "/v1/brands/{brand}/knowledge", a.uploadBrandKnowledge},
		{"GET", "/admin/ingestion_jobs", a.listJobs},
		{"POST", "/admin/automation/test", a.testAutomation},
		{"GET", "/admin/automation/rules", a.listRules},
		{"POST", "/admin/automation/rules/{id}/pause", a.toggle(false)},
		{"POST", "/admin/automation/rules/{id}/resume", a.toggle(true)},
		{"GET", "/admin/tenants", a.listTenants},
		{"POST", "/admin/tenants", a.createTenant},
		{"POST", "/admin/channels", a.createChannel},
	}
	for i := range table {
		table[i].handle = a.guard(a.counted(table[i]))
	}
	return table
}

// counted counts what a route has changed.
func (a *admin) counted(r route) fasthttp.RequestHandler {
	if r.method != fasthttp.MethodPost {
		return r.handle
	}
	done := a.actions.WithLabelValues(r.pattern)
	return func(ctx *fasthttp.RequestCtx) {
		r.handle(ctx)
		if ctx.Response.StatusCode() < fasthttp.StatusMultipleChoices {
			done.Inc()
		}
	}
}

// guard lets only platform admins through.
func (a *admin) guard(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		switch err := a.issuer.check(string(ctx.Request.Header.Peek(fasthttp.HeaderAuthorization))); {
		case errors.Is(err, errForbidden):
			fail(ctx, fasthttp.StatusForbidden, err.Error())
		case err != nil:
			ctx.Response.Header.Set(fasthttp.HeaderWWWAuthenticate, "Bearer")
			fail(ctx, fasthttp.StatusUnauthorized, err.Error())
		default:
			next(ctx)
		}
	}
}

func (a *admin) listJobs(ctx *fasthttp.RequestCtx) {
	tenant := string(ctx.QueryArgs().Peek("tenant_id"))
	if tenant != "" && !isUUID(tenant) {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "tenant_id must be a UUID")
		return
	}
	a.delays.sleep(a.delays.adminRead)
	answerJSON(ctx, fasthttp.StatusOK, a.jobs.list(tenant, jobsListed))
}

func (a *admin) listRules(ctx *fasthttp.RequestCtx) {
	tenant := string(ctx.QueryArgs().Peek("tenant_id"))
	if !isUUID(tenant) {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "tenant_id must be a UUID")
		return
	}
	a.delays.sleep(a.delays.adminRead)
	list, err := a.rules.of(tenant)
	if err != nil {
		fail(ctx, fasthttp.StatusServiceUnavailable, err.Error())
		return
	}
	answerJSON(ctx, fasthttp.StatusOK, list)
}

func (a *admin) toggle(active bool) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		a.delays.sleep(a.delays.adminWrite)
		changed, err := a.rules.setActive(param(ctx, "id"), active)
		if err != nil {
			fail(ctx, fasthttp.StatusNotFound, err.Error())
			return
		}
		answerJSON(ctx, fasthttp.StatusOK, changed)
	}
}

// testAutomation is a dry run of a rule by the automation worker.
func (a *admin) testAutomation(ctx *fasthttp.RequestCtx) {
	if !isJSON(ctx) {
		fail(ctx, fasthttp.StatusUnsupportedMediaType, "content type must be application/json")
		return
	}
	var in struct {
		Rule *struct {
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
	if err := json.Unmarshal(ctx.PostBody(), &in); err != nil {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "body is not a valid automation test")
		return
	}
	switch {
	case in.Rule == nil:
		fail(ctx, fasthttp.StatusUnprocessableEntity, "rule is missing")
		return
	case !isUUID(in.Rule.TenantID) || (in.Rule.BrandID != "" && !isUUID(in.Rule.BrandID)):
		fail(ctx, fasthttp.StatusUnprocessableEntity, "rule.tenant_id and rule.brand_id must be UUIDs")
		return
	case in.Rule.Name == "" || in.Rule.TriggerType == "" || in.Rule.TriggerEvent == "":
		fail(ctx, fasthttp.StatusUnprocessableEntity, "rule.name, rule.trigger_type and rule.trigger_event are required")
		return
	}
	var result actionResult
	status, err := callJSON(a.automation, fasthttp.MethodPost, pathDryRun,
		map[string]string{"action_type": in.Rule.ActionType}, &result, a.delays.forwardTimeout)
	switch {
	case err != nil:
		fail(ctx, fasthttp.StatusBadGateway, "automation worker is unavailable")
	case status != fasthttp.StatusOK:
		fail(ctx, fasthttp.StatusUnprocessableEntity, "rule.action_type must be webhook, crm or email")
	default:
		answerJSON(ctx, fasthttp.StatusOK, result)
	}
}

func (a *admin) close() { a.automation.close() }
