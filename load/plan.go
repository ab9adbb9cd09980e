package load

import (
	"math/rand/v2"
	"time"
)

// plan is a Settings made ready for the hot path. It never changes after it was published.
type plan struct {
	settings Settings
	since    time.Time
	shares   []cumulative // by brand number
	fromVUs  float64      // level at since, where a ramp starts
	toVUs    float64
	over     time.Duration // of the ramp that starts at since
	wake     chan struct{} // closed when waiting virtual users must look again; kept from plan to plan
}

// cumulative are a brand's channel shares, added up, for drawing a channel with one random number.
type cumulative [NumChannels]float64

func newCumulative(w Weights) cumulative {
	var c cumulative
	sum := 0.0
	for i, v := range w.Normalised() {
		sum += v
		c[i] = sum
	}
	return c
}

// draw picks a channel. The last channel with a share catches what rounding leaves.
func (c *cumulative) draw(rng *rand.Rand) Channel {
	x := rng.Float64()
	last := Channel(0)
	for i, edge := range c {
		if x < edge {
			return Channel(i)
		}
		if i > 0 && edge > c[i-1] {
			last = Channel(i)
		}
	}
	return last
}

// next derives the plan that follows p at the given moment, from the level reached by then.
func (p *plan) next(s Settings, w Workload, now time.Time) *plan {
	n := &plan{settings: s, since: now, over: s.Ramp, toVUs: float64(s.WantedVUs()), shares: shares(s, w), wake: p.wake}
	n.fromVUs = p.vus(now)
	if s.Hold {
		n.toVUs = n.fromVUs
	}
	return n
}

// vus is the number of virtual users intended at a moment, ramp included.
func (p *plan) vus(now time.Time) float64 {
	return ramp(p.fromVUs, p.toVUs, now.Sub(p.since), p.over)
}

// ramping tells whether the intended number still moves.
func (p *plan) ramping(now time.Time) bool {
	return p.fromVUs != p.toVUs && now.Sub(p.since) < p.over
}

func shares(s Settings, w Workload) []cumulative {
	var all []cumulative
	for _, tenant := range w.Tenants {
		for _, brand := range tenant.Brands {
			all = append(all, newCumulative(BrandWeights(s, brand)))
		}
	}
	return all
}

// BrandWeights are the weights that a brand's messages are drawn with: its own override, else the
// run's mix, else what the workload says.
func BrandWeights(s Settings, b Brand) Weights {
	if w, ok := s.BrandMix[b.BrandID]; ok && !w.IsZero() {
		return w
	}
	if !s.Mix.IsZero() {
		return s.Mix
	}
	return b.Channels
}

// WantedMix is the share of each channel over all brands, which are drawn equally often.
func WantedMix(s Settings, w Workload) Weights {
	var sum Weights
	for _, tenant := range w.Tenants {
		for _, brand := range tenant.Brands {
			for c, v := range BrandWeights(s, brand).Normalised() {
				sum[c] += v
			}
		}
	}
	return sum.Normalised()
}

// draw picks a think time.
func (t Think) draw(rng *rand.Rand) time.Duration {
	if t.Max <= t.Min {
		return t.Min
	}
	return t.Min + time.Duration(rng.Int64N(int64(t.Max-t.Min)+1))
}
