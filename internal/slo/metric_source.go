package slo

import hdr "github.com/HdrHistogram/hdrhistogram-go"

// MetricSource is what objectives and stop rules are held against: metrics under their public names,
// over some span of time. An empty channel means all channels.
type MetricSource interface {
	// Trend is the merged latency histogram of a metric, in microseconds; nil without samples.
	Trend(metric, channel string) *hdr.Histogram
	// Counter is how often something happened, and over how many seconds it was counted.
	Counter(metric, channel string) (count uint64, seconds float64)
	// Rate is how many of how many.
	Rate(metric, channel string) (hits, total uint64)
}
