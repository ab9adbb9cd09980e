package openmetrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"xinbot.ir/squall/internal/telemetry"
)

// collector is what a scrape asks. Nothing is kept between scrapes.
type collector struct {
	read  func() telemetry.State
	edit  func(string) string // of values of labels
	rows  []telemetry.Metric
	descs []*prometheus.Desc // of the rows
}

func newCollector(read func() telemetry.State, edit func(string) string) *collector {
	c := &collector{read: read, edit: edit, rows: telemetry.Metrics()}
	for _, row := range c.rows {
		c.descs = append(c.descs, prometheus.NewDesc(row.PrometheusName(), row.Help, row.Labels, nil))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	s := c.read()
	for i, row := range c.rows {
		for _, p := range row.Points(s) {
			to <- c.metric(c.descs[i], row.Kind, p, s.Started)
		}
	}
}

func (c *collector) metric(desc *prometheus.Desc, kind telemetry.Kind, p telemetry.Point, began time.Time) prometheus.Metric {
	labels := make([]string, len(p.Labels))
	for i, l := range p.Labels {
		labels[i] = c.edit(l)
	}
	var m prometheus.Metric
	var err error
	switch kind {
	case telemetry.Gauge:
		m, err = prometheus.NewConstMetric(desc, prometheus.GaugeValue, p.Value, labels...)
	case telemetry.Counter:
		m, err = prometheus.NewConstMetricWithCreatedTimestamp(desc, prometheus.CounterValue, p.Value, began, labels...)
	case telemetry.Histogram:
		m, err = newHistogram(desc, p.Distribution, began, labels)
	}
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return m
}

// histogram is a native histogram that has classic buckets, too: text has no native ones, and a Prometheus may be told
// not to take them.
type histogram struct {
	prometheus.Metric
	classic []*dto.Bucket
}

func newHistogram(desc *prometheus.Desc, d telemetry.Distribution, began time.Time, labels []string) (prometheus.Metric, error) {
	buckets := map[int]int64{}
	for index, n := range d.Buckets {
		buckets[index] = int64(n)
	}
	native, err := prometheus.NewConstNativeHistogram(desc, d.Count, d.Sum.Seconds(), buckets, nil, 0, telemetry.Scale, 0, began, labels...)
	if err != nil {
		return nil, err
	}
	h := histogram{Metric: native}
	bounds := telemetry.ClassicBounds()
	for i, n := range d.Below() {
		h.classic = append(h.classic, &dto.Bucket{UpperBound: proto.Float64(bounds[i]), CumulativeCount: proto.Uint64(n)})
	}
	return h, nil
}

// Write implements prometheus.Metric.
func (h histogram) Write(to *dto.Metric) error {
	if err := h.Metric.Write(to); err != nil {
		return err
	}
	to.Histogram.Bucket = h.classic
	return nil
}
