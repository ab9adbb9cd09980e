package report

import (
	"math/bits"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load/metric"
)

// distribution is a histogram by its bars alone, for those who need the percentiles of every second: a second has a few
// hundred bars and a histogram some 20,000 buckets. Its figures are those of the histogram of the same values.
type distribution struct {
	bars  rundir.Bars // lowest value first, none of them zero
	count int64
	spare rundir.Bars // room for the next sum
}

// add adds the values of a second, times 1, or takes them away again, times -1.
func (d *distribution) add(other rundir.Bars, times int64) {
	sum, mine := d.spare[:0], d.bars
	for len(mine) > 0 || len(other) > 0 {
		var next rundir.Bar
		switch {
		case len(other) == 0 || len(mine) > 0 && mine[0].Value < other[0].Value:
			next, mine = mine[0], mine[1:]
		case len(mine) == 0 || other[0].Value < mine[0].Value:
			next = rundir.Bar{Value: other[0].Value, Count: times * other[0].Count}
			other = other[1:]
		default:
			next = rundir.Bar{Value: mine[0].Value, Count: mine[0].Count + times*other[0].Count}
			mine, other = mine[1:], other[1:]
		}
		if next.Count != 0 {
			sum = append(sum, next)
		}
	}
	d.spare, d.bars = d.bars, sum
	d.count = sum.Count()
}

// percentile is as [metric.Percentile].
func (d *distribution) percentile(p float64) int64 {
	left := metric.Rank(p, d.count)
	for _, b := range d.bars {
		if left -= b.Count; left <= 0 {
			return b.Value + bucketWidth(b.Value) - 1
		}
	}
	return 0
}

// lowest is as [metric.Least].
func (d *distribution) lowest() int64 { return d.percentile(0) }

// mean is as [metric.Mean].
func (d *distribution) mean() float64 {
	sum := 0.0
	for _, b := range d.bars {
		sum += float64(b.Value+bucketWidth(b.Value)/2) * float64(b.Count)
	}
	return min(max(sum/float64(max(1, d.count)), float64(d.lowest())), float64(d.percentile(100)))
}

// bucketWidth is how many values the bucket of a value has, in a histogram with the bounds of [metric.NewHistogram]:
// three digits want 2,000 steps, and so 2,048 buckets before they grow twice as wide.
func bucketWidth(value int64) int64 {
	const steps = 11 // log2 of the buckets
	return 1 << max(0, bits.Len64(uint64(value))-steps)
}
