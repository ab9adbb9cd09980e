package load

import "time"

// level is a number on its way: from one value to another in a straight line.
type level struct {
	from, to float64
	since    time.Time
	over     time.Duration // of the whole way; 0: there at once
}

// at is the level at a moment.
func (l level) at(now time.Time) float64 { return ramp(l.from, l.to, now.Sub(l.since), l.over) }

// moving tells whether the level is still on its way.
func (l level) moving(now time.Time) bool { return l.from != l.to && now.Sub(l.since) < l.over }

// toward heads for a value. A way that leads there already goes on as it was, so that changing
// something else in the middle of a ramp does not begin the ramp anew.
func (l level) toward(to float64, over time.Duration, now time.Time) level {
	if to == l.to && (over == l.over || !l.moving(now)) {
		return l
	}
	return level{from: l.at(now), to: to, since: now, over: over}
}

// next heads for what new settings want, unless they hold the level (see [Settings]).
func (l level) next(was, is Settings, wantedBefore, wanted float64, now time.Time) level {
	held := is.Hold && is.Open() == was.Open() // a level of the other model is nothing to hold on to
	switch {
	case held && !was.Hold:
		return l.toward(l.at(now), 0, now)
	case held && (wanted >= wantedBefore || wanted >= l.to):
		return l
	}
	return l.toward(wanted, is.Ramp, now)
}
