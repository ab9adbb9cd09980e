package scrape

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
)

// BenchmarkReading is one reading of a service with 60 histograms of 20 buckets and as many counters: parsing, and
// deriving the four panels from it.
func BenchmarkReading(b *testing.B) {
	page := func(n int) string {
		var all strings.Builder
		fmt.Fprintf(&all, "process_start_time_seconds 1\n# TYPE http_request_latency_seconds histogram\n")
		for route := range 60 {
			labels := fmt.Sprintf(`service="orchestrator",method="GET",route="/r%d",status_code="200"`, route)
			for bucket := range 20 {
				fmt.Fprintf(&all, "http_request_latency_seconds_bucket{%s,le=\"%d\"} %d\n", labels, bucket, n*(bucket+1))
			}
			fmt.Fprintf(&all, "http_request_latency_seconds_bucket{%s,le=\"+Inf\"} %d\nhttp_request_latency_seconds_sum{%s} 5\nhttp_request_latency_seconds_count{%s} %d\n", labels, n*30, labels, labels, n*30)
		}
		fmt.Fprintf(&all, "# TYPE http_requests_total counter\n")
		for route := range 60 {
			fmt.Fprintf(&all, "http_requests_total{service=\"channel_gateway\",route=\"/r%d\"} %d\n", route, n)
		}
		fmt.Fprintf(&all, "automation_queue_depth{tenant_id=\"a\"} 1\ningestion_jobs_inflight{tenant_id=\"a\"} 1\n")
		return all.String()
	}
	bodies := [][]byte{[]byte(page(1)), []byte(page(2))}
	b.SetBytes(int64(len(bodies[0])))
	r := newReading([]string{"a"}, evidence.Panels(), &evidencetest.Sink{})
	at := time.Unix(origin, 0)
	header := http.Header{"Content-Type": {text}}
	for i := 0; b.Loop(); i++ {
		p, err := parsePage(header, bodies[min(i, 1)])
		if err != nil {
			b.Fatal(err)
		}
		at = at.Add(time.Second)
		r.take(at, map[string]answer{"a": {page: p}})
	}
}
