package metric

import (
	"cmp"
	"maps"
	"slices"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// flows merges the series of each flow into the given histograms, emptied first, and summarises
// them.
func (a *aggregate) flows(scratch []*hdr.Histogram) []Stats {
	stats, ended := make([]Stats, len(scratch)), make([]Counts, len(scratch))
	for f := range scratch {
		if scratch[f] != nil {
			scratch[f].Reset()
		}
	}
	for id, series := range a.registry.Series() {
		f := series.Flow.id
		mergeHistogram(&scratch[f], a.latency[id])
		ended[f].add(a.counts[id])
	}
	for f := range stats {
		stats[f] = Statistics(scratch[f])
		stats[f].Requests, stats[f].Failed = ended[f].Count, ended[f].Failed
	}
	return stats
}

func (a *aggregate) errorTotals() []ErrorTotal {
	all := a.registry.Series()
	keys := slices.SortedFunc(maps.Keys(a.errors), func(a, b ErrorKey) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Status, b.Status))
	})
	totals := make([]ErrorTotal, len(keys))
	for i, key := range keys {
		e := a.errors[key]
		totals[i] = ErrorTotal{all[key.Series], key.Class, key.Status, e.count, e.texts.First(), e.texts.Most()}
	}
	return totals
}

func (a *aggregate) checkTotals() []Check {
	var totals []Check
	for i, flow := range a.registry.Flows() {
		for _, c := range []struct {
			name string
			made Counts
		}{{flow.Check, a.checks[i].status}, {flow.BodyCheck, a.checks[i].body}} {
			if c.made.Count > 0 {
				totals = append(totals, Check{c.name, c.made.Count - c.made.Failed, c.made.Failed})
			}
		}
	}
	return totals
}

func (a *aggregate) seriesTotals() []SeriesTotal {
	var totals []SeriesTotal
	for id, series := range a.registry.Series() {
		ended := a.counts[id]
		if ended.Count == 0 {
			continue
		}
		latency := Statistics(a.latency[id])
		service := latency
		if h := a.service[id]; h != nil && h.TotalCount() > 0 {
			service = Statistics(h)
		}
		latency.Requests, latency.Failed = ended.Count, ended.Failed
		service.Requests, service.Failed = ended.Count, ended.Failed
		totals = append(totals, SeriesTotal{series, latency, service})
	}
	return totals
}
