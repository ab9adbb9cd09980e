package compare

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// How much a part must have for an interval to be made of it. Seconds of a shorter one hang together too much for as many
// blocks as an interval needs.
const (
	FewestSeconds = 20
	fewestBlocks  = 8
)

// blockFloor times the cube root of the number of cells is the least length of a block: what the automatic choice finds in a
// short noisy series is often nothing, and intervals are too narrow then. The factor is from the simulation in
// coverage_test.go.
const blockFloor = 2

// estimate is a number of one side, with how sure it is.
type estimate struct {
	value    float64 // µs, or a share
	requests uint64
	cells    int
	block    int     // cells
	blocks   float64 // number of blocks
	se       float64 // standard error of the scaled value
}

// degrees are the degrees of freedom of the standard error: as many independent pieces as there are blocks, less one.
func (e estimate) degrees() float64 { return e.blocks - 1 }

// cut chooses the length of the blocks: no shorter than what hangs together, and short enough for enough of them.
func (e *estimate) cut(together int) {
	e.block = max(together, int(math.Ceil(blockFloor*math.Cbrt(float64(e.cells)))))
	e.blocks = float64(e.cells) / float64(e.block)
	if e.blocks < fewestBlocks {
		e.block = max(1, e.cells/fewestBlocks)
		e.blocks = float64(e.cells) / float64(e.block)
	}
}

// estimateOf estimates a number and its standard error by a circular block bootstrap over cells (Politis and Romano,
// "A circular block-resampling procedure for stationary data", 1992).
func estimateOf(s *sample, n Number, resamples int, random *rand.Rand) estimate {
	cells := len(s.count)
	all := once(cells)
	e := estimate{value: s.value(n, all), requests: s.requests(n, all), cells: cells}
	if math.IsNaN(e.value) {
		return e
	}
	e.cut(blockLength(s.influence(n, e.value)))
	se, drawn := standardError(e, resamples, random, func(w weights) float64 { return n.scaled(s.value(n, w)) - n.scaled(e.value) })
	if !drawn {
		return e
	}
	e.se = math.Hypot(se, n.resolution(e.value))
	if !n.Latency() {
		e.se = max(e.se, leastShareError(e.value, e.requests))
	}
	return e
}

// standardError is that of a number over so many resamples of the cells in blocks. The number is given less its own value
// in the data, which keeps the digits of its square; NaN where nothing of it is in a resample.
func standardError(e estimate, resamples int, random *rand.Rand, number func(weights) float64) (se float64, ok bool) {
	var sum, squares, drawn float64
	w := make(weights, e.cells)
	for range resamples {
		w.draw(e.block, e.cells, random)
		v := number(w)
		if math.IsNaN(v) {
			continue // no request of this series is in it
		}
		sum, squares, drawn = sum+v, squares+v*v, drawn+1
	}
	if drawn < 2 {
		return 0, false
	}
	variance := max(0, squares/drawn-sum/drawn*(sum/drawn)) * drawn / (drawn - 1)
	// Blocks that are drawn with replacement vary less than new ones would, by the factor of any sample's variance.
	variance *= e.blocks / max(1, e.blocks-1)
	return math.Sqrt(variance), true
}

// leastShareError is the standard error of a share of independent requests, with one more that failed and one more
// that did not: resampling a run without a failure cannot show that there might have been one.
func leastShareError(share float64, requests uint64) float64 {
	n := float64(requests) + 2
	p := (share*float64(requests) + 1) / n
	return math.Sqrt(p * (1 - p) / n)
}

// draw fills the weights with blocks that begin anywhere and go on from the end at the beginning, up to so many cells.
func (w weights) draw(block, cells int, random *rand.Rand) {
	clear(w)
	for left := cells; left > 0; left -= block {
		from := random.IntN(len(w))
		for i := range min(block, left) {
			w[(from+i)%len(w)]++
		}
	}
}

// randomOf is a source that depends on the seed and on what it is for, so that no number changes when another is
// added.
func randomOf(seed uint64, names ...string) *rand.Rand {
	h := fnv.New64a()
	for _, name := range names {
		_, _ = h.Write(append([]byte(name), 0))
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
