package openmetrics_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/evidence/stack"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/telemetry"
	"xinbot.ir/squall/internal/telemetry/openmetrics"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/report"
)

var operator = event.By(event.RoleOperator)

// run is a run against the embedded platform that shows its metrics.
func run(t *testing.T, meter *telemetry.Meter, server *openmetrics.Server) *session.Session {
	t.Helper()
	p, err := demo.Start(t.Context(), demo.Config{Seed: 1, Delays: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	gateway, err := url.Parse(p.GatewayURL())
	if err != nil {
		t.Fatal(err)
	}
	o := load.Options{
		Workload: load.DefaultWorkload(), Keys: new(load.Keyring), KeepAlive: true,
		Timeout: 5 * time.Second, Drain: 3 * time.Second, UserAgent: "squall/test", Seed: 1,
	}
	for c, spec := range o.Workload.Channels {
		o.Gateway[c] = load.GatewayURL(gateway, spec.Path)
		if err := o.Keys.Set(load.Channel(c), load.Key{Current: p.Secrets()[spec.SecretOf.String()]}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := session.Start(t.Context(), session.Config{
		Options: o, Target: "demo", Version: "test", Embedded: true,
		Settings:   load.Settings{VUs: 20, Think: load.Think{Max: 20 * time.Millisecond}, SpikeFactor: 5},
		Objectives: slo.DefaultObjectives(), BuiltIn: true,
		Measured: meter.Observe,
		Outlets: []session.Outlet{func(ctx context.Context, s *session.Session) {
			if err := server.Run(ctx, func() telemetry.State { return telemetry.Read(s, meter) }, o.Keys.Redact); err != nil {
				t.Error(err)
			}
		}},
		Dir: filepath.Join(t.TempDir(), "run"),
		Report: func(dir string) (string, error) {
			_, err := report.Write(dir)
			return filepath.Join(dir, report.File), err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Abort(operator); <-s.Done() })
	return s
}

// until waits for what is about to come true.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !cond(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

// query asks a Prometheus for a number; NaN when there is none.
func query(t *testing.T, prometheus, promql string) float64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, prometheus+"/api/v1/query?"+url.Values{"query": {promql}}.Encode(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var answer struct {
		Error string
		Data  struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Error != "" {
		t.Fatal(promql, err, answer.Error)
	}
	if len(answer.Data.Result) != 1 {
		return math.NaN()
	}
	value, err := strconv.ParseFloat(answer.Data.Result[0].Value[1].(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// A real Prometheus that scrapes a run has the counts of its report, and its p95 as precisely as buckets are.
func TestPrometheusHasTheNumbersOfTheReport(t *testing.T) {
	programs := evidencetest.Programs(t)
	server, err := openmetrics.Listen(":0")
	if err != nil {
		t.Fatal(err)
	}
	meter := telemetry.NewMeter()
	s := run(t, meter, server)
	prometheus := map[bool]string{}
	for _, native := range []bool{true, false} {
		running, err := stack.Start(t.Context(), programs, stack.Config{
			Targets: []stack.Target{{Job: "squall", Addr: strings.TrimSuffix(strings.TrimPrefix(server.URL(), "http://"), openmetrics.Path)}},
			Native:  native, Alertmanager: stack.Alertmanager("http://127.0.0.1:1/"),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { running.Close() })
		prometheus[native] = running.PrometheusURL
	}
	until(t, "enough requests", func() bool { return s.Snapshot().Load.All.Count > 1000 })
	if err := s.Do(t.Context(), operator, command.Pause{On: true}); err != nil {
		t.Fatal(err)
	}
	// Nothing more will be counted once two whole seconds have closed in which nothing ended.
	until(t, "the end of what was in flight", func() bool {
		windows := s.Snapshot().Load.Windows
		n := len(windows)
		return n > 2 && s.Snapshot().Load.InFlight == 0 && windows[n-1].Requests() == 0 && windows[n-2].Requests() == 0
	})
	total := 0.
	for _, n := range meter.Read().Requests {
		total += float64(n)
	}
	for native, address := range prometheus {
		until(t, "a scrape of all", func() bool { return query(t, address, "sum(squall_requests_total)") == total })
		if paused := query(t, address, `squall_run_status{status="paused"}`); paused != 1 {
			t.Errorf("native %v: paused is %v", native, paused)
		}
	}
	quantile := map[bool]float64{
		true:  query(t, prometheus[true], `histogram_quantile(0.95, sum(squall_request_duration_seconds{flow="gateway"}))`),
		false: query(t, prometheus[false], `histogram_quantile(0.95, sum by (le) (squall_request_duration_seconds_bucket{flow="gateway"}))`),
	}
	count := map[bool]float64{
		true:  query(t, prometheus[true], `histogram_count(sum(squall_request_duration_seconds{flow="gateway"}))`),
		false: query(t, prometheus[false], `sum(squall_request_duration_seconds_count{flow="gateway"})`),
	}
	if err := s.Do(t.Context(), operator, command.Finish{}); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Error(err)
	}

	raw, err := os.ReadFile(filepath.Join(s.Snapshot().Dir, report.SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	var summary struct{ Metrics map[string]map[string]any }
	if err := json.Unmarshal(raw, &summary); err != nil {
		t.Fatal(err)
	}
	latency := summary.Metrics["gateway_latency"]
	p95 := latency["p(95)"].(float64) / 1e3
	if reqs := summary.Metrics["http_reqs"]["count"]; reqs != total {
		t.Errorf("the report has %v requests, Prometheus %v", reqs, total)
	}
	for native, got := range count {
		if got != latency["count"] {
			t.Errorf("native %v: %v latencies, the report has %v", native, got, latency["count"])
		}
	}
	if step := math.Exp2(1. / (1 << telemetry.Scale)); quantile[true] > p95*step || quantile[true] < p95/step {
		t.Errorf("the native p95 is %v s, the report's %v: more than a bucket of %v apart", quantile[true], p95, step)
	}
	low, high := 0., math.Inf(1)
	for _, bound := range telemetry.ClassicBounds() {
		if bound < p95 {
			low = bound
		} else if math.IsInf(high, 1) {
			high = bound
		}
	}
	if quantile[false] < low || quantile[false] > high {
		t.Errorf("the classic p95 is %v s, the report's %v, which is between %v and %v", quantile[false], p95, low, high)
	}
	t.Logf("p95: report %v s, native %v, classic %v; %v requests", p95, quantile[true], quantile[false], total)
}
