package load

import hdr "github.com/HdrHistogram/hdrhistogram-go"

// Measured is what objectives and stop rules are held against: metrics under their public names,
// over some span of time. An empty channel means all channels.
type Measured interface {
	// Trend is the merged latency histogram of a metric, in microseconds; nil without samples.
	Trend(metric, channel string) *hdr.Histogram
	// Counter is how often something happened, and over how many seconds it was counted.
	Counter(metric, channel string) (count uint64, seconds float64)
	// Rate is how many of how many.
	Rate(metric, channel string) (hits, total uint64)
}

// reading is Measured over a run's own measures.
type reading struct {
	measures *measures
	seconds  float64
	missed   uint64
}

// ofMetric tells whether a series counts in a metric, narrowed to a channel.
func ofMetric(s Series, metric, channel string) bool {
	if channel != "" && channel != s.Channel {
		return false
	}
	switch metric {
	case "gateway_latency", "orchestrator_latency", "automation_latency":
		return s.Flow.Metric() == metric
	}
	return true
}

// Trend merges the latencies of the metric's series.
func (r *reading) Trend(metric, channel string) *hdr.Histogram {
	var sum *hdr.Histogram
	for id, s := range AllSeries() {
		if ofMetric(s, metric, channel) {
			mergeHistogram(&sum, r.measures.latency[id])
		}
	}
	return sum
}

// Counter counts requests, failures or missed sends.
func (r *reading) Counter(metric, channel string) (uint64, float64) {
	failed, requests := r.Rate("http_req_failed", channel)
	switch metric {
	case "http_reqs":
		return requests, r.seconds
	case "perf_errors":
		return failed, r.seconds
	case "dropped_iterations":
		return r.missed, r.seconds
	}
	return 0, r.seconds
}

// Rate is failed of all requests, or held of all checks.
func (r *reading) Rate(metric, channel string) (hits, total uint64) {
	if metric == "checks" {
		for _, c := range r.measures.checks {
			hits += c.Count - c.Failed
			total += c.Count
		}
		return hits, total
	}
	for id, s := range AllSeries() {
		if ofMetric(s, metric, channel) {
			hits += r.measures.counts[id].Failed
			total += r.measures.counts[id].Count
		}
	}
	return hits, total
}
