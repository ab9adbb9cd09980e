package load

import (
	"math"
	"math/rand/v2"
	"time"
)

// plan is a Settings made ready for the hot path. It never changes after it was published.
type plan struct {
	settings Settings
	shares   []cumulative  // by brand number
	vus      ramp          // of the closed model
	rate     ramp          // of the open model, in arrivals per second; a pause leaves it alone
	wake     chan struct{} // closed when those who wait must look again; kept from plan to plan
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

// includes reports whether a channel has a share.
func (c *cumulative) includes(channel Channel) bool {
	return c[channel] > 0 && (channel == 0 || c[channel] > c[channel-1])
}

// next derives the plan that follows p at the given moment, from the levels reached by then.
func (p *plan) next(s Settings, w Workload, now time.Time) *plan {
	was := p.settings
	return &plan{
		settings: s,
		shares:   shares(s, w),
		vus:      p.vus.next(was, s, float64(was.WantedVUs()), float64(s.WantedVUs()), now),
		rate:     p.rate.next(was, s, was.WantedRate(), s.WantedRate(), now),
		wake:     p.wake,
	}
}

// wantedVUs is the number of virtual users intended at a moment, ramp included.
func (p *plan) wantedVUs(now time.Time) int { return int(p.vus.at(now) + 0.5) }

// arrivalRate is where the open model goes: nowhere while paused.
func (p *plan) arrivalRate() ramp {
	if p.settings.Paused {
		return ramp{}
	}
	return p.rate
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

// initialDelay draws how long a virtual user that starts now still thinks. The distribution is that of many
// virtual users which have run for long: longer think times are likelier to be met, and any
// point of them is as likely as another (the stationary renewal process; Cox, Renewal Theory,
// section 5). So virtual users that start together send at their steady rate at once, instead of all together.
func (t Think) initialDelay(rng *rand.Rand) time.Duration {
	least, most := t.Min.Seconds(), t.Max.Seconds()
	met := math.Sqrt(least*least + rng.Float64()*(most*most-least*least))
	return seconds(rng.Float64() * met)
}

// draw picks a think time.
func (t Think) draw(rng *rand.Rand) time.Duration {
	if t.Max <= t.Min {
		return t.Min
	}
	return t.Min + time.Duration(rng.Int64N(int64(t.Max-t.Min)+1))
}
