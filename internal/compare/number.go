package compare

import "math"

// Number is one of the numbers that are judged.
type Number uint8

// The numbers.
const (
	P50 Number = iota
	P95
	P99
	FailedShare
	numNumbers
)

var numberRows = [numNumbers]struct {
	name       string
	percentile float64 // 0: a share
}{
	P50:         {"p50", 50},
	P95:         {"p95", 95},
	P99:         {"p99", 99},
	FailedShare: {"failed", 0},
}

// String is the number's name.
func (n Number) String() string { return numberRows[n].name }

// Latency reports whether the number is a latency; else it is a share.
func (n Number) Latency() bool { return numberRows[n].percentile > 0 }

// Percentile is which one a latency is; 0 for a share.
func (n Number) Percentile() float64 { return numberRows[n].percentile }

// beyond is how many requests must lie above a percentile (below the median, too) for it to be judged: with fewer, a
// handful of requests decides where it lies, and an interval from resampling them is too narrow.
const beyond = 5

// fewest is how many requests each side needs.
func (n Number) fewest() uint64 {
	if !n.Latency() {
		return 2 * beyond
	}
	return uint64(math.Ceil(beyond/(1-numberRows[n].percentile/100) - 1e-6))
}

// scaled is a value as it is compared: latencies by their logarithm, so that differences are ratios.
func (n Number) scaled(v float64) float64 {
	if n.Latency() {
		return math.Log(v)
	}
	return v
}

// difference turns a difference of scaled values into what is shown: relative to the first for a latency (0.1 is 10 %
// more), the difference itself for a share.
func (n Number) difference(d float64) float64 {
	if n.Latency() {
		return math.Expm1(d)
	}
	return d
}

// limit is the tolerance in the terms of [Number.difference].
func (n Number) limit(tolerance, base float64) float64 {
	if n.Latency() {
		return tolerance
	}
	return tolerance * base
}

// resolution is the least standard error of a scaled value: histograms hold three significant digits, and a value in a
// bucket of a thousandth may lie anywhere in it.
func (n Number) resolution(v float64) float64 {
	if !n.Latency() {
		return 0
	}
	return max(1e-3, 1/max(v, 1)) / math.Sqrt(3)
}
