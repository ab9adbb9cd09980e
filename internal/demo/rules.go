package demo

import (
	"errors"
	"strconv"
	"sync"
)

const (
	actionWebhook = "webhook"
	actionCRM     = "crm"
	actionEmail   = "email"

	maxRuleTenants = 10_000
)

var (
	errNoRule         = errors.New("rule does not exist")
	errTooManyTenants = errors.New("too many tenants have rules")
)

// rule is one automation rule as the admin API shows it.
type rule struct {
	ID           string `json:"id"`
	TenantID     string `json:"tenant_id"`
	Name         string `json:"name"`
	TriggerType  string `json:"trigger_type"`
	TriggerEvent string `json:"trigger_event"`
	ActionType   string `json:"action_type"`
	IsActive     bool   `json:"is_active"`
}

// rules are the automation rules of every tenant. A tenant's rules come into
// being when somebody asks for them, and follow from the seed.
type rules struct {
	seed uint64

	mu       sync.RWMutex
	byTenant map[string][]*rule
	byID     map[string]*rule
}

func newRules(seed uint64, tenants []Tenant) *rules {
	r := &rules{seed: seed, byTenant: make(map[string][]*rule), byID: make(map[string]*rule)}
	for _, t := range tenants {
		r.add(t.ID)
	}
	return r
}

// ruleSeeds are the rules of a new tenant: in the ratio of the workload's
// automations, and not all of them active.
func ruleSeeds() []rule {
	return []rule{
		{Name: "Notify the order system", TriggerEvent: "order_question", ActionType: actionWebhook, IsActive: true},
		{Name: "Open a lead", TriggerEvent: "price_question", ActionType: actionCRM, IsActive: true},
		{Name: "Mail the shift lead", TriggerEvent: "complaint", ActionType: actionEmail, IsActive: true},
		{Name: "Tell the warehouse", TriggerEvent: "return_request", ActionType: actionWebhook, IsActive: true},
		{Name: "Winter campaign", TriggerEvent: "campaign", ActionType: actionWebhook, IsActive: false},
	}
}

// add makes the tenant's rules. The caller holds the lock, or is alone.
func (r *rules) add(tenant string) []*rule {
	seeds := ruleSeeds()
	made := make([]*rule, len(seeds))
	for i := range seeds {
		seed := seeds[i]
		seed.ID = seededID(r.seed, "rule", tenant, strconv.Itoa(i))
		seed.TenantID, seed.TriggerType = tenant, "message"
		made[i] = &seed
		r.byID[seed.ID] = &seed
	}
	r.byTenant[tenant] = made
	return made
}

// of lists the tenant's rules, in a stable order.
func (r *rules) of(tenant string) ([]rule, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	have, known := r.byTenant[tenant]
	if !known {
		if len(r.byTenant) >= maxRuleTenants {
			return nil, errTooManyTenants
		}
		have = r.add(tenant)
	}
	list := make([]rule, len(have))
	for i, one := range have {
		list[i] = *one
	}
	return list, nil
}

// setActive pauses or resumes a rule and returns it as it is then.
func (r *rules) setActive(id string, active bool) (rule, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, known := r.byID[id]
	if !known {
		return rule{}, errNoRule
	}
	one.IsActive = active
	return *one, nil
}

// match picks one of the tenant's active rules; draw in [0, 1) decides which.
func (r *rules) match(tenant string, draw float64) (rule, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var active []*rule
	for _, one := range r.byTenant[tenant] {
		if one.IsActive {
			active = append(active, one)
		}
	}
	if len(active) == 0 {
		return rule{}, false
	}
	return *active[int(draw*float64(len(active)))], true
}

func (r *rules) countActive() float64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n := 0
	for _, one := range r.byID {
		if one.IsActive {
			n++
		}
	}
	return float64(n)
}
