package telemetry

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// The layout that slots are worked out from is the library's.
func TestSlotsAreThoseOfTheLibrary(t *testing.T) {
	all := newSlots()
	for i := 0; i < len(all); i += 37 {
		h := metric.NewHistogram()
		if err := h.RecordValue(min(max(all[i].middle, metric.LowestMicros), metric.HighestMicros)); err != nil {
			t.Fatal(err)
		}
		at := slices.Index(h.Export().Counts, 1)
		if want := i; at != want && (i > 0 && all[i].middle <= metric.HighestMicros) {
			t.Fatalf("%d µs is counted at %d, want %d", all[i].middle, at, want)
		}
	}
}

func observation(record func(latency func(id metric.SeriesID, d time.Duration))) metric.Observation {
	o := load.Registry().NewObservation()
	record(func(id metric.SeriesID, d time.Duration) {
		if o.Latency[id] == nil {
			o.Latency[id] = metric.NewHistogram()
		}
		_ = o.Latency[id].RecordValue(d.Microseconds())
		o.Window.Series[id].Count++
	})
	return o
}

// What is added second by second is what the merged histogram has: counts exactly, percentiles in the same bucket, the sum as
// precisely as it was recorded.
func TestSecondsAddUpToTheMergedHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	meter, merged := NewMeter(), metric.NewHistogram()
	id, sum := load.Gateway.Series("webchat"), 0.
	for range 50 {
		meter.Observe(observation(func(latency func(metric.SeriesID, time.Duration)) {
			for range 400 {
				d := time.Duration(math.Exp(random.NormFloat64()*1.5) * float64(100*time.Millisecond))
				d = min(max(d.Truncate(time.Microsecond), time.Microsecond), 3*time.Minute)
				sum += d.Seconds()
				_ = merged.RecordValue(d.Microseconds())
				latency(id, d)
			}
		}))
	}
	d := meter.Read().Latency[id]
	if d.Count != 20_000 || d.Count != uint64(merged.TotalCount()) {
		t.Fatalf("%d are counted", d.Count)
	}
	if got := d.Sum.Seconds(); math.Abs(got-sum) > 0.001*sum {
		t.Errorf("the sum is %v, want %v", got, sum)
	}
	for _, p := range []float64{1, 50, 90, 95, 99, 99.9, 100} {
		if got, want := bucketOf(d, p), indexOf(metric.Percentile(merged, p)); got != want {
			t.Errorf("p%v is in bucket %d, want %d", p, got, want)
		}
	}
	for i, n := range d.Below() {
		if want := below(merged, ClassicBounds()[i]); n != want {
			t.Errorf("%d are below %v, want %d", n, ClassicBounds()[i], want)
		}
	}
}

// Bucket i reaches up to 2^(i/16) s, that bound included.
func TestBounds(t *testing.T) {
	for micros, want := range map[int64]int{1_000_000: 0, 1_000_001: 1, 2_000_000: 16, 2_000_001: 17, 500_000: -16, 499_999: -16, 478_000: -17} {
		if got := indexOf(micros); got != want {
			t.Errorf("%d µs is in bucket %d, want %d", micros, got, want)
		}
	}
}

// Every metric is documented, with its kind.
func TestMetricsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Metrics() {
		row := "| `" + m.PrometheusName() + "` | " + map[Kind]string{Gauge: "gauge", Counter: "counter", Histogram: "histogram"}[m.Kind] + " |"
		if !strings.Contains(string(raw), row) {
			t.Errorf("docs/telemetry.md lacks %s", row)
		}
	}
}

// bucketOf is the exponential bucket that a percentile lies in.
func bucketOf(d Distribution, p float64) (at int) {
	rank, sum := metric.Rank(p, int64(d.Count)), int64(0)
	for index, n := range d.Buckets {
		if sum += int64(n); sum >= rank {
			return index
		}
	}
	return math.MaxInt
}

func below(h *hdr.Histogram, seconds float64) (n uint64) {
	for _, bar := range h.Distribution() {
		if float64(bar.To)/1e6 <= seconds {
			n += uint64(bar.Count)
		}
	}
	return n
}

// A reading does not change when more is added.
func TestReadingStaysAsItIs(t *testing.T) {
	meter, id := NewMeter(), load.Gateway.Series("telegram")
	second := observation(func(latency func(metric.SeriesID, time.Duration)) { latency(id, time.Second) })
	second.Errors = []metric.ErrorTotal{{Series: load.Registry().Series()[id], Class: metric.Timeout, Count: 1}}
	meter.Observe(second)
	r := meter.Read()
	meter.Observe(second)
	if r.Latency[id].Count != 1 || bucketOf(r.Latency[id], 100) != indexOf(time.Second.Microseconds()+1) || r.Errors[ErrorKey{id, metric.Timeout}] != 1 || r.Requests[id] != 1 {
		t.Errorf("the reading is %+v", r)
	}
	if now := meter.Read(); now.Latency[id].Count != 2 || now.Errors[ErrorKey{id, metric.Timeout}] != 2 {
		t.Errorf("the second is not added: %+v", now)
	}
}

// Requests are told by what came of them: of 5 that ended one timed out; what squall failed to send is apart.
func TestRequestsByClass(t *testing.T) {
	meter, id := NewMeter(), load.Gateway.Series("webchat")
	o := observation(func(latency func(metric.SeriesID, time.Duration)) {
		for range 5 {
			latency(id, time.Millisecond)
		}
	})
	series := load.Registry().Series()[id]
	o.Window.Series[id].Failed = 1
	o.Errors = []metric.ErrorTotal{
		{Series: series, Class: metric.BadStatus, Status: 502, Count: 1}, {Series: series, Class: metric.LocalLimit, Count: 7},
	}
	meter.Observe(o)
	s := State{Reading: meter.Read(), Snapshot: session.Snapshot{Timeline: &timeline.Timeline{Start: event.RunStarted{}}}}
	got := map[string]float64{}
	for _, m := range Metrics() {
		for _, p := range m.Points(s) {
			if len(p.Labels) != len(m.Labels) {
				t.Errorf("%s has labels %v, want values of %v", m.Name, p.Labels, m.Labels)
			}
			if len(p.Labels) == 3 && p.Labels[1] == "webchat" {
				got[m.PrometheusName()+" "+p.Labels[2]] = p.Value
			}
		}
	}
	for name, want := range map[string]float64{
		"squall_requests_total ok": 4, "squall_requests_total status": 1, "squall_requests_total timeout": 0,
		"squall_requests_not_counted_total generator": 7, "squall_requests_not_counted_total away": 0,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s is %v (there: %v), want %v", name, value, there, want)
		}
	}
}
