package scrape

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protodelim"

	"xinbot.ir/squall/internal/evidence"
)

const (
	text        = "text/plain; version=0.0.4"
	openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

func pageOf(t testing.TB, contentType, body string) *page {
	t.Helper()
	p, err := parsePage(http.Header{"Content-Type": {contentType}}, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// registry has one metric of each kind, as Go's own library shows them.
func registry(native bool) *prometheus.Registry {
	r := prometheus.NewRegistry()
	opts := prometheus.HistogramOpts{Name: "latency_seconds", Buckets: []float64{0.1, 0.5, 1}}
	if native {
		opts.NativeHistogramBucketFactor = 1.1
	}
	h := prometheus.NewHistogramVec(opts, []string{"service"})
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"service"})
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "depth"})
	r.MustRegister(h, c, g)
	for i := range 100 {
		h.WithLabelValues("a").Observe(float64(i) / 100)
	}
	c.WithLabelValues("a").Add(7)
	c.WithLabelValues("b \"}\n\\").Add(3)
	g.Set(-2.5)
	return r
}

// Every format that a service may choose says the same.
func TestFormats(t *testing.T) {
	for name, c := range map[string]struct {
		accept string
		native bool
	}{
		"text": {"text/plain", false}, "OpenMetrics": {"application/openmetrics-text;version=1.0.0", false},
		"protobuf": {accept, false}, "native histograms": {accept, true},
	} {
		t.Run(name, func(t *testing.T) {
			handler := promhttp.HandlerFor(registry(c.native), promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
			req := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
			req.Header.Set("Accept", c.accept)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, req)
			p := pageOf(t, w.Header().Get("Content-Type"), w.Body.String())
			counters := p.find("requests_total", nil)
			if len(counters) != 2 || counters[0].value+counters[1].value != 10 {
				t.Errorf("counters %+v", counters)
			}
			if odd := p.find("requests_total", evidence.Labels{"service": "b \"}\n\\"}); len(odd) != 1 || odd[0].value != 3 {
				t.Errorf("a label of odd characters: %+v", odd)
			}
			if depth := p.find("depth", nil); len(depth) != 1 || depth[0].value != -2.5 {
				t.Errorf("gauge %+v", depth)
			}
			h := p.find("latency_seconds", evidence.Labels{"service": "a"})
			if len(h) != 1 || h[0].counts == nil || h[0].counts.native != c.native {
				t.Fatalf("histogram %+v", h)
			}
			tolerance := 0.01 // the observations are even, so even buckets are right
			if c.native {
				tolerance = 0.95 * 0.1
			}
			if got := h[0].counts.quantile(0.95); math.Abs(got-0.95) > tolerance+0.01 {
				t.Errorf("p95 is %v", got)
			}
			if created := h[0].created; name != "text" && math.Abs(created-float64(time.Now().Unix())) > 60 {
				t.Errorf("created %v", created)
			}
			if born := p.born(); name != "text" && born == 0 {
				t.Error("the process does not say when it was born")
			}
		})
	}
}

func TestOpenMetrics(t *testing.T) {
	p := pageOf(t, openMetrics, `# TYPE requests counter
# UNIT requests things
# HELP requests with "quotes"
requests_total{a="x # {"} 5 1700000000.5 # {trace_id="abc"} 1 1700000000.1
requests_created{a="x # {"} 1.7e9
# TYPE wait histogram
wait_bucket{le="1"} 2 # {trace_id="abc"} 0.5
wait_bucket{le="+Inf"} 3
wait_sum 3
wait_count 3
# TYPE build info
build_info{v="1"} 1
# EOF
`)
	if got := p.find("requests_total", nil); len(got) != 1 || got[0].value != 5 || got[0].created != 1.7e9 || got[0].labels["a"] != "x # {" {
		t.Errorf("%+v", got)
	}
	if got := p.find("wait", nil); len(got) != 1 || got[0].counts.classic[1] != 2 {
		t.Errorf("%+v", got)
	}
	if p.born() != 1.7e9 {
		t.Errorf("born %v", p.born())
	}
}

func TestWrongPages(t *testing.T) {
	for name, c := range map[string]struct{ contentType, body string }{
		"cut off":                   {openMetrics, "a 1\n"},
		"after the end":             {openMetrics, "a 1\n# EOF\nb 1\n"},
		"no value":                  {openMetrics, "a\n# EOF\n"},
		"labels go on":              {openMetrics, "a{b=\"c 1\n# EOF\n"},
		"not a number":              {text, "a one\n"},
		"JSON":                      {"application/json", `{"status":"ok"}`},
		"comments alone":            {text, "# nothing\n"},
		"protobuf of a huge length": {expfmt.ProtoFmt + "encoding=delimited", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
		"half a protobuf":           {expfmt.ProtoFmt + "encoding=delimited", "\x10abc"},
	} {
		if p, err := parsePage(http.Header{"Content-Type": {c.contentType}}, []byte(c.body)); err == nil {
			t.Errorf("%s: %+v", name, p.families)
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add(text, "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 3\na_created 5\n")
	f.Add(openMetrics, "# TYPE a counter\na_total{b=\"}\"} 1 2 # {x=\"y\"} 1\n# EOF\n")
	var proto strings.Builder
	families, err := registry(true).Gather()
	if err != nil {
		f.Fatal(err)
	}
	for _, family := range families {
		if _, err := protodelim.MarshalTo(&proto, family); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(string(expfmt.FmtProtoDelim), proto.String())
	f.Fuzz(func(t *testing.T, contentType, body string) {
		p, err := parsePage(http.Header{"Content-Type": {contentType}}, []byte(body))
		if err != nil {
			return
		}
		p.born()
		sink := &counted{t: t}
		var panels []evidence.Panel
		for name := range p.families {
			for _, kind := range []evidence.DerivationKind{evidence.Each, evidence.Highest, evidence.Rate, evidence.Quantile} {
				panels = append(panels, evidence.Panel{Name: name + string(rune('0'+kind)), Derive: evidence.Derivation{Kind: kind, Metric: name, Window: time.Minute, Quantile: 0.95}})
			}
		}
		r := newReading([]string{"t"}, panels, sink)
		for i := range 3 {
			r.take(time.Unix(int64(i), 0), map[string]answer{"t": {page: p}})
		}
	})
}

// counted checks that every sample is a number.
type counted struct{ t *testing.T }

func (c *counted) Sample(s evidence.Sample) {
	if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
		c.t.Errorf("%+v", s)
	}
}
func (c *counted) Alert(evidence.Alert) {}
func (c *counted) Gap(evidence.Gap)     {}
