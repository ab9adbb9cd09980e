package load

import "time"

// ramp is a number that goes from one value to another in a straight line.
type ramp struct {
	from, to float64
	since    time.Time
	over     time.Duration // from since; 0: at once
}

// at is the number at a time.
func (r ramp) at(now time.Time) float64 { return interpolate(r.from, r.to, now.Sub(r.since), r.over) }

// moving reports whether the number still changes.
func (r ramp) moving(now time.Time) bool { return r.from != r.to && now.Sub(r.since) < r.over }

// toward returns a ramp to another value. A ramp that goes there already is returned as it is, so that
// changing something else in the middle of a ramp does not begin it anew.
func (r ramp) toward(to float64, over time.Duration, now time.Time) ramp {
	if to == r.to && (over == r.over || !r.moving(now)) {
		return r
	}
	return ramp{from: r.at(now), to: to, since: now, over: over}
}

// next returns the ramp to what new settings want, unless they hold the number (see [Settings]).
func (r ramp) next(was, is Settings, wantedBefore, wanted float64, now time.Time) ramp {
	held := is.Hold && is.Open() == was.Open() // a number of the other model is not held
	switch {
	case held && !was.Hold:
		return r.toward(r.at(now), 0, now)
	case held && (wanted >= wantedBefore || wanted >= r.to):
		return r
	}
	return r.toward(wanted, is.Ramp, now)
}
