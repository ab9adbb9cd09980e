package demo

import (
	"context"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// spread is a log-normal distribution of durations, the usual shape of service
// times: most near the median, a long tail to the right.
type spread struct {
	median time.Duration
	sigma  float64 // of the logarithm; 0.4 puts the 95th percentile at about 1.9 medians
}

// cut bounds the tail, in standard deviations, so that a drain can be bounded too.
const cut = 3

func (s spread) at(z float64) time.Duration {
	z = math.Max(-cut, math.Min(cut, z))
	return time.Duration(float64(s.median) * math.Exp(s.sigma*z))
}

// delays is the source of simulated time and of every random decision. The
// n-th draw depends on the seed and n alone.
type delays struct {
	behaviour
	seed uint64
	on   bool
	n    atomic.Uint64
}

func newDelays(seed uint64, on bool, b behaviour) *delays {
	return &delays{behaviour: b, seed: seed, on: on}
}

// draw returns a number in [0, 1).
func (d *delays) draw() float64 {
	return float64(mix(d.seed+d.n.Add(1)*0x9e3779b97f4a7c15)>>11) / (1 << 53)
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func (d *delays) next(s spread) time.Duration {
	took := s.at(rand.New(rand.NewPCG(d.seed, d.n.Add(1))).NormFloat64())
	return time.Duration(float64(took) * d.delayFactor)
}

// sleep takes the time of s if delays are on.
func (d *delays) sleep(s spread) {
	if d.on {
		time.Sleep(d.next(s))
	}
}

// sleepContext is sleep that ends with ctx, and then reports ctx's error.
func (d *delays) sleepContext(ctx context.Context, s spread) error {
	if !d.on {
		return ctx.Err()
	}
	return pause(ctx, d.next(s))
}

// pause waits for t or until ctx ends, and then reports ctx's error.
func pause(ctx context.Context, t time.Duration) error {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
