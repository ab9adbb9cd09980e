package load

import (
	"cmp"
	"maps"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Statistics reads the summary of a merged histogram. Requests and Failed are left to the caller:
// a histogram does not know them.
func Statistics(h *hdr.Histogram) Stats {
	if h == nil || h.TotalCount() == 0 {
		return Stats{}
	}
	at := func(p float64) time.Duration { return micros(Percentile(h, p)) }
	return Stats{
		Count: uint64(h.TotalCount()),
		Min:   micros(h.Min()),
		Mean:  time.Duration(h.Mean() * float64(time.Microsecond)),
		P50:   at(50),
		P90:   at(90),
		P95:   at(95),
		P99:   at(99),
		Max:   micros(h.Max()),
	}
}

func micros(v int64) time.Duration { return time.Duration(v) * time.Microsecond }

// flows merges the series of each flow into the given histograms, emptied first, and summarises
// them.
func (m *measures) flows(scratch []*hdr.Histogram) []Stats {
	stats, ended := make([]Stats, len(scratch)), make([]Counts, len(scratch))
	for f := range scratch {
		if scratch[f] != nil {
			scratch[f].Reset()
		}
	}
	for id, series := range m.registry.Series() {
		f := series.Flow.id
		mergeHistogram(&scratch[f], m.latency[id])
		ended[f].add(m.counts[id])
	}
	for f := range stats {
		stats[f] = Statistics(scratch[f])
		stats[f].Requests, stats[f].Failed = ended[f].Count, ended[f].Failed
	}
	return stats
}

func (m *measures) errorTotals() []ErrorTotal {
	all := m.registry.Series()
	keys := slices.SortedFunc(maps.Keys(m.errors), func(a, b ErrorKey) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Status, b.Status))
	})
	totals := make([]ErrorTotal, len(keys))
	for i, key := range keys {
		e := m.errors[key]
		totals[i] = ErrorTotal{all[key.Series], key.Class, key.Status, e.count, e.sample}
	}
	return totals
}

func (m *measures) checkTotals() []Check {
	var totals []Check
	for i, flow := range m.registry.Flows() {
		for _, c := range []struct {
			name string
			made Counts
		}{{flow.Check, m.checks[i].status}, {flow.BodyCheck, m.checks[i].body}} {
			if c.made.Count > 0 {
				totals = append(totals, Check{c.name, c.made.Count - c.made.Failed, c.made.Failed})
			}
		}
	}
	return totals
}

func (m *measures) seriesTotals() []SeriesTotal {
	var totals []SeriesTotal
	for id, series := range m.registry.Series() {
		ended := m.counts[id]
		if ended.Count == 0 {
			continue
		}
		latency := Statistics(m.latency[id])
		service := latency
		if h := m.service[id]; h != nil && h.TotalCount() > 0 {
			service = Statistics(h)
		}
		latency.Requests, latency.Failed = ended.Count, ended.Failed
		service.Requests, service.Failed = ended.Count, ended.Failed
		totals = append(totals, SeriesTotal{series, latency, service})
	}
	return totals
}
