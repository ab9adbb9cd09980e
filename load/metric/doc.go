// Package metric is what a run measures: series of requests, histograms of their latencies, and the windows
// of a second that both are closed in.
//
// Traffic records each [Outcome] in a [Shard] of a [Recorder]. Once a second an [Aggregator] drains the
// recorder into a [Window] with its histograms, an [Observation], and keeps the last seconds and the whole
// run merged. Percentiles come from merged histograms only; a duration in a histogram is in microseconds.
//
// The package is a leaf: it knows no channel, no protocol and no screen. What series there are stands in a
// [Registry], which is filled once, before the first request.
package metric
