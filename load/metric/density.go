package metric

import (
	"math/bits"
	"time"
)

// A density counts latencies in bins that grow with them, eight to each doubling, as an HDR histogram's buckets do with
// more of them: a percentile says where a share of the requests ended, a density shows that there were two kinds.
const (
	NumBins         = 171 // the last one holds HighestMicros
	binsPerDoubling = 8
	lowestOctave    = 6 // 64 µs; what is shorter is in the first bin
)

// BinOf is the bin of a latency.
func BinOf(d time.Duration) int {
	micros := min(max(d.Microseconds(), 1<<lowestOctave), HighestMicros)
	octave := bits.Len64(uint64(micros)) - 1
	return (octave-lowestOctave)*binsPerDoubling + int(micros>>(octave-3))%binsPerDoubling
}

// Density is how many latencies fell into each bin.
type Density [NumBins]uint32

// Add adds those of a second.
func (d *Density) Add(s SparseDensity) {
	for i, n := range s.Counts {
		d[s.First+i] += n
	}
}

// sparse leaves out the empty bins at both ends.
func (d *Density) sparse() (s SparseDensity) {
	end := 0
	for bin, n := range d {
		if n == 0 {
			continue
		}
		if end == 0 {
			s.First = bin
		}
		end = bin + 1
	}
	s.Counts = append(s.Counts, d[s.First:end]...)
	return s
}

// SparseDensity is a density without the empty bins at both ends, so that the seconds of a run take little memory: it
// is not to be changed.
type SparseDensity struct {
	First  int // the bin of Counts[0]
	Counts []uint32
}
