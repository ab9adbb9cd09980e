package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// GatewayURL is the full webchat webhook URL, as GATEWAY_URL expects it.
func (p *Platform) GatewayURL() string { return "http://" + p.gateway.addr() + "/webchat/webhook" }

// OrchestratorURL is the base URL of the orchestrator and its admin API.
func (p *Platform) OrchestratorURL() string { return "http://" + p.orchestrator.addr() }

// ToxiproxyURL is the base URL of Toxiproxy's HTTP API.
func (p *Platform) ToxiproxyURL() string { return "http://" + p.proxies.apiAddr() }

// IngestionURL is the base URL of the ingestion worker's /metrics and /health.
func (p *Platform) IngestionURL() string { return "http://" + p.ingestion.addr() }

// AutomationURL is the base URL of the automation worker's /metrics and /health.
func (p *Platform) AutomationURL() string { return "http://" + p.automation.addr() }

// RedisAddr is the address of Redis behind the redis proxy, as the workers dial it.
func (p *Platform) RedisAddr() string { return p.proxies.addr(proxyRedis) }

// AdminToken is a JWT with the role platform_admin, signed with a key made at start.
func (p *Platform) AdminToken() string { return p.token }

// Services are those that show /metrics: name to base URL.
func (p *Platform) Services() map[string]string {
	return map[string]string{
		"gateway": "http://" + p.gateway.addr(), "orchestrator": p.OrchestratorURL(),
		"ingestion": p.IngestionURL(), "automation": p.AutomationURL(),
	}
}

// scrapeTargets are the services as one variable.
func (p *Platform) scrapeTargets() string {
	var pairs []string
	for name, address := range p.Services() {
		pairs = append(pairs, name+"="+address)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}

// Replicas lists the processes that the gateway consists of, in the order of their names.
func (p *Platform) Replicas() []Replica { return p.gateway.states() }

// Secrets maps channels to their secrets: while a rotation is under way, to the old ones.
func (p *Platform) Secrets() map[string]string {
	old, _ := p.gateway.rotator.pair()
	return maps.Clone(old.secrets)
}

// NextSecrets maps channels to the secrets to which the rotation under way goes, or else the one to come.
func (p *Platform) NextSecrets() map[string]string {
	_, next := p.gateway.rotator.pair()
	return maps.Clone(next.secrets)
}

// Rotate begins to change the secrets of all channels to the next ones, in one of the ways that RotationKinds lists. The
// error is ErrRotating while the rotation before has not ended. How long rotations take does not depend on Config.Delays.
func (p *Platform) Rotate(kind string) error {
	if err := p.gateway.rotator.rotate(kind); err != nil {
		return fmt.Errorf("rotate secrets: %w", err)
	}
	return nil
}

// Rotations lists the rotations, oldest first; the last may be under way. Long ago ones are dropped.
func (p *Platform) Rotations() []Rotation { return p.gateway.rotator.all() }

// RotationLog is what the replicas have accepted since the first rotation began, oldest entry first, of at least the last
// 20 rotations.
func (p *Platform) RotationLog() []Acceptance { return p.gateway.rotator.entries() }

// Tenants lists the tenants that exist from the start.
func (p *Platform) Tenants() []Tenant { return slices.Clone(p.tenants) }

// Environment lists NAME=value lines that point k6, Locust, curl, toxiproxy-cli
// or another squall at this platform.
func (p *Platform) Environment() []string {
	lines := []string{
		"GATEWAY_URL=" + p.GatewayURL(),
		"ORCHESTRATOR_URL=" + p.OrchestratorURL(),
		"ADMIN_TOKEN=" + p.token,
	}
	secrets, next := p.Secrets(), p.NextSecrets()
	for _, c := range channels() {
		name := "WEBHOOK_SECRET_" + strings.ToUpper(c.name)
		if c.name == "webchat" {
			name = "WEBHOOK_SECRET"
		}
		lines = append(lines, name+"="+secrets[c.name], "WEBHOOK_SECRET_NEXT_"+strings.ToUpper(c.name)+"="+next[c.name])
	}
	return append(lines,
		"GATEWAY_WEBHOOK_SECRET="+secrets["webchat"],
		"TOXIPROXY_URL="+p.ToxiproxyURL(),
		"REDIS_URL=redis://"+p.RedisAddr()+"/0",
		"QDRANT_URL=http://"+p.proxies.addr(proxyQdrant),
		"INGESTION_URL="+p.IngestionURL(),
		"AUTOMATION_URL="+p.AutomationURL(),
		"SCRAPE_TARGETS="+p.scrapeTargets(),
	)
}
