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

// densities are those of the flows.
func (a *aggregate) densities() []SparseDensity {
	sparse := make([]SparseDensity, len(a.density))
	for f := range a.density {
		sparse[f] = a.density[f].sparse()
	}
	return sparse
}

// errorTotals are the errors by kind. Of more kinds than a table has room for, the statuses that are least frequent are
// counted together, as status 0.
func (a *aggregate) errorTotals() []ErrorTotal {
	all, errors := a.registry.Series(), a.errors
	if len(errors) > mostErrorRows {
		errors = mostFrequent(errors)
	}
	keys := slices.SortedFunc(maps.Keys(errors), func(a, b ErrorKey) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Status, b.Status))
	})
	totals := make([]ErrorTotal, len(keys))
	for i, key := range keys {
		e := errors[key]
		totals[i] = ErrorTotal{all[key.Series], key.Class, key.Status, e.count, e.texts.First(), e.texts.Most()}
	}
	return totals
}

// mostErrorRows is how many kinds of errors are told apart in a window, or over a run.
const mostErrorRows = 40

// mostFrequent counts all but the most frequent kinds of errors together, by series and class.
func mostFrequent(errors map[ErrorKey]errorCount) map[ErrorKey]errorCount {
	keys := slices.SortedFunc(maps.Keys(errors), func(a, b ErrorKey) int {
		return cmp.Or(cmp.Compare(errors[b].count, errors[a].count), cmp.Compare(a.Series, b.Series), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Status, b.Status))
	})
	few := map[ErrorKey]errorCount{}
	for i, key := range keys {
		e := errors[key]
		if i >= mostErrorRows {
			key.Status = 0
			sum := few[key]
			sum.add(e)
			e = sum
		}
		few[key] = e
	}
	return few
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
