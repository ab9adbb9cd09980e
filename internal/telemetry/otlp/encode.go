package otlp

import (
	"maps"
	"slices"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"

	"xinbot.ir/squall/internal/telemetry"
)

// scope names who measured.
const scope = "xinbot.ir/squall"

// encoder makes requests of states.
type encoder struct {
	resource map[string]string   // attributes over those that squall has itself
	edit     func(string) string // of values of attributes
}

// request is what a state says at a time. Names have no suffixes: unit and kind stand beside them, and a Prometheus that takes
// OTLP makes of them the names that it would scrape.
func (e encoder) request(s telemetry.State, now time.Time) *collector.ExportMetricsServiceRequest {
	version := s.Timeline.Start.Version
	var all []*metrics.Metric
	for _, row := range telemetry.Metrics() {
		if points := row.Points(s); len(points) > 0 {
			all = append(all, e.metric(row, points, span{uint64(s.Started.UnixNano()), uint64(now.UnixNano())}))
		}
	}
	return &collector.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: &resource.Resource{Attributes: e.identity(s)},
		ScopeMetrics: []*metrics.ScopeMetrics{{
			Scope: &common.InstrumentationScope{Name: scope, Version: version}, Metrics: all,
		}},
	}}}
}

// identity says which run it is, in the names of OpenTelemetry's conventions.
func (e encoder) identity(s telemetry.State) []*common.KeyValue {
	start := s.Timeline.Start
	all := map[string]string{
		"service.name": "squall", "service.version": start.Version, "service.instance.id": start.RunID, "squall.target": start.Target,
	}
	maps.Copy(all, e.resource)
	var pairs []*common.KeyValue
	for _, key := range slices.Sorted(maps.Keys(all)) {
		pairs = append(pairs, e.attribute(key, all[key]))
	}
	return pairs
}

func (e encoder) attribute(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: e.edit(value)}}}
}

func (e encoder) attributes(row telemetry.Metric, p telemetry.Point) (pairs []*common.KeyValue) {
	for i, value := range p.Labels {
		pairs = append(pairs, e.attribute(row.Labels[i], value))
	}
	return pairs
}

// span is what cumulative values are over, in Unix time.
type span struct{ from, to uint64 }

func (e encoder) metric(row telemetry.Metric, points []telemetry.Point, over span) *metrics.Metric {
	m := &metrics.Metric{Name: row.Name, Description: row.Help, Unit: string(row.Unit)}
	const cumulative = metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	switch row.Kind {
	case telemetry.Gauge:
		m.Data = &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: e.numbers(row, points, span{to: over.to})}}
	case telemetry.Counter:
		m.Data = &metrics.Metric_Sum{Sum: &metrics.Sum{
			AggregationTemporality: cumulative, IsMonotonic: true, DataPoints: e.numbers(row, points, over),
		}}
	case telemetry.Histogram:
		h := &metrics.ExponentialHistogram{AggregationTemporality: cumulative}
		for _, p := range points {
			h.DataPoints = append(h.DataPoints, e.histogram(row, p, over))
		}
		m.Data = &metrics.Metric_ExponentialHistogram{ExponentialHistogram: h}
	}
	return m
}

func (e encoder) numbers(row telemetry.Metric, points []telemetry.Point, over span) (all []*metrics.NumberDataPoint) {
	for _, p := range points {
		all = append(all, &metrics.NumberDataPoint{
			Attributes: e.attributes(row, p), StartTimeUnixNano: over.from, TimeUnixNano: over.to,
			Value: &metrics.NumberDataPoint_AsDouble{AsDouble: p.Value},
		})
	}
	return all
}

// histogram has the buckets of a distribution one after the other, the empty ones between them included. Bucket i of
// OpenTelemetry holds 2^(i/16) < t <= 2^((i+1)/16), which Prometheus and [telemetry.Distribution.Buckets] call i+1. Least and
// greatest value are left out: only their buckets are known.
func (e encoder) histogram(row telemetry.Metric, p telemetry.Point, over span) *metrics.ExponentialHistogramDataPoint {
	sum := p.Distribution.Sum.Seconds()
	h := &metrics.ExponentialHistogramDataPoint{
		Attributes: e.attributes(row, p), StartTimeUnixNano: over.from, TimeUnixNano: over.to,
		Scale: telemetry.Scale, Count: p.Distribution.Count, Sum: &sum,
	}
	var dense *metrics.ExponentialHistogramDataPoint_Buckets
	for index, n := range p.Distribution.Buckets {
		at := int32(index - 1)
		if dense == nil {
			dense = &metrics.ExponentialHistogramDataPoint_Buckets{Offset: at}
		}
		for int(at-dense.Offset) > len(dense.BucketCounts) {
			dense.BucketCounts = append(dense.BucketCounts, 0)
		}
		dense.BucketCounts = append(dense.BucketCounts, n)
	}
	h.Positive = dense
	return h
}

// points are the data points of a request.
func points(request *collector.ExportMetricsServiceRequest) (n int) {
	for _, m := range request.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
		n += len(m.GetGauge().GetDataPoints()) + len(m.GetSum().GetDataPoints()) + len(m.GetExponentialHistogram().GetDataPoints())
	}
	return n
}
