package demo

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// maxTenantLabels bounds how many tenants a metric tells apart; the others are
// counted together.
const maxTenantLabels = 100

// perTenant is a gauge with a label tenant_id, read when it is collected.
type perTenant struct {
	desc *prometheus.Desc
	read func() map[string]int
}

func newPerTenant(name, help string, read func() map[string]int) *perTenant {
	return &perTenant{prometheus.NewDesc(name, help, []string{"tenant_id"}, nil), read}
}

// Describe implements prometheus.Collector.
func (p *perTenant) Describe(out chan<- *prometheus.Desc) { out <- p.desc }

// Collect implements prometheus.Collector.
func (p *perTenant) Collect(out chan<- prometheus.Metric) {
	type count struct {
		tenant string
		n      int
	}
	var counts []count
	for tenant, n := range p.read() {
		counts = append(counts, count{tenant, n})
	}
	slices.SortFunc(counts, func(a, b count) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return strings.Compare(a.tenant, b.tenant)
	})
	others := 0
	for i, c := range counts {
		if i >= maxTenantLabels {
			others += c.n
			continue
		}
		out <- prometheus.MustNewConstMetric(p.desc, prometheus.GaugeValue, float64(c.n), c.tenant)
	}
	if len(counts) > maxTenantLabels {
		out <- prometheus.MustNewConstMetric(p.desc, prometheus.GaugeValue, float64(others), "other")
	}
}
