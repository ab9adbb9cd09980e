package demo

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

const maxTenants = 10_000

// tenantRecord is a tenant made through the admin API.
type tenantRecord struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Timezone  string         `json:"timezone"`
	Metadata  map[string]any `json:"metadata,omitempty"`
	CreatedAt time.Time      `json:"created_at"`
}

// listTenants lists the tenants, those that were there from the start first.
func (a *admin) listTenants(ctx *fasthttp.RequestCtx) {
	a.delays.sleep(a.delays.adminRead)
	a.mu.Lock()
	all := slices.Clone(a.initial)
	made := slices.SortedFunc(maps.Values(a.tenants), func(a, b tenantRecord) int { return a.CreatedAt.Compare(b.CreatedAt) })
	a.mu.Unlock()
	answerJSON(ctx, fasthttp.StatusOK, append(all, made...))
}

func (a *admin) createTenant(ctx *fasthttp.RequestCtx) {
	var in struct {
		Name     string         `json:"name"`
		Timezone string         `json:"timezone"`
		Metadata map[string]any `json:"metadata"`
	}
	if !isJSON(ctx) {
		fail(ctx, fasthttp.StatusUnsupportedMediaType, "content type must be application/json")
		return
	}
	if err := json.Unmarshal(ctx.PostBody(), &in); err != nil || in.Name == "" || in.Timezone == "" {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "name and timezone are required")
		return
	}
	a.delays.sleep(a.delays.adminWrite)
	made := tenantRecord{uuid.NewString(), in.Name, in.Timezone, in.Metadata, time.Now().UTC()}
	switch a.keepTenant(made) {
	case tenantExists:
		fail(ctx, fasthttp.StatusConflict, "a tenant of this name exists")
	case tenantRefused:
		fail(ctx, fasthttp.StatusServiceUnavailable, "no room for more tenants")
	case tenantKept:
		answerJSON(ctx, fasthttp.StatusCreated, made)
	}
}

type kept int

const (
	tenantKept kept = iota
	tenantExists
	tenantRefused
)

func (a *admin) keepTenant(t tenantRecord) kept {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, taken := a.tenants[t.Name]; taken {
		return tenantExists
	}
	if len(a.tenants) >= maxTenants {
		return tenantRefused
	}
	a.tenants[t.Name] = t
	a.known[t.ID] = true
	return tenantKept
}

// channelTypes are what a channel can be made for.
func channelTypes() map[string]bool {
	types := map[string]bool{"web": true}
	for _, c := range channels() {
		types[c.name] = true
	}
	return types
}

func (a *admin) createChannel(ctx *fasthttp.RequestCtx) {
	var in struct {
		TenantID    string         `json:"tenant_id"`
		BrandName   string         `json:"brand_name"`
		ChannelType string         `json:"channel_type"`
		DisplayName string         `json:"display_name"`
		Credentials map[string]any `json:"credentials"`
	}
	if !isJSON(ctx) {
		fail(ctx, fasthttp.StatusUnsupportedMediaType, "content type must be application/json")
		return
	}
	if err := json.Unmarshal(ctx.PostBody(), &in); err != nil || !isUUID(in.TenantID) ||
		in.BrandName == "" || in.DisplayName == "" || !channelTypes()[in.ChannelType] {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "tenant_id, brand_name, channel_type and display_name are required")
		return
	}
	a.delays.sleep(a.delays.adminWrite)
	a.mu.Lock()
	known := a.known[in.TenantID]
	a.mu.Unlock()
	if !known {
		fail(ctx, fasthttp.StatusNotFound, "tenant does not exist")
		return
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		fail(ctx, fasthttp.StatusInternalServerError, "secret cannot be made")
		return
	}
	answerJSON(ctx, fasthttp.StatusCreated, map[string]string{
		"id": uuid.NewString(), "tenant_id": in.TenantID, "brand_id": seededID(a.delays.seed, in.TenantID, in.BrandName),
		"brand_name": in.BrandName, "channel_type": in.ChannelType, "display_name": in.DisplayName,
		"hmac_secret": hex.EncodeToString(secret),
	})
}
