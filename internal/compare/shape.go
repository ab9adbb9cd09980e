package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Shape is how far two distributions of latencies lie apart: the Wasserstein distance of order 1, the area between
// their cumulative distributions. It is by how much a request's latency must be changed on average to make the one
// distribution of the other, and so it sees a second population that percentiles pass by.
type Shape struct {
	Measured bool
	Distance float64 // µs
	Chance   float64 // µs: up to this, chance alone would give it
}

// Changed reports whether the distance is more than chance would give.
func (s Shape) Changed() bool { return s.Measured && s.Distance > s.Chance }

// allow adds what generators that are not equally punctual may have moved requests by.
func (s Shape) allow(lag float64) Shape {
	if s.Measured {
		s.Chance += wakeUps * math.Abs(lag)
	}
	return s
}

// shapeResamples is how many resamples tell what chance gives.
const shapeResamples = 100

// chanceFactor is how many standard deviations above the mean of what chance gives its limit lies.
const chanceFactor = 4

// Distribution is a cumulative distribution for drawing: shares of the requests not above each latency.
type Distribution struct {
	Micros []float64
	Share  []float64
}

// classRatio is how wide classes of latencies are for shapes: the classes of two samples are the same.
const classRatio = 1.05

// classes are the upper bounds of classes that hold the values of all samples.
func classes(samples ...*sample) (bounds []int64) {
	low, high := int64(math.MaxInt64), int64(0)
	for _, s := range samples {
		if n := len(s.values); n > 0 {
			low, high = min(low, s.values[0]), max(high, s.values[n-1])
		}
	}
	// One class begins below every value, so that the area below the lowest is in the sum.
	for at := max(0, float64(low)/classRatio); high > 0; at = max(at*classRatio, at+1) {
		bounds = append(bounds, min(int64(at), high))
		if int64(at) >= high {
			break
		}
	}
	return bounds
}

// column is the requests of each cell that are not above a latency.
func (s *sample) column(micros int64) []uint64 {
	k := sort.Search(len(s.values), func(k int) bool { return s.values[k] > micros })
	if k == 0 {
		return nil
	}
	return s.upTo[k-1]
}

// shares is the cumulative distribution of a resample.
func shares(columns [][]uint64, w weights) []float64 {
	out := make([]float64, len(columns))
	total := float64(w.sum(columns[len(columns)-1]))
	for k, c := range columns {
		out[k] = float64(w.sum(c)) / total
	}
	return out
}

// shapeOf measures the distance, and what chance gives: that of pairs that are drawn, in blocks, from both samples
// put together.
func shapeOf(x, y *sample, random *rand.Rand) Shape {
	n, m := len(x.timed), len(y.timed)
	if min(once(n).sum(x.timed), once(m).sum(y.timed)) < P95.fewest() {
		return Shape{}
	}
	bounds := classes(x, y)
	one, two, both := make([][]uint64, len(bounds)), make([][]uint64, len(bounds)), make([][]uint64, len(bounds))
	for k, b := range bounds {
		one[k], two[k] = x.column(b), y.column(b)
		both[k] = make([]uint64, n+m)
		copy(both[k], one[k])
		copy(both[k][n:], two[k])
	}
	s := Shape{Measured: true, Distance: area(bounds, shares(one, once(n)), shares(two, once(m)))}
	block := max(
		blockLength(x.influence(P50, x.value(P50, once(n)))), blockLength(y.influence(P50, y.value(P50, once(m)))),
		blockLength(x.influence(P95, x.value(P95, once(n)))), blockLength(y.influence(P95, y.value(P95, once(m)))))
	block = min(block, max(1, min(n, m)/fewestBlocks))
	var sum, squares, drawn float64
	w, v := make(weights, n+m), make(weights, n+m)
	for range shapeResamples {
		w.draw(block, n, random)
		v.draw(block, m, random)
		d := area(bounds, shares(both, w), shares(both, v))
		if !math.IsNaN(d) {
			sum, squares, drawn = sum+d, squares+d*d, drawn+1
		}
	}
	if drawn < 2 {
		return Shape{}
	}
	mean := sum / drawn
	s.Chance = mean + chanceFactor*math.Sqrt(max(0, squares/drawn-mean*mean))
	return s
}

// shapeOfRuns is [shapeOf] for samples whose cells are runs. What chance gives is what 95 of 100 ways of dealing the runs to
// the sides stay below.
func shapeOfRuns(x, y *sample, random *rand.Rand) Shape {
	n, m := len(x.timed), len(y.timed)
	if min(once(n).sum(x.timed), once(m).sum(y.timed)) < P95.fewest() {
		return Shape{}
	}
	bounds := classes(x, y)
	both := make([][]uint64, len(bounds))
	for k, b := range bounds {
		both[k] = make([]uint64, n+m)
		copy(both[k], x.column(b))
		copy(both[k][n:], y.column(b))
	}
	var all []float64
	one, two := make(weights, n+m), make(weights, n+m)
	distance := func(first []bool) float64 {
		clear(one)
		clear(two)
		for i, is := range first {
			if is {
				one[i] = 1
			} else {
				two[i] = 1
			}
		}
		return area(bounds, shares(both, one), shares(both, two))
	}
	relabel(n, m, random, func(first []bool) { all = append(all, distance(first)) })
	slices.Sort(all)
	first := make([]bool, n+m)
	for i := range n {
		first[i] = true
	}
	return Shape{Measured: true, Distance: distance(first), Chance: all[int(Level*float64(len(all)-1))]}
}

// area is the area between two cumulative distributions that are known at the same latencies, by the trapezoidal rule.
func area(bounds []int64, one, two []float64) (sum float64) {
	for k := range len(bounds) - 1 {
		sum += (math.Abs(one[k]-two[k]) + math.Abs(one[k+1]-two[k+1])) / 2 * float64(bounds[k+1]-bounds[k])
	}
	return sum
}

// distribution is the sample's cumulative distribution, in classes.
func (s *sample) distribution(w weights) (d Distribution) {
	bounds := classes(s)
	if len(s.values) == 0 {
		return d
	}
	columns := make([][]uint64, len(bounds))
	for k, b := range bounds {
		columns[k] = s.column(b)
		d.Micros = append(d.Micros, float64(b))
	}
	d.Share = shares(columns, w)
	return d
}
