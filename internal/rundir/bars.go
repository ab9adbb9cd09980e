package rundir

import hdr "github.com/HdrHistogram/hdrhistogram-go"

// Bars are the counts of a histogram that are not zero, lowest value first. A second's histogram
// has a few hundred of them in some 20,000 buckets, so that reading and merging bars is some twenty
// times faster than decoding and merging whole histograms.
type Bars []Bar

// Bar is how often the values of one bucket occurred.
type Bar struct {
	Value int64 // the lowest of the bucket, in microseconds
	Count int64
}

// Count is the number of values.
func (b Bars) Count() (n int64) {
	for _, bar := range b {
		n += bar.Count
	}
	return n
}

// AddTo merges the bars into a histogram. Nothing is lost when it has the bounds that the bars were
// recorded with; else what is out of its bounds is counted in dropped.
func (b Bars) AddTo(h *hdr.Histogram) (dropped int64) {
	for _, bar := range b {
		if h.RecordValues(bar.Value, bar.Count) != nil {
			dropped += bar.Count
		}
	}
	return dropped
}
