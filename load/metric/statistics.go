package metric

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Statistics reads the summary of a merged histogram. Requests and Failed are left to the caller:
// a histogram does not know them.
func Statistics(h *hdr.Histogram) Stats {
	if h == nil || h.TotalCount() == 0 {
		return Stats{}
	}
	at := func(p float64) time.Duration { return micros(Percentile(h, p)) }
	return Stats{
		Count: uint64(h.TotalCount()),
		Min:   micros(Least(h)),
		Mean:  time.Duration(Mean(h) * float64(time.Microsecond)),
		P50:   at(50),
		P90:   at(90),
		P95:   at(95),
		P99:   at(99),
		Max:   micros(h.ValueAtPercentile(100)), // as h.Max, which takes many times as long
	}
}

func micros(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
