package load

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"xinbot.ir/squall/load/metric"
)

// MaxSendDelay is how late an arrival may still be sent. One that could not be sent by then is
// counted as missed.
const MaxSendDelay = time.Second

// arrivals is the open model: requests that are due at an arrival rate, whatever the platform
// does. Workers take turns: the one whose turn it is waits for the next due time, passes the
// turn on and sends; when none is left to take the turn it brings a new worker first.
type arrivals struct {
	g       *Generator
	latest  atomic.Pointer[segment]
	missed  atomic.Uint64
	waiting atomic.Int64 // workers without a request
	workers atomic.Int64

	following level // what the latest segment was made from; behind Generator.applying

	turn    chan struct{} // holds one token: who has taken it has the turn
	current *segment      // behind turn
	claimed uint64        // arrivals of current that were sent or missed; behind turn
	sent    uint64        // arrivals of all segments that were sent; behind turn
}

// segment is a stretch of time with one pacer. Segments form a list: a change of rate ends one and
// begins the next, and no arrival is lost or sent twice in between.
type segment struct {
	start time.Time
	pacer Pacer
	ended chan struct{} // closed when the following fields are set
	end   time.Time
	next  *segment
}

func newArrivals(g *Generator, now time.Time) *arrivals {
	first := &segment{start: now, ended: make(chan struct{})}
	a := &arrivals{g: g, current: first, turn: make(chan struct{}, 1)}
	a.latest.Store(first)
	a.pass()
	return a
}

// follow makes the rate go where the level goes from now on. Behind Generator.applying.
func (a *arrivals) follow(l level, now time.Time) {
	if l == a.following {
		return
	}
	a.following = l
	old := a.latest.Load()
	t := now.Sub(old.start)
	pacer := Pacer{From: l.at(now), To: l.to, Over: max(0, l.over-now.Sub(l.since))}
	if silence := (Pacer{}); pacer == silence && old.pacer.Rate(t) == 0 && old.pacer.To == 0 {
		return
	}
	pacer.Phase = min(1, max(0, old.pacer.Arrivals(t)-float64(old.pacer.Before(t))))
	if old.pacer.Rate(t) == 0 && pacer.Phase == 0 {
		pacer.Phase = 1 // the first arrival after silence is due at once
	}
	n := &segment{start: now, pacer: pacer, ended: make(chan struct{})}
	old.end, old.next = now, n
	a.latest.Store(n)
	close(old.ended)
	if a.workers.Load() == 0 {
		a.hire()
	}
}

// rate is the arrival rate intended at a moment.
func (a *arrivals) rate(now time.Time) float64 {
	s := a.latest.Load()
	return s.pacer.Rate(now.Sub(s.start))
}

// pass hands the turn on.
func (a *arrivals) pass() { a.turn <- struct{}{} }

func (a *arrivals) hire() {
	id := a.g.options.firstSender() + uint64(a.workers.Add(1)) - 1
	a.waiting.Add(1)
	a.g.spawn(func() { a.work(id) })
}

// work claims arrivals and sends them until the run stops. The worker counts as waiting when it
// begins.
func (a *arrivals) work(id uint64) {
	shard := a.g.recorder.Shard(id)
	rng := rand.New(rand.NewPCG(a.g.options.Seed, ^id))
	timer := time.NewTimer(0)
	defer timer.Stop()
	var outcome metric.Outcome
	for {
		due, number, ok := a.claim(timer)
		if !ok {
			return
		}
		outcome = metric.Outcome{Due: due}
		brand := int(number % uint64(len(a.g.gateway.templates)))
		a.g.message(&outcome, shard, brand, id, rng, true)
		a.waiting.Add(1)
	}
}

// claim takes a turn at waiting for the next arrival, and sees to it that somebody takes the turn
// after it.
func (a *arrivals) claim(timer *time.Timer) (due time.Time, number uint64, ok bool) {
	<-a.turn
	defer a.pass()
	due, number, ok = a.await(timer)
	if a.waiting.Add(-1) == 0 && ok && a.workers.Load() < int64(a.g.options.MaxInFlight) {
		a.hire()
	}
	return due, number, ok
}

// await waits until the next arrival is due and claims it. Its number tells arrivals apart. It
// answers false when the run stops. Behind turn.
func (a *arrivals) await(timer *time.Timer) (due time.Time, number uint64, ok bool) {
	for {
		select {
		case <-a.g.stopping:
			return time.Time{}, 0, false
		default:
		}
		now := time.Now()
		s, offset := a.next(now)
		wait := Never
		if offset != Never {
			due = s.start.Add(offset)
			wait = due.Sub(now)
		}
		if wait <= 0 {
			a.claimed++
			a.sent++
			return due, a.sent, true
		}
		timer.Reset(wait)
		ended := s.ended
		if s.hasEnded() {
			ended = nil // known already; only the time is left to wait for
		}
		select {
		case <-timer.C:
		case <-ended:
		case <-a.g.stopping:
		}
	}
}

// next is the first arrival that may still be sent: its segment and its offset there, or [Never].
// What has become too late before it is counted as missed. Behind turn.
func (a *arrivals) next(now time.Time) (*segment, time.Duration) {
	for {
		s := a.current
		offset := s.pacer.Due(a.claimed)
		switch {
		case s.over(offset):
			a.advance()
		case offset != Never && now.Sub(s.start)-offset > MaxSendDelay:
			a.skip(now.Add(-MaxSendDelay))
		default:
			return s, offset
		}
	}
}

// advance goes on to the following segment. An arrival that was claimed in the moment between a
// change of rate and our learning of it belongs there. Behind turn.
func (a *arrivals) advance() {
	s := a.current
	a.current, a.claimed = s.next, a.claimed-s.pacer.Before(s.end.Sub(s.start))
}

// skip counts as missed every arrival of the current segment that was due before the moment and
// is not claimed. Behind turn.
func (a *arrivals) skip(before time.Time) {
	s := a.current
	if s.hasEnded() && before.After(s.end) {
		before = s.end
	}
	if due := s.pacer.Before(before.Sub(s.start)); due > a.claimed {
		a.missed.Add(due - a.claimed)
		a.claimed = due
	}
}

// over tells whether an arrival at the offset would fall behind the end of the segment.
func (s *segment) over(offset time.Duration) bool {
	return s.hasEnded() && (offset == Never || !s.start.Add(offset).Before(s.end))
}

func (s *segment) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// overlook counts what has become too late while every worker has a request under way and none
// looks, so that it shows in the second it was missed.
func (a *arrivals) overlook(now time.Time) {
	select {
	case <-a.turn:
		defer a.pass()
		a.next(now)
	default: // somebody looks
	}
}

// settle counts what was due before the moment and never sent. Only after the workers have left.
func (a *arrivals) settle(before time.Time) {
	<-a.turn
	defer a.pass()
	for {
		a.skip(before)
		if !a.current.hasEnded() {
			return
		}
		a.advance()
	}
}
