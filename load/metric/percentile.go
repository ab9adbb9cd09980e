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
	n := h.TotalCount()
	if n == 0 {
		return 0
	}
	// Rounding to the nearest rank leaves a whole one as it is.
	return h.ValueAtPercentile(100 * float64(Rank(p, n)) / float64(n))
}

// Rank is the place of a percentile among n samples in their order, counted from 1; see [Percentile].
func Rank(p float64, n int64) int64 {
	// A billionth of a percent forgives the last binary digits of p: 99.9 % of 1,000 is 999.
	return int64(min(max(1, math.Ceil((p-1e-9)/100*float64(n))), float64(n)))
}

// FewestSamples is how many samples a percentile below 100 needs to be more than the maximum by
// another name: 2 for the median, 20 for p95, 100 for p99.
func FewestSamples(p float64) uint64 {
	return uint64(math.Ceil(100/(100-p) - 1e-6))
}

// Least is the smallest value of a histogram, as [Percentile] reads values: of one sample it is every percentile and the
// greatest value, too. 0 without samples.
func Least(h *hdr.Histogram) int64 { return Percentile(h, 0) }

// Mean is the average of a histogram. The values of a bucket count with its middle, which keeps the average of many
// true; of a few that would be below the least, since that is the upper end of its bucket, so it is kept between the
// least and the greatest. 0 without samples.
func Mean(h *hdr.Histogram) float64 {
	return min(max(h.Mean(), float64(Least(h))), float64(Percentile(h, 100)))
}
