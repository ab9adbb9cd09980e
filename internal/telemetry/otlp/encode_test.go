package otlp

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"

	"xinbot.ir/squall/internal/telemetry"
	"xinbot.ir/squall/internal/telemetry/openmetrics"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// scraped is what a Prometheus that scrapes the same state would read.
func scraped(t *testing.T, s telemetry.State) map[string]*dto.MetricFamily {
	t.Helper()
	server, err := openmetrics.Listen(":0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, func() telemetry.State { return s }, hide) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	decoder, all := expfmt.NewDecoder(resp.Body, expfmt.ResponseFormat(resp.Header)), map[string]*dto.MetricFamily{}
	for {
		family := new(dto.MetricFamily)
		if decoder.Decode(family) != nil {
			return all
		}
		all[family.GetName()] = family
	}
}

// native are the buckets of a native histogram by index.
func native(h *dto.Histogram) map[int]uint64 {
	all, index, count, delta := map[int]uint64{}, 0, int64(0), 0
	for _, span := range h.GetPositiveSpan() {
		index += int(span.GetOffset())
		for range span.GetLength() {
			count += h.GetPositiveDelta()[delta]
			delta++
			if count > 0 {
				all[index] = uint64(count)
			}
			index++
		}
	}
	return all
}

// An export says the same as a scrape: the same metrics, series, values and buckets.
func TestExportIsWhatAScrapeShows(t *testing.T) {
	s := busy(t)
	now := s.Started.Add(time.Minute)
	request := encoder{edit: hide}.request(s, now)
	got, want, families := byName(request), scraped(t, s), 0
	labels := func(m *dto.Metric) string {
		var all []string
		for _, l := range m.GetLabel() {
			all = append(all, l.GetName()+"="+l.GetValue())
		}
		slices.Sort(all)
		return strings.Join(all, ",")
	}
	for _, row := range telemetry.Metrics() {
		family, m := want[row.PrometheusName()], got[row.Name]
		if family == nil && m == nil {
			continue
		}
		if families++; family == nil || m == nil {
			t.Errorf("%s: scraped %v, exported %v", row.Name, family != nil, m != nil)
			continue
		}
		if m.GetUnit() != string(row.Unit) || m.GetDescription() != row.Help {
			t.Errorf("%s has the unit %q", row.Name, m.GetUnit())
		}
		series := map[string]*dto.Metric{}
		for _, one := range family.GetMetric() {
			series[labels(one)] = one
		}
		check := func(attributes string, start, at uint64) *dto.Metric {
			parts := strings.Split(attributes, ",")
			slices.Sort(parts)
			key := strings.Join(parts, ",")
			one := series[key]
			if one == nil {
				t.Fatalf("%s{%s} is not scraped", row.Name, key)
			}
			delete(series, key)
			if at != uint64(now.UnixNano()) || row.Kind != telemetry.Gauge && start != uint64(s.Started.UnixNano()) {
				t.Errorf("%s is from %d to %d", row.Name, start, at)
			}
			return one
		}
		for _, p := range slices.Concat(m.GetGauge().GetDataPoints(), m.GetSum().GetDataPoints()) {
			one := check(pairs(p.GetAttributes()), p.GetStartTimeUnixNano(), p.GetTimeUnixNano())
			if value := one.GetGauge().GetValue() + one.GetCounter().GetValue(); p.GetAsDouble() != value {
				t.Errorf("%s{%s} is %v, scraped %v", row.Name, pairs(p.GetAttributes()), p.GetAsDouble(), value)
			}
		}
		const cumulative = metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
		if sum := m.GetSum(); row.Kind == telemetry.Counter && (!sum.GetIsMonotonic() || sum.GetAggregationTemporality() != cumulative) {
			t.Errorf("%s is no cumulative counter", row.Name)
		}
		if h := m.GetExponentialHistogram(); row.Kind == telemetry.Histogram && h.GetAggregationTemporality() != cumulative {
			t.Errorf("%s is not cumulative", row.Name)
		}
		for _, p := range m.GetExponentialHistogram().GetDataPoints() {
			h := check(pairs(p.GetAttributes()), p.GetStartTimeUnixNano(), p.GetTimeUnixNano()).GetHistogram()
			buckets, total := map[int]uint64{}, uint64(0)
			for i, n := range p.GetPositive().GetBucketCounts() {
				if n > 0 {
					buckets[int(p.GetPositive().GetOffset())+i+1] = n
					total += n
				}
			}
			if !maps.Equal(buckets, native(h)) || len(buckets) < 10 {
				t.Errorf("%s{%s} has the buckets %v, scraped %v", row.Name, pairs(p.GetAttributes()), buckets, native(h))
			}
			if total != p.GetCount() || p.GetCount() != h.GetSampleCount() || p.GetSum() != h.GetSampleSum() || p.GetScale() != h.GetSchema() || p.GetZeroCount() != 0 || p.Min != nil || p.Max != nil {
				t.Errorf("%s{%s}: %v, scraped %v", row.Name, pairs(p.GetAttributes()), p, h)
			}
		}
		if len(series) > 0 {
			t.Errorf("%s: %d series are not exported", row.Name, len(series))
		}
	}
	if families < 15 || families != len(got) {
		t.Errorf("%d metrics were compared, %d are exported", families, len(got))
	}
	if strings.Contains(request.String(), "hunter2") {
		t.Error("a secret is exported")
	}
}

// A bucket holds what lies above its lower bound and not above its upper one, as OpenTelemetry defines its index: bucket i at
// scale 4 is (2^(i/16), 2^((i+1)/16)]. The times are 0.2 % from a bound, for they are recorded with three digits.
func TestBucketsAreOpenTelemetrys(t *testing.T) {
	for _, h := range []struct {
		micros int64
		index  int
	}{{998_000, -1}, {1_002_000, 0}, {1_996_000, 15}, {2_004_000, 16}, {499_000, -17}} {
		meter, o := telemetry.NewMeter(), load.Registry().NewObservation()
		o.Latency[0] = metric.NewHistogram()
		if err := o.Latency[0].RecordValue(h.micros); err != nil {
			t.Fatal(err)
		}
		meter.Observe(o)
		d := meter.Read().Latency[0]
		p := encoder{edit: hide}.histogram(telemetry.Metric{}, telemetry.Point{Distribution: d}, span{})
		if at := int(p.GetPositive().GetOffset()); at != h.index || len(p.GetPositive().GetBucketCounts()) != 1 {
			t.Errorf("%d µs are in bucket %d, want %d", h.micros, at, h.index)
		}
	}
}

// Who the run is stands in the resource; what the environment says of it counts more.
func TestResource(t *testing.T) {
	s := busy(t)
	for want, given := range map[string]map[string]string{
		"service.instance.id=abc,service.name=squall,service.version=1.2,squall.target=staging":               nil,
		"service.instance.id=abc,service.name=spikes,service.version=1.2,squall.target=staging,team=(secret)": {"service.name": "spikes", "team": "hunter2"},
	} {
		request := encoder{resource: given, edit: hide}.request(s, time.Now())
		if got := pairs(request.GetResourceMetrics()[0].GetResource().GetAttributes()); got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
		if by := request.GetResourceMetrics()[0].GetScopeMetrics()[0].GetScope(); by.GetName() != "xinbot.ir/squall" || by.GetVersion() != "1.2" {
			t.Errorf("measured by %v", by)
		}
	}
}
