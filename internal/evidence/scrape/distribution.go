package scrape

import (
	"cmp"
	"maps"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// distribution is how many observations fell where: the buckets of a classic or of a native histogram, or what they grew
// by. One that is of use is never changed.
type distribution struct {
	// classic: observations at or below each upper bound.
	classic map[float64]float64

	// native: observations by exponential bucket. Bucket i of the positive ones holds what is above 2^((i-1)/2^schema) and
	// at or below 2^(i/2^schema).
	native    bool
	schema    int32
	zeroWidth float64
	zero      float64
	positive  map[int]float64
	negative  map[int]float64
}

// Schemas of native histograms that are exponential.
const (
	coarsest = -4
	finest   = 8
)

// distributionOf reads a histogram. Where it is both, the native buckets are taken: they are finer. Nil: it has no
// buckets that can be read.
func distributionOf(h *dto.Histogram) *distribution {
	if h.Schema != nil && (len(h.PositiveSpan) > 0 || len(h.NegativeSpan) > 0 || h.GetZeroThreshold() > 0) {
		if h.GetSchema() < coarsest || h.GetSchema() > finest {
			return nil
		}
		positive, ok := bucketsOf(h.PositiveSpan, h.PositiveDelta, h.PositiveCount)
		negative, also := bucketsOf(h.NegativeSpan, h.NegativeDelta, h.NegativeCount)
		if !ok || !also {
			return nil
		}
		return &distribution{
			native: true, schema: h.GetSchema(), zeroWidth: h.GetZeroThreshold(),
			zero:     cmp.Or(h.GetZeroCountFloat(), float64(h.GetZeroCount())),
			positive: positive, negative: negative,
		}
	}
	if len(h.Bucket) == 0 {
		return nil
	}
	d := &distribution{classic: make(map[float64]float64, len(h.Bucket)+1)}
	for _, b := range h.Bucket {
		if math.IsNaN(b.GetUpperBound()) {
			return nil
		}
		d.classic[b.GetUpperBound()] = cmp.Or(b.GetCumulativeCountFloat(), float64(b.GetCumulativeCount()))
	}
	if _, has := d.classic[math.Inf(1)]; !has { // protobuf may leave it out
		d.classic[math.Inf(1)] = cmp.Or(h.GetSampleCountFloat(), float64(h.GetSampleCount()))
	}
	return d
}

// mostBuckets bounds what spans may say; client libraries keep to about 160.
const mostBuckets = 10_000

// bucketsOf unfolds spans: each is so many buckets behind the last one, and so long; counts are differences to the
// bucket before, or absolute.
func bucketsOf(spans []*dto.BucketSpan, deltas []int64, counts []float64) (map[int]float64, bool) {
	buckets := map[int]float64{}
	at, next, running := 0, 0, int64(0)
	for _, span := range spans {
		at += int(span.GetOffset())
		for range span.GetLength() {
			switch {
			case next < len(deltas):
				running += deltas[next]
				buckets[at] = float64(running)
			case next < len(counts):
				buckets[at] = counts[next]
			default:
				return nil, false
			}
			if next++; next > mostBuckets {
				return nil, false
			}
			at++
		}
	}
	return buckets, true
}

// like gives the distribution with the schema and the zero bucket of another, where those are coarser.
func (d *distribution) like(other *distribution) *distribution {
	if !d.native || !other.native {
		return d
	}
	next := *d
	next.positive, next.negative = d.positive, d.negative
	if other.schema < d.schema {
		next.schema = other.schema
		next.positive, next.negative = merged(d.positive, d.schema-other.schema), merged(d.negative, d.schema-other.schema)
	}
	if other.zeroWidth > d.zeroWidth {
		next.zeroWidth = other.zeroWidth
		var inside float64
		next.positive, inside = next.outside(next.positive)
		next.zero += inside
		next.negative, inside = next.outside(next.negative)
		next.zero += inside
	}
	return &next
}

// merged joins each 2^by neighbouring buckets.
func merged(buckets map[int]float64, by int32) map[int]float64 {
	coarse := make(map[int]float64, len(buckets))
	for i, n := range buckets {
		coarse[(i-1)>>by+1] += n
	}
	return coarse
}

// outside splits buckets into those outside of the zero bucket and the observations of those that reach into it.
func (d *distribution) outside(buckets map[int]float64) (rest map[int]float64, inside float64) {
	rest = make(map[int]float64, len(buckets))
	for i, n := range buckets {
		if bound(i-1, d.schema) < d.zeroWidth {
			inside += n
		} else {
			rest[i] = n
		}
	}
	return rest, inside
}

// bound is the upper bound of a positive bucket.
func bound(i int, schema int32) float64 { return math.Exp2(math.Ldexp(float64(i), -int(schema))) }

// zip calls with each pair of counts of two distributions, and makes a distribution of what comes back.
func (d *distribution) zip(other *distribution, with func(mine, others float64) float64) *distribution {
	a, b := d.like(other), other.like(d)
	out := &distribution{native: a.native, schema: a.schema, zeroWidth: a.zeroWidth, zero: with(a.zero, b.zero)}
	out.classic = zipped(a.classic, b.classic, with)
	out.positive, out.negative = zipped(a.positive, b.positive, with), zipped(a.negative, b.negative, with)
	return out
}

func zipped[K comparable](a, b map[K]float64, with func(float64, float64) float64) map[K]float64 {
	if a == nil && b == nil {
		return nil
	}
	out := make(map[K]float64, max(len(a), len(b)))
	for k, n := range a {
		out[k] = with(n, b[k])
	}
	for k, n := range b {
		if _, is := a[k]; !is {
			out[k] = with(0, n)
		}
	}
	return out
}

// plus adds another distribution. One of another kind takes the place of this one.
func (d *distribution) plus(other *distribution) *distribution {
	if d == nil || d.native != other.native {
		return other
	}
	return d.zip(other, func(a, b float64) float64 { return a + b })
}

// minus takes an earlier distribution of the same observations away. It is not ok when the earlier one has more
// somewhere, or is of another kind: counting has begun anew.
func (d *distribution) minus(earlier *distribution) (grown *distribution, ok bool) {
	if d.native != earlier.native {
		return nil, false
	}
	ok = true
	grown = d.zip(earlier, func(now, before float64) float64 {
		ok = ok && now >= before
		return now - before
	})
	return grown, ok
}

// boundless reports whether nothing but the sum of all is known: the one bucket is without an upper bound.
func (d *distribution) boundless() bool {
	_, all := d.classic[math.Inf(1)]
	return !d.native && all && len(d.classic) == 1
}

// quantile estimates a quantile as Prometheus's histogram_quantile does (promql/quantile.go, version 3): the observations
// of a classic bucket are thought to lie evenly between its bounds, the first bucket to begin at zero, and what is above
// the highest bound counts as that bound; in a native bucket they lie evenly on a logarithmic scale. NaN: there were no
// observations.
func (d *distribution) quantile(q float64) float64 {
	if d.native {
		return d.nativeQuantile(q)
	}
	bounds := slices.Sorted(maps.Keys(d.classic))
	last := len(bounds) - 1
	if last < 1 || !math.IsInf(bounds[last], 1) {
		return math.NaN()
	}
	counts := make([]float64, len(bounds))
	for i, b := range bounds { // buckets of different services may not fit: the counts may only rise
		counts[i] = d.classic[b]
		if i > 0 {
			counts[i] = max(counts[i], counts[i-1])
		}
	}
	total := counts[last]
	if total <= 0 {
		return math.NaN()
	}
	rank := q * total
	i, _ := slices.BinarySearch(counts[:last], rank) // the first that has at least so many
	if i == last {
		return bounds[last-1]
	}
	start, below := 0.0, 0.0
	if i > 0 {
		start, below = bounds[i-1], counts[i-1]
	} else if bounds[0] <= 0 {
		return bounds[0]
	}
	return start + (bounds[i]-start)*(rank-below)/(counts[i]-below)
}

func (d *distribution) nativeQuantile(q float64) float64 {
	type bucket struct{ low, high, n float64 }
	var all []bucket
	for _, i := range slices.Backward(slices.Sorted(maps.Keys(d.negative))) {
		all = append(all, bucket{-bound(i, d.schema), -bound(i-1, d.schema), d.negative[i]})
	}
	if d.zero > 0 {
		low, high := -d.zeroWidth, d.zeroWidth
		if len(d.negative) == 0 {
			low = 0
		} else if len(d.positive) == 0 {
			high = 0
		}
		all = append(all, bucket{low, high, d.zero})
	}
	for _, i := range slices.Sorted(maps.Keys(d.positive)) {
		all = append(all, bucket{bound(i-1, d.schema), bound(i, d.schema), d.positive[i]})
	}
	total := 0.0
	for _, b := range all {
		total += b.n
	}
	if total <= 0 {
		return math.NaN()
	}
	rank := q * total
	for _, b := range all {
		if b.n == 0 || rank > b.n {
			rank -= b.n
			continue
		}
		share := max(rank, 0) / b.n
		switch {
		case b.low > 0:
			return b.low * math.Pow(b.high/b.low, share)
		case b.high < 0:
			return b.low * math.Pow(b.high/b.low, share)
		}
		return b.low + (b.high-b.low)*share
	}
	for _, b := range slices.Backward(all) { // rounding has left a little
		if b.n > 0 {
			return b.high
		}
	}
	return math.NaN()
}
