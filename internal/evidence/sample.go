package evidence

import "time"

// Sample is one value of a panel. It is always a finite number.
type Sample struct {
	Source string
	Panel  string // its name
	Labels Labels // of the series; none where the query adds all together
	At     time.Time
	Value  float64
}

// MaxSeries is how many series of a panel are read. What is beyond is a gap that says so.
const MaxSeries = 200

// Growth adds up by how much the counters of a panel have grown since the first reading. A counter that falls has begun
// anew, and has grown by what it shows; one that appears later has begun at zero. It grows by no more than was seen: what
// a counter counted between the last reading and its end is lost.
type Growth struct {
	read  time.Time // the first reading
	last  map[string]float64
	total float64
}

// Empty notes a reading without any series.
func (g *Growth) Empty(at time.Time) {
	if g.read.IsZero() {
		g.read = at
	}
}

// Add notes a sample. Samples come in the order of their times.
func (g *Growth) Add(s Sample) {
	if g.last == nil {
		g.last = map[string]float64{}
	}
	g.Empty(s.At)
	key := s.Labels.String()
	before, known := g.last[key]
	g.last[key] = s.Value
	switch {
	case !known && s.At.After(g.read), known && s.Value < before:
		g.total += s.Value
	case known:
		g.total += s.Value - before
	}
}

// Total is by how much the counters have grown.
func (g *Growth) Total() float64 { return g.total }
