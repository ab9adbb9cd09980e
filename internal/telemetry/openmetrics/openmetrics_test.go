package openmetrics

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/telemetry"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp's cleaner sleeps for the idle time of a connection before it notices the end.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"), // the demo's servers, once per process
	)
}

// busy is a run in which every series has requests of many lengths.
func busy(t testing.TB) (*telemetry.Meter, telemetry.State) {
	t.Helper()
	meter, o := telemetry.NewMeter(), load.Registry().NewObservation()
	var flows []load.FlowState
	for _, f := range load.Registry().Flows() {
		flows = append(flows, load.FlowState{Flow: f, On: true})
	}
	for id := range o.Latency {
		o.Latency[id], o.Service[id] = metric.NewHistogram(), metric.NewHistogram()
		for micros := int64(1000); micros < 10_000_000; micros += micros/50 + 1 {
			if err := o.Latency[id].RecordValue(micros); err != nil {
				t.Fatal(err)
			}
			if err := o.Service[id].RecordValue(micros); err != nil {
				t.Fatal(err)
			}
			o.Window.Series[id].Count++
		}
	}
	o.Window.Length = time.Second
	meter.Observe(o)
	objective := slo.DefaultObjectives()[0]
	objective.Channel = "secret"
	return meter, telemetry.State{
		Reading: meter.Read(), Verdict: slo.Verdict{Answer: slo.Failed},
		Snapshot: session.Snapshot{
			Started: time.Unix(1_700_000_000, 0), Status: session.Paused, Flows: flows, Timeline: &timeline.Timeline{Start: event.RunStarted{RunID: "abc", Target: "staging"}},
			Overall: []slo.Result{{Objective: objective, State: slo.Fail}, {Objective: objective, State: slo.Fail}},
		},
	}
}

func hide(text string) string { return strings.ReplaceAll(text, "secret", "(secret)") }

func scrape(t *testing.T, h http.Handler, accept string) map[string]*dto.MetricFamily {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, Path, http.NoBody)
	req.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	decoder := expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header()))
	all := map[string]*dto.MetricFamily{}
	for {
		var family dto.MetricFamily
		if err := decoder.Decode(&family); err != nil {
			if err == io.EOF { //nolint:errorlint // as the decoder has it
				return all
			}
			t.Fatal(err)
		}
		all[family.GetName()] = &family
	}
}

// A scrape gives native and classic histograms of the same requests, one-hot states, and nothing secret.
func TestScrape(t *testing.T) {
	_, s := busy(t)
	h := handler(func() telemetry.State { return s }, hide)
	all := scrape(t, h, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	n := len(load.Registry().Series())
	durations := all["squall_request_duration_seconds"].GetMetric()
	if len(durations) != n || len(all["squall_request_service_duration_seconds"].GetMetric()) != n {
		t.Fatalf("%d series have durations, want %d", len(durations), n)
	}
	for _, m := range durations {
		d := m.GetHistogram()
		native, delta := int64(0), int64(0)
		for _, step := range d.GetPositiveDelta() {
			delta += step
			native += delta
		}
		last := d.GetBucket()[len(d.GetBucket())-1]
		if native != int64(d.GetSampleCount()) || last.GetCumulativeCount() != d.GetSampleCount() || d.GetSchema() != telemetry.Scale {
			t.Errorf("%d requests, %d in native buckets, %d in classic ones, schema %d", d.GetSampleCount(), native, last.GetCumulativeCount(), d.GetSchema())
		}
	}
	one := func(family string) (is []string) {
		for _, m := range all[family].GetMetric() {
			if m.GetGauge().GetValue() == 1 {
				label := m.GetLabel()[len(m.GetLabel())-1]
				is = append(is, label.GetValue())
			}
		}
		return is
	}
	for family, want := range map[string]string{"squall_verdict": "failed", "squall_run_status": "paused", "squall_objective_state": "fail"} {
		if got := strings.Join(one(family), " "); got != want {
			t.Errorf("%s is %q, want %q", family, got, want)
		}
	}
	if objective := all["squall_objective_state"].GetMetric()[0].GetLabel()[0].GetValue(); objective != "gateway_latency{channel:(secret)}: p(95)<1500" {
		t.Errorf("the objective is %q", objective)
	}
	if text := scrape(t, h, "text/plain"); len(text) != len(all) {
		t.Errorf("%d metrics as text, %d as protobuf", len(text), len(all))
	}
}

// Before the first second has closed there is nothing that was measured, and a scrape says so by leaving it out.
func TestScrapeBeforeTheFirstSecond(t *testing.T) {
	s := telemetry.State{Reading: telemetry.NewMeter().Read(), Snapshot: session.Snapshot{Timeline: new(timeline.Timeline)}}
	all := scrape(t, handler(func() telemetry.State { return s }, hide), "text/plain")
	for _, absent := range []string{"squall_request_duration_seconds", "squall_generator_lag_seconds", "squall_arrivals_sent_per_second", "squall_arrivals_wanted_per_second"} {
		if all[absent] != nil {
			t.Errorf("%s is there: %v", absent, all[absent])
		}
	}
	if all["squall_verdict"] == nil {
		t.Error("there is no verdict")
	}
}

func TestListen(t *testing.T) {
	s, err := Listen(":0")
	if err != nil {
		t.Fatal(err)
	}
	addr := s.listener.Addr().(*net.TCPAddr)
	if !addr.IP.IsLoopback() {
		t.Errorf("it listens on %s", addr)
	}
	for given, says := range map[string]string{
		addr.String():   "another program has this port: give another one with --metrics-addr",
		"nowhere":       "it must be HOST:PORT",
		"192.0.2.1:999": "give another address with --metrics-addr",
	} {
		if other, err := Listen(given); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v, want %q", given, other, err, says)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	_, state := busy(t)
	go func() { ended <- s.Run(ctx, func() telemetry.State { return state }, hide) }()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for request, want := range map[string]int{"GET /metrics": 200, "HEAD /metrics": 200, "POST /metrics": 405, "GET /": 404} {
		method, path, _ := strings.Cut(request, " ")
		req, _ := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(s.URL(), Path)+path, http.NoBody)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", request, resp.StatusCode, want)
		}
	}
	hanging, err := net.Dial("tcp", addr.String()) // asks for nothing, and does not keep the run from ending
	if err != nil {
		t.Fatal(err)
	}
	defer hanging.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkScrape is what a scrape of a run costs in which every series is busy, and what a second costs that is added.
func BenchmarkScrape(b *testing.B) {
	meter, s := busy(b)
	h := handler(func() telemetry.State { s.Reading = meter.Read(); return s }, hide)
	for name, accept := range map[string]string{
		"text": "text/plain", "protobuf": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequest(http.MethodGet, Path, http.NoBody)
				req.Header.Set("Accept", accept)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, req)
				b.ReportMetric(float64(w.Body.Len()), "bytes")
			}
		})
	}
}

func BenchmarkSecond(b *testing.B) {
	meter, o := telemetry.NewMeter(), load.Registry().NewObservation()
	for id := range o.Latency {
		o.Latency[id] = metric.NewHistogram()
		for micros := int64(1000); micros < 10_000_000; micros += micros/50 + 1 {
			_ = o.Latency[id].RecordValue(micros)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		meter.Observe(o)
	}
}
