package scrape

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/evidence/prom"
	"xinbot.ir/squall/internal/evidence/stack"
)

func classic(pairs ...float64) *distribution {
	d := &distribution{classic: map[float64]float64{}}
	for i := 0; i < len(pairs); i += 2 {
		d.classic[pairs[i]] = pairs[i+1]
	}
	return d
}

var inf = math.Inf(1)

// classicCases are histograms and the quantile of each.
var classicCases = map[string]struct {
	d    *distribution
	q    float64
	want float64
}{
	"in the middle of a bucket": {classic(1, 0, 2, 100, inf, 100), 0.5, 1.5},
	"from zero":                 {classic(1, 100, inf, 100), 0.5, 0.5},
	"at a bound":                {classic(1, 50, 2, 100, inf, 100), 0.5, 1},
	"above every bound":         {classic(1, 1, 2, 2, inf, 100), 0.95, 2},
	"below zero":                {classic(-1, 100, 1, 100, inf, 100), 0.5, -1},
	"buckets that fall":         {classic(1, 10, 2, 5, 3, 20, inf, 20), 0.75, 2.5},
	"no observations":           {classic(1, 0, inf, 0), 0.95, math.NaN()},
	"no finite bound":           {classic(inf, 5), 0.95, math.NaN()},
	"no infinite bound":         {classic(1, 5, 2, 9), 0.95, math.NaN()},
}

func TestClassicQuantile(t *testing.T) {
	for name, c := range classicCases {
		if got := c.d.quantile(c.q); !alike(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func alike(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// The quantiles are those that a real Prometheus makes of the same buckets.
func TestClassicQuantilesAreThoseOfPrometheus(t *testing.T) {
	programs := evidencetest.Programs(t)
	page := "# TYPE x untyped\n"
	for name, c := range classicCases {
		for le, n := range c.d.classic {
			page += fmt.Sprintf("x_bucket{case=%q,le=%q} %v\n", name, fmt.Sprint(le), n)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page) }))
	defer server.Close()
	s, err := stack.Start(t.Context(), programs, stack.Config{
		Targets: []stack.Target{{Job: "x", Addr: strings.TrimPrefix(server.URL, "http://")}}, Alertmanager: stack.Alertmanager("http://127.0.0.1:1/"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	prometheus, err := prom.New(prom.Config{Server: client.Config{URL: s.PrometheusURL}})
	if err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "a scrape", 20*time.Second, func() bool {
		_, err := prometheus.Instant(t.Context(), "x_bucket")
		return err == nil
	})
	for name, c := range classicCases {
		want := math.NaN()
		got, err := prometheus.Instant(t.Context(), fmt.Sprintf("histogram_quantile(%v, x_bucket{case=%q})", c.q, name))
		switch {
		case err == nil:
			want = got[0].Value
		case !errors.Is(err, &evidence.Problem{Cause: evidence.NotANumber}):
			t.Errorf("%s: %v", name, err)
		}
		if ours := c.d.quantile(c.q); !alike(ours, want) {
			t.Errorf("%s: %v, Prometheus says %v", name, ours, want)
		}
	}
}

// nativeOf is a native histogram of observations, as Go's own library makes it.
func nativeOf(t *testing.T, factor float64, observations []float64) *distribution {
	t.Helper()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x", NativeHistogramBucketFactor: factor})
	for _, o := range observations {
		h.Observe(o)
	}
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	return distributionOf(m.Histogram)
}

// A quantile of a native histogram lies in the bucket of the true one, whatever resolutions are added.
func TestNativeQuantile(t *testing.T) {
	const seed = 5
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	var all, second []float64
	for range 5000 {
		all = append(all, math.Exp(random.NormFloat64()))
		second = append(second, math.Exp(random.NormFloat64()))
	}
	both := slices.Concat(all, second)
	slices.Sort(both)
	fine, coarse := nativeOf(t, 1.05, all), nativeOf(t, 1.5, second)
	sum := fine.plus(coarse)
	if sum.schema != coarse.schema || fine.schema == coarse.schema {
		t.Fatalf("schemas %d and %d make %d", fine.schema, coarse.schema, sum.schema)
	}
	width := math.Exp2(math.Exp2(-float64(sum.schema)))
	for _, q := range []float64{0.01, 0.5, 0.95, 0.999} {
		want := both[int(q*float64(len(both)))]
		if got := sum.quantile(q); got < want/width || got > want*width {
			t.Errorf("quantile %v is %v, of the observations %v", q, got, want)
		}
	}
	back, ok := sum.minus(coarse)
	if !ok || math.Abs(back.quantile(0.5)-1) > 0.5 {
		t.Errorf("what is left has a median of %v, %v", back.quantile(0.5), ok)
	}
	if _, ok := fine.minus(fine.plus(fine)); ok {
		t.Error("counts that fall are not noticed")
	}
}

func TestNativeZeroAndNegative(t *testing.T) {
	d := nativeOf(t, 1.1, []float64{-4, -2, -1, 0, 0, 0, 1, 2, 4})
	for q, want := range map[float64]float64{0.01: -4, 0.5: 0, 0.99: 4} {
		if got := d.quantile(q); math.Abs(got-want) > math.Abs(want)*0.1+1e-9 {
			t.Errorf("quantile %v is %v, want about %v", q, got, want)
		}
	}
	wide := *d
	wide.zeroWidth = 1.5
	if got := d.like(&wide); got.zero != 5 || len(got.positive) != 2 {
		t.Errorf("within a wider zero bucket: %+v", got)
	}
}

func TestBrokenHistograms(t *testing.T) {
	schema, big := int32(0), int32(99)
	length, offset := uint32(math.MaxUint32), int32(0)
	for name, h := range map[string]*dto.Histogram{
		"no buckets":       {},
		"a strange schema": {Schema: &big, PositiveSpan: []*dto.BucketSpan{{Offset: &offset}}},
		"too long a span":  {Schema: &schema, PositiveSpan: []*dto.BucketSpan{{Offset: &offset, Length: &length}}, PositiveDelta: []int64{1}},
	} {
		if d := distributionOf(h); d != nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
