package report

import (
	"math"
	"math/rand/v2"
	"testing"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load/metric"
)

// A distribution says what a histogram of the same values says.
func TestDistributionIsTheHistogram(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	values := func(n int, upTo float64) (bars rundir.Bars) {
		h := metric.NewHistogram()
		for range n {
			record(h, int64(math.Exp(rng.Float64()*math.Log(upTo))))
		}
		for _, bar := range h.Distribution() {
			if bar.Count > 0 {
				bars = append(bars, rundir.Bar{Value: bar.From, Count: bar.Count})
			}
		}
		return bars
	}
	var d distribution
	h := metric.NewHistogram()
	var seconds []rundir.Bars
	for i := range 40 {
		seconds = append(seconds, values(i*7%50, []float64{3000, 1e6, metric.HighestMicros}[i%3]))
		d.add(seconds[i], 1)
		if i >= 10 {
			d.add(seconds[i-10], -1)
		}
		h.Reset()
		for _, bars := range seconds[max(0, i-9):] {
			bars.AddTo(h)
		}
		if d.count != h.TotalCount() {
			t.Fatalf("second %d: %d values, want %d", i, d.count, h.TotalCount())
		}
		if d.count == 0 {
			continue
		}
		for _, p := range locustPercentiles {
			if got, want := d.percentile(p), metric.Percentile(h, p); got != want {
				t.Errorf("second %d: p%v is %d, of the histogram %d", i, p, got, want)
			}
		}
		if d.lowest() != metric.Least(h) || math.Abs(d.mean()-metric.Mean(h)) > 1e-6*metric.Mean(h) {
			t.Errorf("second %d: least %d, mean %v; of the histogram %d, %v", i, d.lowest(), d.mean(), metric.Least(h), metric.Mean(h))
		}
	}
}
