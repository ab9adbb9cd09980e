package compare

import (
	"math"
	"slices"
	"sort"
)

// sample is a series over the cells of a part, laid out so that a resample is read fast.
type sample struct {
	values []int64    // of the buckets that occur, ascending, in µs
	upTo   [][]uint64 // upTo[k][cell] requests of the cell are not above values[k]
	timed  []uint64   // requests with a latency, by cell
	count  []uint64   // requests, by cell
	failed []uint64
}

func sampleOf(cells []Cell) *sample {
	at := map[int64]int{}
	for _, c := range cells {
		for _, b := range c.Latency {
			at[b.micros()] = 0
		}
	}
	s := &sample{
		values: make([]int64, 0, len(at)),
		timed:  make([]uint64, len(cells)), count: make([]uint64, len(cells)), failed: make([]uint64, len(cells)),
	}
	for v := range at {
		s.values = append(s.values, v)
	}
	slices.Sort(s.values)
	s.upTo = make([][]uint64, len(s.values))
	for k, v := range s.values {
		at[v], s.upTo[k] = k, make([]uint64, len(cells))
	}
	for n, c := range cells {
		s.count[n], s.failed[n] = c.Count, c.Failed
		for _, b := range c.Latency {
			s.upTo[at[b.micros()]][n] += uint64(b.Count)
			s.timed[n] += uint64(b.Count)
		}
	}
	for k := 1; k < len(s.upTo); k++ {
		for n, below := range s.upTo[k-1] {
			s.upTo[k][n] += below
		}
	}
	return s
}

// weights is how often each cell is in a resample.
type weights []uint64

// once takes every cell once: the data itself.
func once(cells int) weights {
	w := make(weights, cells)
	for i := range w {
		w[i] = 1
	}
	return w
}

func (w weights) sum(of []uint64) (n uint64) {
	for i, x := range of {
		n += x * w[i]
	}
	return n
}

// requests is how many requests a number stands on.
func (s *sample) requests(n Number, w weights) uint64 {
	if n.Latency() {
		return w.sum(s.timed)
	}
	return w.sum(s.count)
}

// value is a number of the resample: nearest-rank percentiles of the merged histogram in µs, as everywhere in
// squall (metric.Percentile), or a share. NaN without requests.
func (s *sample) value(n Number, w weights) float64 {
	total := s.requests(n, w)
	if total == 0 {
		return math.NaN()
	}
	if !n.Latency() {
		return float64(w.sum(s.failed)) / float64(total)
	}
	rank := uint64(math.Ceil((numberRows[n].percentile - 1e-9) / 100 * float64(total)))
	k := sort.Search(len(s.values)-1, func(k int) bool { return w.sum(s.upTo[k]) >= rank })
	return float64(s.values[k])
}

// influence is how much each cell pulls at a number: by how much the requests on the one side of it are more than
// they would be on average. Its autocorrelation is that of the number, to first order.
func (s *sample) influence(n Number, value float64) []float64 {
	x := make([]float64, len(s.count))
	if !n.Latency() {
		for i := range x {
			x[i] = float64(s.failed[i]) - value*float64(s.count[i])
		}
		return x
	}
	share := numberRows[n].percentile / 100
	k, _ := slices.BinarySearch(s.values, int64(value))
	for i := range x {
		x[i] = float64(s.upTo[k][i]) - share*float64(s.timed[i])
	}
	return x
}
