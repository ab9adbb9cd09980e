package rundir

import (
	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/load/metric"
)

// trendInterval is how many seconds of trends make an interval of latency.hlog.
const trendInterval = 10.0

// trends are those of the seconds since the last interval.
type trends struct {
	at, length float64
	sums       [metric.NumTrends]*hdr.Histogram
}

func (t *trends) add(s Second, obs metric.Observation) {
	if t.length == 0 {
		t.at = s.At
	}
	t.length = s.End() - t.at
	for i, h := range obs.Trends {
		if h == nil || h.TotalCount() == 0 {
			continue
		}
		if t.sums[i] == nil {
			t.sums[i] = metric.NewHistogram()
		}
		t.sums[i].Merge(h)
	}
}

// flush appends an interval of each trend that has samples, and begins anew.
func (t *trends) flush(e *encoder, b []byte) ([]byte, error) {
	for i, h := range t.sums {
		if h == nil || h.TotalCount() == 0 {
			continue
		}
		var err error
		if b, err = e.appendInterval(b, metric.Trend(i).Metric(), t.at, t.length, h); err != nil {
			return nil, err
		}
		h.Reset()
	}
	t.length = 0
	return b, nil
}
