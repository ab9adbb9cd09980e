package grafana

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/evidence/stack"
)

// A real Prometheus behind the data-source proxy: queries with variables, a quantile and a rate give what was measured.
func TestARealPrometheus(t *testing.T) {
	programs := evidencetest.Programs(t)
	var scrapes atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := scrapes.Add(1)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE automation_queue_depth gauge\nautomation_queue_depth{tenant_id=\"a.b\"} 7\nautomation_queue_depth{tenant_id=\"c\"} 9\n")
		fmt.Fprintf(w, "# TYPE ingestion_jobs_inflight gauge\ningestion_jobs_inflight{tenant_id=\"a.b\"} 1\ningestion_jobs_inflight{tenant_id=\"c\"} 2\n")
		fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total{service=\"channel_gateway\",status_code=\"202\"} %d\n", 10*n)
		fmt.Fprintf(w, "# TYPE http_request_latency_seconds histogram\nhttp_request_latency_seconds_bucket{le=\"1\"} 0\nhttp_request_latency_seconds_bucket{le=\"2\"} %d\nhttp_request_latency_seconds_bucket{le=\"+Inf\"} %d\n", n, n)
	}))
	defer service.Close()
	s, err := stack.Start(t.Context(), programs, stack.Config{
		Targets: []stack.Target{{Job: "platform", Addr: strings.TrimPrefix(service.URL, "http://"), Labels: map[string]string{"service": "target"}}}, Alertmanager: stack.Silent(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	behind, err := url.Parse(s.PrometheusURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Transport: &http.Transport{}, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind) }}
	defer proxy.Transport.(*http.Transport).CloseIdleConnections()
	f, address := newFake(t, proxy)
	f.set("/api/dashboards/uid/xin-api", reply(200, `{"meta":{},"dashboard":{"uid":"xin-api","title":"API","templating":{"list":[
		{"name":"tenant","type":"query","query":"label_values(automation_queue_depth, tenant_id)","includeAll":true,"multi":true,"current":{"value":["$__all"]}}]},"panels":[
		{"id":1,"title":"Latency","datasource":{"type":"prometheus","uid":"Prometheus"},"targets":[{"refId":"A","expr":"histogram_quantile(0.5, sum(rate(http_request_latency_seconds_bucket[$__range])) by (le))","legendFormat":"p50"}]},
		{"id":2,"title":"Depth","targets":[{"refId":"A","expr":"automation_queue_depth{tenant_id=~\"$tenant\"}","legendFormat":"{{tenant_id}}"}]},
		{"id":3,"title":"Requests","targets":[{"refId":"A","expr":"sum(http_requests_total{service=\"channel_gateway\"})"}]},
		{"id":4,"title":"Wrong","targets":[{"refId":"A","expr":"sum(("}]}]}}`))
	source := open(t, Config{Server: at(address), UIDs: []string{"xin-api"}, Step: time.Second})
	from := time.Now()
	evidencetest.Eventually(t, "six scrapes", time.Minute, func() bool { return scrapes.Load() > 6 })
	dir := t.TempDir()
	// The last scrape may not be written yet: what is asked for here ends before it.
	files, err := source.Export(t.Context(), from, time.Now(), dir)
	if err == nil || !strings.Contains(err.Error(), `panel "Wrong" of dashboard xin-api: it refuses the query`) || len(files) != 4 {
		t.Fatalf("%+v, %v", files, err)
	}
	values := func(id string) map[string][]string {
		raw, err := os.Open(filepath.Join(dir, "grafana-xin-api-"+id+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		rows, err := csv.NewReader(raw).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		all := map[string][]string{}
		for _, row := range rows[1:] {
			all[row[1]] = append(all[row[1]], row[2])
		}
		return all
	}
	if got := values("1")["p50"]; len(got) == 0 || got[len(got)-1] != "1.5" {
		t.Errorf("p50 is %v, want 1.5: all observations lie evenly between 1 and 2", got)
	}
	if got := values("2"); len(got) != 2 || got["a.b"] == nil || got["a.b"][0] != "7" || got["c"][0] != "9" {
		t.Errorf("depth is %v", got)
	}
	if got := values("3")[""]; len(got) == 0 || !strings.HasSuffix(got[0], "0") {
		t.Errorf("requests are %v", values("3"))
	}
	if files[2].Query != `sum(http_requests_total{exported_service="channel_gateway"})` {
		t.Errorf("asked %s", files[2].Query)
	}
	if got := said(source.Check(t.Context(), evidence.Wanted{})); !strings.Contains(got, `"API", 3 of its 4 panels can be read`) {
		t.Error(got)
	}
}
