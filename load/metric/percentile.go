package metric

import (
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Percentile is the nearest-rank percentile of a histogram, in its own unit: the smallest value such
// that at least p % of the samples are not above it (the definition of Hyndman and Fan's type 1,
// The American Statistician 50, 1996). It is the highest value of its bucket, so within the
// histogram's precision never too low. 0 without samples.
//
// The histogram's own ValueAtPercentile rounds the rank to the nearest whole number instead of up:
// of 16 samples its 95th percentile is the 15th, below which only 94 % lie.
func Percentile(h *hdr.Histogram, p float64) int64 {
	n := float64(h.TotalCount())
	if n == 0 {
		return 0
	}
	// A billionth of a percent forgives the last binary digits of p: 99.9 % of 1,000 is 999.
	rank := min(max(1, math.Ceil((p-1e-9)/100*n)), n)
	// Rounding to the nearest rank leaves a whole one as it is.
	return h.ValueAtPercentile(100 * rank / n)
}

// FewestSamples is how many samples a percentile below 100 needs to be more than the maximum by
// another name: 2 for the median, 20 for p95, 100 for p99.
func FewestSamples(p float64) uint64 {
	return uint64(math.Ceil(100/(100-p) - 1e-6))
}
