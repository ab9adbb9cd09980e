package demo

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// maxTenantLabels bounds how many tenants the metrics tell apart, because a
// load test may invent them; the others are counted together.
const maxTenantLabels = 100

// tenantLabels gives the first tenants their own label value.
type tenantLabels struct {
	mu    sync.RWMutex
	known map[string]bool
}

func newTenantLabels(tenants []Tenant) *tenantLabels {
	l := &tenantLabels{known: make(map[string]bool)}
	for _, t := range tenants {
		l.of(t.ID)
	}
	return l
}

func (l *tenantLabels) of(tenant string) string {
	l.mu.RLock()
	known, full := l.known[tenant], len(l.known) >= maxTenantLabels
	l.mu.RUnlock()
	if known {
		return tenant
	}
	if full {
		return "other"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) < maxTenantLabels {
		l.known[tenant] = true
	}
	if l.known[tenant] {
		return tenant
	}
	return "other"
}

// all lists the tenants that have their own label value.
func (l *tenantLabels) all() []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	list := make([]string, 0, len(l.known))
	for tenant := range l.known {
		list = append(list, tenant)
	}
	return list
}

// perTenant is a gauge with a label tenant_id, read when it is collected. A
// tenant that is known is always there, with zero if need be.
type perTenant struct {
	desc   *prometheus.Desc
	labels *tenantLabels
	read   func() map[string]int
}

func newPerTenant(name, help string, labels *tenantLabels, read func() map[string]int) *perTenant {
	return &perTenant{prometheus.NewDesc(name, help, []string{"tenant_id"}, nil), labels, read}
}

// Describe implements prometheus.Collector.
func (p *perTenant) Describe(out chan<- *prometheus.Desc) { out <- p.desc }

// Collect implements prometheus.Collector.
func (p *perTenant) Collect(out chan<- prometheus.Metric) {
	counts := make(map[string]int)
	for tenant, n := range p.read() {
		counts[p.labels.of(tenant)] += n
	}
	for _, tenant := range p.labels.all() {
		counts[tenant] += 0
	}
	for tenant, n := range counts {
		out <- prometheus.MustNewConstMetric(p.desc, prometheus.GaugeValue, float64(n), tenant)
	}
}
