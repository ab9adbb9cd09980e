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

// flowOf is the flow of a series, without building the series table.
func flowOf(id SeriesID) Flow {
	switch {
	case id < NumChannels:
		return Gateway
	case id == SeriesUpload:
		return Ingestion
	case id == SeriesKnowledge:
		return Knowledge
	case id == SeriesPause || id == SeriesResume:
		return Rules
	default:
		return Automation
	}
}

// flows merges the series of each flow into the given histograms, emptied first, and summarises
// them.
func (m *measures) flows(scratch *[NumFlows]*hdr.Histogram) [NumFlows]Stats {
	var stats [NumFlows]Stats
	var ended [NumFlows]Counts
	for f := range scratch {
		if scratch[f] != nil {
			scratch[f].Reset()
		}
	}
	for id := range SeriesID(NumSeries) {
		f := flowOf(id)
		mergeHistogram(&scratch[f], m.latency[id])
		ended[f].Count += m.counts[id].Count
		ended[f].Failed += m.counts[id].Failed
	}
	for f := range stats {
		stats[f] = Statistics(scratch[f])
		stats[f].Requests, stats[f].Failed = ended[f].Count, ended[f].Failed
	}
	return stats
}

func (m *measures) errorTotals() []ErrorTotal {
	all := AllSeries()
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
	for i, name := range checkNames() {
		if c := m.checks[i]; c.Count > 0 {
			totals = append(totals, Check{name, c.Count - c.Failed, c.Failed})
		}
	}
	return totals
}

func (m *measures) seriesTotals() []SeriesTotal {
	var totals []SeriesTotal
	for id, series := range AllSeries() {
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
