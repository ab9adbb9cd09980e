package telemetry

import (
	"math"
	"runtime"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/load/metric"
)

// Scale is the resolution of exponential buckets, as Prometheus's native histograms ("schema") and OpenTelemetry's
// exponential ones ("scale") count it: a bound is 2^(1/16) = 1.044 times the one before it. At it 160 buckets, which is
// what OpenTelemetry's SDK keeps, are ten octaves: 10 ms to 10 s.
const Scale = 4

// perOctave is how many buckets double the bound.
const perOctave = 1 << Scale

// ClassicBounds are the upper bounds of the buckets for those who cannot read exponential ones, in seconds: Prometheus's
// own, the objective of the performance plan, and up to a minute.
func ClassicBounds() []float64 { return slices.Clone(classicBounds) }

var classicBounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2.5, 5, 10, 30, 60}

// Distribution is how long requests took since the start of the run. It was recorded with three significant digits
// ([metric.NewHistogram]), so a request that lies within 0.1 % below a bound may be counted above it, and Sum is as exact.
type Distribution struct {
	Count uint64
	Sum   time.Duration

	exponential []uint64 // by index above lowestIndex
	classic     []uint64 // by bound; the last is above all of them
}

// Buckets yields the exponential buckets that are not empty, by index: bucket i holds times t in seconds with
// 2^((i-1)/16) < t <= 2^(i/16). That is how Prometheus counts; OpenTelemetry's index is one less.
func (d Distribution) Buckets(yield func(index int, count uint64) bool) {
	for i, n := range d.exponential {
		if n > 0 && !yield(i+lowestIndex, n) {
			return
		}
	}
}

// Below are the requests at or below each of [ClassicBounds].
func (d Distribution) Below() []uint64 {
	sums, sum := make([]uint64, len(classicBounds)), uint64(0)
	for i := range sums {
		if d.classic != nil {
			sum += d.classic[i]
		}
		sums[i] = sum
	}
	return sums
}

func (d Distribution) clone() Distribution {
	d.exponential, d.classic = slices.Clone(d.exponential), slices.Clone(d.classic)
	return d
}

// Indices of the exponential buckets of the lowest and the highest value that a run records.
var (
	lowestIndex  = indexOf(metric.LowestMicros)
	highestIndex = indexOf(2 * metric.HighestMicros) // a recorded bucket reaches a little above the highest value
)

// indexOf is the bucket of a time: ceil(16 log2 t), t in seconds.
func indexOf(micros int64) int {
	return int(math.Ceil(perOctave * math.Log2(float64(micros)/1e6)))
}

// slot is where a bucket of the recorded histograms is counted.
type slot struct {
	middle      int64 // µs
	exponential uint16
	classic     uint8
}

// slots are those of each bucket of the histograms of a run, in the order of their counts.
type slots []slot

// newSlots works them out.
func newSlots() slots {
	all := make(slots, len(metric.NewHistogram().Export().Counts))
	for i := range all {
		low, width := metric.Bucket(i)
		high := low + width - 1
		index := min(max(indexOf(max(high, metric.LowestMicros)), lowestIndex), highestIndex)
		classic, _ := slices.BinarySearch(classicBounds, float64(high)/1e6)
		all[i] = slot{low + width/2, uint16(index - lowestIndex), uint8(classic)}
	}
	return all
}

// add counts what a second measured.
func (all slots) add(d *Distribution, h *hdr.Histogram) {
	if h == nil || h.TotalCount() == 0 {
		return
	}
	if d.exponential == nil {
		d.exponential, d.classic = make([]uint64, highestIndex-lowestIndex+1), make([]uint64, len(classicBounds)+1)
	}
	sum := int64(0)
	for i, n := range h.Export().Counts {
		if n == 0 {
			continue
		}
		s := all[i]
		d.exponential[s.exponential] += uint64(n)
		d.classic[s.classic] += uint64(n)
		d.Count += uint64(n)
		sum += n * s.middle
	}
	d.Sum += time.Duration(sum) * time.Microsecond
	runtime.Gosched() // all of them together would hold up due sends
}
