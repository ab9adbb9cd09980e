package rotation

import "xinbot.ir/squall/internal/event"

// disagreement is a time in which the gateway accepts a secret from one message and refuses it from the next. Seen from its
// address it shows by answers that change more than once: a gateway that goes over to another secret everywhere changes its
// answer to each of them once.
type disagreement struct {
	flips  map[event.Signature][]float64 // of the last Window
	latest float64                       // flip, or moment at which replicas were seen to differ
	since  moment
	total  float64 // of those that are over
}

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
	d.total += until - from
	d.since, d.flips = moment{}, nil
	return from, until, true
}

// lasted is how long replicas disagreed in all, in seconds.
func (d *disagreement) lasted() float64 {
	if d.since.known {
		return d.total + d.latest - d.since.at
	}
	return d.total
}

// outage is a time in which neither the old nor the next secret was accepted.
type outage struct {
	failed  map[event.Signature]int // since one was accepted
	first   float64                 // of these
	latest  float64
	split   bool // replicas disagreed meanwhile
	longest float64
}

// fewestWhileSplit is how many probes in a row have to fail while replicas disagree to be an outage: each fails by chance
// then, when it comes to the wrong replica. Of two replicas a dozen in a row do so once in 4,096 times.
const fewestWhileSplit = 12

func (o *outage) add(p Probe, split bool) {
	if p.Answer == Accepted {
		o.longest = max(o.longest, o.lasts(p.At))
		*o = outage{longest: o.longest}
		return
	}
	if o.failed == nil {
		o.failed, o.first = map[event.Signature]int{}, p.At
	}
	o.failed[p.Signature]++
	o.latest, o.split = p.At, o.split || split
}

// lasts is how long the one that goes on has lasted by now; 0 when there is none.
func (o *outage) lasts(now float64) float64 {
	old, next := o.failed[event.SignedOld], o.failed[event.SignedNext]
	if old == 0 || next == 0 || o.split && old+next < fewestWhileSplit {
		return 0
	}
	return now - o.first
}
