package load

import (
	"math"
	"time"
)

// Pacer describes when arrivals are due: at a rate that moves from From to To in a straight line over
// Over, and stays at To afterwards. It is pure arithmetic on offsets from its own start.
type Pacer struct {
	From, To float64       // arrivals per second
	Over     time.Duration // length of the ramp; 0: To at once
	Phase    float64       // share of an arrival already earned at the start, 0 to 1
}

// Never is the due time of an arrival that does not come at the present rate.
const Never = time.Duration(math.MaxInt64)

// Arrivals is how many arrivals are earned by the offset t, the fraction of the next included. It
// is the integral of the rate: phase + from·t + (to-from)·t²/(2·over), then a straight line.
func (p Pacer) Arrivals(t time.Duration) float64 {
	s, over := t.Seconds(), p.Over.Seconds()
	if s <= 0 {
		return p.Phase
	}
	if s < over {
		return p.Phase + p.From*s + (p.To-p.From)*s*s/(2*over)
	}
	return p.Phase + (p.From+p.To)/2*over + p.To*(s-over)
}

// Due is the offset at which arrival n (from 0) is earned, the inverse of Arrivals, or [Never].
func (p Pacer) Due(n uint64) time.Duration {
	need := float64(n) + 1 - p.Phase
	if need <= 0 {
		return 0
	}
	over := p.Over.Seconds()
	if ramped := (p.From + p.To) / 2 * over; need > ramped {
		if p.To <= 0 {
			return Never
		}
		return seconds(over + (need-ramped)/p.To)
	}
	// Within the ramp: a·s² + from·s = need, solved in the form that stays exact for small a.
	a := (p.To - p.From) / (2 * over)
	return seconds(2 * need / (p.From + math.Sqrt(max(0, p.From*p.From+4*a*need))))
}

// Before is how many arrivals are due before the offset t. It is Arrivals rounded down, but where
// rounding errors matter it goes by Due, so that an offset cuts the arrivals in two without losing
// or doubling one.
func (p Pacer) Before(t time.Duration) uint64 {
	n := uint64(p.Arrivals(t))
	for n > 0 && p.Due(n-1) >= t {
		n--
	}
	for p.Due(n) < t {
		n++
	}
	return n
}

// Rate is the arrival rate at the offset t.
func (p Pacer) Rate(t time.Duration) float64 { return interpolate(p.From, p.To, t, p.Over) }

// interpolate moves from one value to another in a straight line over a time. Before its start it is at from.
func interpolate(from, to float64, t, over time.Duration) float64 {
	switch {
	case t < 0:
		return from
	case t >= over:
		return to
	}
	return from + (to-from)*t.Seconds()/over.Seconds()
}

func seconds(s float64) time.Duration {
	if s >= Never.Seconds() || math.IsNaN(s) {
		return Never
	}
	return time.Duration(s * float64(time.Second))
}
