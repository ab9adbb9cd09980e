package otlp

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

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

func hide(text string) string { return strings.ReplaceAll(text, "hunter2", "(secret)") }

// busy is a run in which every series has requests of many lengths, and errors.
func busy(t testing.TB) telemetry.State {
	t.Helper()
	meter, o := telemetry.NewMeter(), load.Registry().NewObservation()
	var flows []load.FlowState
	for _, f := range load.Registry().Flows() {
		flows = append(flows, load.FlowState{Flow: f, On: true})
	}
	for id := range o.Latency {
		o.Latency[id], o.Service[id] = metric.NewHistogram(), metric.NewHistogram()
		for micros := int64(1000 + id); micros < 10_000_000; micros += micros/3 + 1 { // not in every bucket
			_ = o.Latency[id].RecordValue(micros)
			_ = o.Service[id].RecordValue(micros / 2)
			o.Window.Series[id].Count++
		}
	}
	o.Window.Length, o.Window.Missed, o.Window.Sent = time.Second, 7, 12345
	o.Errors = []metric.ErrorTotal{{Series: load.Registry().Series()[0], Class: metric.Timeout, Count: 3}}
	meter.Observe(o)
	objective := slo.DefaultObjectives()[0]
	objective.Channel = "hunter2"
	return telemetry.State{
		Reading: meter.Read(), Verdict: slo.Verdict{Answer: slo.Failed},
		Snapshot: session.Snapshot{
			Started: time.Unix(1_700_000_000, 5), Status: session.Running, Flows: flows,
			Timeline: &timeline.Timeline{Start: event.RunStarted{RunID: "abc", Target: "staging", Version: "1.2"}},
			Overall:  []slo.Result{{Objective: objective, State: slo.Fail}},
		},
	}
}

// memory is a network that has one host: everything is in this process, so that a fake clock can go on.
type memory struct{ accept chan net.Conn }

func (m memory) Accept() (net.Conn, error) {
	conn, open := <-m.accept
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (m memory) Addr() net.Addr { return &net.TCPAddr{} }
func (m memory) Close() error   { return nil }

// listen answers to a transport with a handler until the test has ended.
func listen(t *testing.T, h http.Handler) *http.Transport {
	t.Helper()
	m := memory{make(chan net.Conn)}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(m) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		here, there := net.Pipe()
		select {
		case m.accept <- there:
			return here, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		close(m.accept)
		<-ended
		server.Close()
		synctest.Wait() // for the handlers
	})
	return transport
}

// receiver takes exports as a collector does.
type receiver struct {
	mu     sync.Mutex
	taken  []*collector.ExportMetricsServiceRequest
	header http.Header
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	request, err := decode(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken, c.header = append(c.taken, request), req.Header
	answer(w, http.StatusOK, &collector.ExportMetricsServiceResponse{})
}

func (c *receiver) last() *collector.ExportMetricsServiceRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.taken) == 0 {
		return nil
	}
	return c.taken[len(c.taken)-1]
}

func decode(req *http.Request) (*collector.ExportMetricsServiceRequest, error) {
	if req.Method != http.MethodPost || req.URL.Path != "/v1/metrics" || req.Header.Get("Content-Type") != "application/x-protobuf" {
		return nil, fmt.Errorf("%s %s %s", req.Method, req.URL, req.Header.Get("Content-Type"))
	}
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unpacked
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	request := new(collector.ExportMetricsServiceRequest)
	return request, proto.Unmarshal(raw, request)
}

func answer(w http.ResponseWriter, status int, message proto.Message) {
	raw, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// journal keeps what is recorded.
type journal struct {
	mu     sync.Mutex
	events []any
}

func (j *journal) record(data any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, data)
}

// exports are the events of exports.
func (j *journal) exports() (all []event.MetricsExported) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.events {
		if told, ok := e.(event.MetricsExported); ok {
			all = append(all, told)
		}
	}
	return all
}

func newExporter(transport http.RoundTripper) *Exporter {
	return New(Config{
		URL: "http://collector.example.org/v1/metrics", Headers: http.Header{"Authorization": {"Bearer hunter2"}},
		Interval: 10 * time.Second, Timeout: 10 * time.Second, UserAgent: "squall/test", Transport: transport, Redact: hide,
	})
}

// byName are the metrics of a request.
func byName(request *collector.ExportMetricsServiceRequest) map[string]*metrics.Metric {
	all := map[string]*metrics.Metric{}
	for _, m := range request.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
		all[m.GetName()] = m
	}
	return all
}

func pairs(attributes []*common.KeyValue) string {
	var all []string
	for _, a := range attributes {
		all = append(all, a.GetKey()+"="+a.GetValue().GetStringValue())
	}
	return strings.Join(all, ",")
}
