package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// level is how a synthetic platform's latency moves from second to second: the logarithm of its median is an AR(1)
// process with this coefficient and this standard deviation.
type level struct{ phi, sigma float64 }

// spreadWithin is the standard deviation of the logarithm of latencies within a second.
const spreadWithin = 0.5

// platform is what a synthetic run measures.
type platform struct {
	seconds, rate int // requests a second
	level         level
	median        float64 // µs
	failing       float64 // share
}

// usual is a platform that answers in about 50 ms.
func usual() platform {
	return platform{seconds: 120, rate: 20, level: level{0.5, 0.1}, median: 50_000, failing: 0.01}
}

// slower is the same, and slower by a factor.
func (p platform) slower(factor float64) platform {
	p.median *= factor
	return p
}

// cells measures it.
func (p platform) cells(random *rand.Rand) []Cell {
	cells := make([]Cell, p.seconds)
	at := random.NormFloat64() * p.level.sigma
	for i := range cells {
		var latencies []float64
		for range p.rate {
			latencies = append(latencies, p.median*math.Exp(at+spreadWithin*random.NormFloat64()))
			if random.Float64() < p.failing {
				cells[i].Failed++
			}
		}
		cells[i].Count, cells[i].Latency = uint64(p.rate), barsOf(latencies...)
		at = p.level.phi*at + math.Sqrt(1-p.level.phi*p.level.phi)*p.level.sigma*random.NormFloat64()
	}
	return cells
}

// barsOf is a histogram of latencies in µs.
func barsOf(latencies ...float64) (bars []Bar) {
	counts := map[int64]int64{}
	for _, v := range latencies {
		counts[bucket(v)]++
	}
	for v, n := range counts {
		bars = append(bars, Bar{v, n})
	}
	slices.SortFunc(bars, func(a, b Bar) int { return int(a.Micros - b.Micros) })
	return bars
}

// bucket rounds to three significant digits, as histograms do.
func bucket(v float64) int64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return int64(math.Ceil(v/unit) * unit)
}

// run is a run with some flows of the platform.
func (p platform) run(random *rand.Rand, flows ...string) Run {
	var series []Series
	for _, f := range flows {
		series = append(series, Series{Flow: f, Title: f, Cells: p.cells(random)})
	}
	return runOf(series...)
}

// runOf is a run that measured these series.
func runOf(series ...Series) Run {
	part := Part{Name: "baseline", VUs: 10, Step: 1, Series: series}
	for _, s := range series {
		part.Seconds, part.Kept = max(part.Seconds, float64(len(s.Cells))), max(part.Kept, len(s.Cells))
	}
	return Run{
		Name: "run", Parts: []Part{part},
		Conditions: Conditions{
			Known: true, ID: "run", Started: time.Date(2026, 7, 30, 9, 0, 0, 0, time.UTC), Length: part.Seconds,
			Target: "staging", Gateway: "https://gateway.example.test", Model: "closed", Think: "0s", Mix: map[string]float64{"webchat": 1},
		},
	}
}

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }
