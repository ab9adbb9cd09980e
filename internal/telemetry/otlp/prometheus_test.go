package otlp

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"xinbot.ir/squall/internal/telemetry"
)

// program is a Prometheus that takes OTLP, which Debian's does not: make builds it.
const program = "../../../bin/prometheus"

// startPrometheus starts one that is told and scrapes nobody, and returns its address.
func startPrometheus(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: run make bin/prometheus", err)
		}
		t.Skipf("%v: run make bin/prometheus", err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte("scrape_configs: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	ctx, cancel := context.WithCancel(context.Background())
	said := new(bytes.Buffer)
	cmd := exec.CommandContext(ctx, path, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address="+addr, "--web.enable-otlp-receiver", "--log.level=warn")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = said, said, 5*time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("Prometheus said: %s", said)
		}
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/-/ready", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return "http://" + addr
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("Prometheus is not ready after a minute")
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
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
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

// A real Prometheus that takes OTLP has the counts of the report, the p95 as precisely as buckets are, and each metric under the
// name that a scrape shows.
func TestPrometheusThatTakesOTLPHasTheNumbersOfTheReport(t *testing.T) {
	if testing.Short() {
		t.Skip("a run of some seconds, and a Prometheus")
	}
	prometheus := startPrometheus(t)
	summary, events := run(t, prometheus+"/api/v1/otlp/v1/metrics", Config{Gzip: true})
	if end := events[len(events)-1]; len(events) != 2 || end.Failed != 0 || end.Exports < 2 {
		t.Fatalf("it tells %+v", events)
	}
	total := query(t, prometheus, "sum(squall_requests_total)")
	if reqs := summary["http_reqs"]["count"]; reqs != total || total < 1000 {
		t.Errorf("the report has %v requests, Prometheus %v", reqs, total)
	}
	latency := summary["gateway_latency"]
	if n := query(t, prometheus, `histogram_count(sum(squall_request_duration_seconds{flow="gateway"}))`); n != latency["count"] {
		t.Errorf("%v latencies, the report has %v", n, latency["count"])
	}
	p95, step := latency["p(95)"].(float64)/1e3, math.Exp2(1./(1<<telemetry.Scale))
	got := query(t, prometheus, `histogram_quantile(0.95, sum(squall_request_duration_seconds{flow="gateway"}))`)
	if got > p95*step || got < p95/step {
		t.Errorf("the p95 is %v s, the report's %v: more than a bucket of %v apart", got, p95, step)
	}
	if n := query(t, prometheus, `squall_run_status{job="squall",status="finished"}`); n != 1 {
		t.Errorf("finished is %v", n)
	}
	if n := query(t, prometheus, `count(target_info{squall_target="demo",service_version="test"})`); n != 1 {
		t.Errorf("%v say who it is", n)
	}
	there := 0
	open := map[string]bool{"squall_arrivals_wanted": true, "squall_request_service_duration": true, "squall_fault_injections": true, "squall_fault_active": true}
	for _, m := range telemetry.Metrics() {
		switch n := query(t, prometheus, "count("+m.PrometheusName()+")"); {
		case n >= 1:
			there++
		case !open[m.Name]: // those are of the open model, and of faults
			t.Errorf("there is no %s", m.PrometheusName())
		}
	}
	t.Logf("p95: report %v s, Prometheus %v; %v requests, %d metrics", p95, got, total, there)
}
