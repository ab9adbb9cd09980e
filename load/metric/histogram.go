package metric

import hdr "github.com/HdrHistogram/hdrhistogram-go"

// Histogram bounds. Values are microseconds; a value outside is clamped and counted as clamped.
const (
	LowestMicros      = 1
	HighestMicros     = 180_000_000 // three minutes
	SignificantDigits = 3
)

// NewHistogram returns an empty histogram with the bounds that every histogram of a run has, so
// that any two of them can be merged without loss.
func NewHistogram() *hdr.Histogram {
	return hdr.New(LowestMicros, HighestMicros, SignificantDigits)
}

// Bucket is the lowest value of the i-th count of such a histogram, and how many values it holds. In HdrHistogram's layout
// with 2^11 = 2,048 sub-buckets (three significant digits) and a lowest value of 1, bucket i holds the values from (s << b) on,
// 1 << b of them: b is i/1024 - 1 and s is 1024 + i%1024, but for i below 1024, which is the value i itself (see
// [HdrHistogram], "CountsArrayIndex").
//
// [HdrHistogram]: https://github.com/HdrHistogram/HdrHistogram
func Bucket(i int) (low, width int64) {
	const half = 1024
	if b := i/half - 1; b > 0 {
		return int64(half+i%half) << b, int64(1) << b
	}
	return int64(i), 1
}

// Observation is a closed window together with its histograms, for those who keep them. The
// histograms are reused: they are valid only during the call.
type Observation struct {
	Window  Window
	Latency []*hdr.Histogram // by series, from the time a send was due; nil: no samples
	Service []*hdr.Histogram // by series, from the time it was sent; nil: closed model or no samples
	Trends  [NumTrends]*hdr.Histogram
	Errors  []ErrorTotal // of this window alone
	Checks  []Check      // of this window alone
	Clamped uint64       // samples outside the histogram bounds

	Recent *Totals // the last RecentWindows seconds
	Total  *Totals // since the start

	Registry *Registry // of the series
}

// NewObservation returns an observation of nothing.
func (r *Registry) NewObservation() Observation {
	n := len(r.series)
	return Observation{Window: r.NewWindow(), Latency: make([]*hdr.Histogram, n), Service: make([]*hdr.Histogram, n), Registry: r}
}

// Totals is what the window measured. They share its histograms: nothing may be added to them.
func (o Observation) Totals() *Totals {
	return &Totals{
		Latency:  o.Latency,
		Counts:   o.Window.Series,
		Checks:   o.Checks,
		Missed:   o.Window.Missed,
		Seconds:  o.Window.Length.Seconds(),
		registry: o.Registry,
	}
}
