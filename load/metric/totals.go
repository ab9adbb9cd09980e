package metric

import hdr "github.com/HdrHistogram/hdrhistogram-go"

// Totals is what was measured over some span of time, series by series. It answers objectives as
// [Measured].
type Totals struct {
	Latency []*hdr.Histogram // by series, from the time a send was due; nil: no samples
	Counts  []Counts         // by series
	Checks  []Check
	Missed  uint64  // sends that were due and never made
	Chaos   uint64  // spikes and faults that were set off
	Seconds float64 // length of the span

	registry *Registry
}

// NewTotals returns totals of nothing yet.
func (r *Registry) NewTotals() *Totals {
	n := len(r.series)
	return &Totals{Latency: make([]*hdr.Histogram, n), Counts: make([]Counts, n), registry: r}
}

// Add merges one closed window into the totals. Nothing of the observation is kept.
func (t *Totals) Add(obs Observation) {
	for id, h := range obs.Latency {
		if h == nil {
			continue
		}
		if t.Latency[id] == nil {
			t.Latency[id] = NewHistogram()
		}
		t.Latency[id].Merge(h)
	}
	for id, c := range obs.Window.Series {
		t.Counts[id].add(c)
	}
	for _, c := range obs.Checks {
		t.AddCheck(c)
	}
	t.Missed += obs.Window.Missed
	t.Seconds += obs.Window.Length.Seconds()
}

// AddCheck adds what a check found.
func (t *Totals) AddCheck(c Check) {
	for i := range t.Checks {
		if t.Checks[i].Name == c.Name {
			t.Checks[i].Passes += c.Passes
			t.Checks[i].Fails += c.Fails
			return
		}
	}
	t.Checks = append(t.Checks, c)
}

// Trend merges the latencies of the metric's series; nil without samples.
func (t *Totals) Trend(metric, channel string) *hdr.Histogram {
	var sum *hdr.Histogram
	for _, id := range t.registry.SeriesOf(metric, channel) {
		h := t.Latency[id]
		if h == nil || h.TotalCount() == 0 {
			continue
		}
		if sum == nil {
			sum = NewHistogram()
		}
		sum.Merge(h)
	}
	return sum
}

// Counter is how often something happened, and over how many seconds it was counted.
func (t *Totals) Counter(metric, channel string) (count uint64, seconds float64) {
	_, requests := t.Rate("http_req_failed", channel)
	switch metric {
	case "http_reqs":
		return requests, t.Seconds
	case "dropped_iterations":
		return t.Missed, t.Seconds
	case "chaos_events_triggered":
		return t.Chaos, t.Seconds
	}
	return 0, 0
}

// Rate is failed requests of all requests, or checks that held of all checks.
func (t *Totals) Rate(metric, channel string) (hits, total uint64) {
	if metric == "checks" {
		for _, c := range t.Checks {
			hits += c.Passes
			total += c.Passes + c.Fails
		}
		return hits, total
	}
	for _, id := range t.registry.SeriesOf(metric, channel) {
		hits += t.Counts[id].Failed
		total += t.Counts[id].Count
	}
	return hits, total
}
