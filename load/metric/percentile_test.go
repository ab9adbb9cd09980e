package metric

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// rankByCounting is the definition, taken at its word.
func rankByCounting(sorted []int64, perMille int) int64 {
	for i, v := range sorted {
		if (i+1)*1000 >= perMille*len(sorted) {
			return v
		}
	}
	return 0
}

func TestPercentileIsTheNearestRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 9))
	sizes := []int{999, 1000, 1001, 4999, 10_000}
	for n := 1; n <= 130; n++ {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		h := NewHistogram()
		values := make([]int64, n)
		for i := range values {
			values[i] = 1 + rng.Int64N(2000) // buckets are one wide here
			if err := h.RecordValue(values[i]); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(values)
		for _, perMille := range []int{1, 10, 250, 500, 900, 950, 990, 999, 1000} {
			if got, want := Percentile(h, float64(perMille)/10), rankByCounting(values, perMille); got != want {
				t.Errorf("p%g of %d samples is %d, want %d", float64(perMille)/10, n, got, want)
			}
		}
	}
}

// The 95th percentile of 16 samples is the 16th: 15 would be 93.75 % of them.
func TestFewSamplesAreRoundedUp(t *testing.T) {
	h := NewHistogram()
	for i := range 16 {
		if err := h.RecordValue(int64(i+1) * 100); err != nil {
			t.Fatal(err)
		}
	}
	s := Statistics(h)
	if s.P95 != s.Max || s.P90 != micros(Percentile(h, 90)) {
		t.Errorf("p95 %v of 16 samples, want the highest, %v", s.P95, s.Max)
	}
	if Percentile(NewHistogram(), 95) != 0 {
		t.Error("a percentile without samples")
	}
}

// Below the fewest samples a percentile is the maximum; from there on it need not be.
func TestFewestSamples(t *testing.T) {
	for p, want := range map[float64]uint64{50: 2, 90: 10, 95: 20, 99: 100, 99.9: 1000, 99.99: 10_000} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			if got := FewestSamples(p); got != want {
				t.Fatalf("%d samples, want %d", got, want)
			}
			h := NewHistogram()
			for i := range int64(want) - 1 {
				_ = h.RecordValue(i + 1)
			}
			if Percentile(h, p) != h.ValueAtPercentile(100) {
				t.Error("one fewer is not the maximum")
			}
			_ = h.RecordValue(1_000_000)
			if Percentile(h, p) == h.ValueAtPercentile(100) {
				t.Error("it is still the maximum")
			}
		})
	}
}

// Of one sample, and of two that are alike, every figure is the same, also where buckets are wide; of two that differ the
// mean lies between them.
func TestFiguresOfOneAndTwoSamplesAgree(t *testing.T) {
	for _, c := range []struct {
		values      []int64
		least, most int64
		mean        float64
	}{
		{[]int64{15_600}, 15_607, 15_607, 15_607},
		{[]int64{15_600, 15_606}, 15_607, 15_607, 15_607},
		{[]int64{100, 300}, 100, 300, 200},
		{[]int64{15_600, 100_000}, 15_607, 100_031, 57_802}, // (15,604 + 100,000) / 2: of each bucket its middle
		{nil, 0, 0, 0},
	} {
		h := NewHistogram()
		for _, v := range c.values {
			if err := h.RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		if least, most, mean := Least(h), Percentile(h, 100), Mean(h); least != c.least || most != c.most || mean != c.mean {
			t.Errorf("%v: least %d, mean %v, greatest %d, want %d, %v, %d", c.values, least, mean, most, c.least, c.mean, c.most)
		}
		s := Statistics(h)
		if s.Min != micros(c.least) || s.P50 > micros(c.most) || s.P50 < s.Min || s.Mean < s.Min || s.Mean > micros(c.most) {
			t.Errorf("%v: statistics %+v", c.values, s)
		}
	}
}
