package otlp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/telemetry"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/report"
)

var operator = event.By(event.RoleOperator)

// run makes load on the embedded platform, exports to an address until enough was sent, and returns what the report's summary
// says.
func run(t *testing.T, address string, c Config) (summary map[string]map[string]any, events []event.MetricsExported) {
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
		Workload: load.DefaultWorkload(), Keys: new(load.Keyring), KeepAlive: true, RunID: session.NewRunID(),
		Timeout: 5 * time.Second, Drain: 3 * time.Second, UserAgent: "squall/test", Seed: 1,
	}
	for c, spec := range o.Workload.Channels {
		o.Gateway[c] = load.GatewayURL(gateway, spec.Path)
		if err := o.Keys.Set(load.Channel(c), load.Key{Current: p.Secrets()[spec.SecretOf.String()]}); err != nil {
			t.Fatal(err)
		}
	}
	transport := &http.Transport{}
	c.URL, c.Interval, c.Timeout, c.Transport, c.Redact = address, time.Second, 10*time.Second, transport, o.Keys.Redact
	meter, exporter, told := telemetry.NewMeter(), New(c), new(journal)
	s, err := session.Start(t.Context(), session.Config{
		Options: o, Target: "demo", Version: "test", Embedded: true,
		Settings:   load.Settings{VUs: 20, Think: load.Think{Max: 20 * time.Millisecond}, SpikeFactor: 5},
		Objectives: slo.DefaultObjectives(), BuiltIn: true,
		Measured: meter.Observe,
		Outlets: []session.Outlet{func(ctx context.Context, s *session.Session) {
			defer transport.CloseIdleConnections()
			exporter.Run(ctx, func() telemetry.State { return telemetry.Read(s, meter) }, func(data any) {
				told.record(data)
				s.Record(data)
			})
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
	defer func() { s.Abort(operator); <-s.Done() }()
	for deadline := time.Now().Add(time.Minute); s.Snapshot().Load.All.Count < 1000; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not enough requests within a minute")
		}
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
	var document struct{ Metrics map[string]map[string]any }
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	return document.Metrics, told.exports()
}

// What a receiver has when the run has ended are the counts of the report, of the whole run.
func TestRunIsExportedWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("a run of some seconds")
	}
	took := new(receiver)
	server := httptest.NewServer(took)
	defer server.Close()
	summary, events := run(t, server.URL+"/v1/metrics", Config{Gzip: true, Headers: http.Header{"X-Scope-Orgid": {"team-a"}}})
	end := events[len(events)-1]
	if len(events) != 2 || end.Failed != 0 || end.Exports != len(took.taken) || end.Exports < 2 {
		t.Errorf("%d were taken, it tells %+v", len(took.taken), events)
	}
	if h := took.header; h.Get("Content-Encoding") != "gzip" || h.Get("X-Scope-Orgid") != "team-a" {
		t.Errorf("headers are %v", h)
	}
	all := byName(took.last())
	total, latencies := 0., 0.
	for _, p := range all["squall_requests"].GetSum().GetDataPoints() {
		total += p.GetAsDouble()
	}
	for _, p := range all["squall_request_duration"].GetExponentialHistogram().GetDataPoints() {
		if p.GetAttributes()[0].GetValue().GetStringValue() == "gateway" {
			latencies += float64(p.GetCount())
		}
	}
	if reqs := summary["http_reqs"]["count"]; reqs != total || total < 1000 {
		t.Errorf("the report has %v requests, the receiver %v", reqs, total)
	}
	if n := summary["gateway_latency"]["count"]; n != latencies {
		t.Errorf("the report has %v latencies of the gateway, the receiver %v", n, latencies)
	}
	for _, p := range all["squall_run_status"].GetGauge().GetDataPoints() {
		if status := p.GetAttributes()[0].GetValue().GetStringValue(); (p.GetAsDouble() == 1) != (status == "finished") {
			t.Errorf("the status %s is %v", status, p.GetAsDouble())
		}
	}
}
