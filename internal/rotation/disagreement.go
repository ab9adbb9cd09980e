package rotation

import (
	"cmp"
	"slices"

	"xinbot.ir/squall/internal/event"
)

// disagreement is a time in which the gateway accepts a secret from one message and refuses it from the next. Seen from its
// address it shows by answers that change more than once: a gateway that goes over to another secret everywhere changes its
// answer to each of them once.
type disagreement struct {
	flips  map[event.Signature][]float64 // of the last Window
	latest float64                       // flip, or moment at which replicas were seen to differ
	since  moment
	over   []span
}

// span is a time, in seconds since the start of the run.
type span struct{ from, to float64 }

// flip notes an answer that is another than the one before.
func (d *disagreement) flip(when float64, s event.Signature) {
	if d.flips == nil {
		d.flips = map[event.Signature][]float64{}
	}
	kept := d.flips[s][:0]
	for _, at := range d.flips[s] {
		if at > when-Window {
			kept = append(kept, at)
		}
	}
	d.flips[s] = append(kept, when)
	if d.since.known {
		d.latest = when
	}
}

// begins reports whether replicas disagree who did not, and since when.
func (d *disagreement) begins(now float64, mixed bool) (since float64, begins bool) {
	if mixed {
		d.latest = now
	}
	if d.since.known {
		return 0, false
	}
	since, begins = now, mixed
	for _, flips := range d.flips {
		if len(flips) > 1 && flips[len(flips)-1] > now-Window {
			begins, since = true, min(since, flips[0])
			d.latest = max(d.latest, flips[len(flips)-1])
		}
	}
	if begins {
		d.since = at(since)
	}
	return since, begins
}

// ends reports whether a disagreement is over: nothing of it was seen for a while. It ended when it was seen last.
func (d *disagreement) ends(now float64, mixed bool) (from, until float64, ends bool) {
	if !d.since.known || mixed || now-d.latest < Window {
		return 0, 0, false
	}
	from, until = d.since.at, d.latest
	d.over = append(d.over, span{from, until})
	d.since, d.flips = moment{}, nil
	return from, until, true
}

// spans are all of them, the one that goes on included.
func (d *disagreement) spans() []span {
	if d.since.known {
		return append(slices.Clip(d.over), span{d.since.at, d.latest})
	}
	return d.over
}

// lasted is how long replicas disagreed in all, in seconds.
func (d *disagreement) lasted() (sum float64) {
	for _, s := range d.spans() {
		sum += s.to - s.from
	}
	return sum
}

// outages are the times in which neither the old nor the next secret was accepted.
type outages struct {
	now  outage // that goes on; empty while one of them is accepted
	over []outage
}

// outage is one of them.
type outage struct {
	from, to  float64
	old, next int // probes that failed
}

// mostOutages bounds how many are kept, the longest.
const mostOutages = 100

// fewestWhileSplit is how many probes in a row have to fail while replicas disagree to be an outage: each fails by chance
// then, when it comes to the wrong replica. Of two replicas twenty in a row do so once in a million times.
const fewestWhileSplit = 20

func (o *outages) add(p Probe) {
	if p.Answer == Accepted {
		if o.now.old > 0 && o.now.next > 0 {
			o.now.to = p.At
			o.over = append(o.over, o.now)
			if len(o.over) > mostOutages {
				slices.SortFunc(o.over, func(a, b outage) int { return cmp.Compare(b.to-b.from, a.to-a.from) })
				o.over = o.over[:mostOutages]
			}
		}
		o.now = outage{}
		return
	}
	if o.now.old+o.now.next == 0 {
		o.now.from = p.At
	}
	o.now.to = p.At
	if p.Signature == event.SignedOld {
		o.now.old++
	} else {
		o.now.next++
	}
}

// longest is the longest one in seconds, but for those that replicas which disagree explain.
func (o *outages) longest(splits []span) (longest float64) {
	for _, one := range append(slices.Clip(o.over), o.now) {
		byChance := one.old+one.next < fewestWhileSplit && slices.ContainsFunc(splits, func(s span) bool { return one.to >= s.from-1 && one.from <= s.to+1 })
		if one.old > 0 && one.next > 0 && !byChance {
			longest = max(longest, one.to-one.from)
		}
	}
	return longest
}
