package load

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// MaxSendDelay is how late an arrival may still be sent. One that could not be sent by then is
// counted as missed.
const MaxSendDelay = time.Second

// arrivals is the open model: requests that are due at an arrival rate, whatever the platform
// does. Workers take turns: the one that holds the lock waits for the next due time, passes the
// lock on and sends; when none is left to take the lock it brings a new worker first.
type arrivals struct {
	g       *Generator
	latest  atomic.Pointer[segment]
	missed  atomic.Uint64
	waiting atomic.Int64 // workers without a request
	workers atomic.Int64
	stop    chan struct{}

	turn    sync.Mutex
	current *segment // behind turn
	claimed uint64   // arrivals of current that were sent or missed; behind turn
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
	a := &arrivals{g: g, current: first, stop: make(chan struct{})}
	a.latest.Store(first)
	return a
}

// change moves the rate from what it is now to a new one over a time. Control goroutine only.
func (a *arrivals) change(to float64, over time.Duration, now time.Time) {
	old := a.latest.Load()
	t := now.Sub(old.start)
	from := old.pacer.Rate(t)
	if from == to && old.pacer.Rate(Never) == to {
		return
	}
	earned := old.pacer.Arrivals(t)
	phase := earned - float64(uint64(earned))
	if from == 0 && phase == 0 {
		phase = 1 // the first arrival after silence is due at once
	}
	n := &segment{start: now, pacer: Pacer{From: from, To: to, Over: over, Phase: phase}, ended: make(chan struct{})}
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

func (a *arrivals) hire() {
	id := uint64(a.workers.Add(1)) - 1
	a.waiting.Add(1)
	a.g.spawn(func() { a.work(id) })
}

// work claims arrivals and sends them until the run stops. The worker counts as waiting when it
// begins.
func (a *arrivals) work(id uint64) {
	shard := a.g.recorder.shard(id)
	rng := rand.New(rand.NewPCG(a.g.options.Seed, ^id)) //nolint:gosec // load, not cryptography
	timer := time.NewTimer(0)
	defer timer.Stop()
	var outcome Outcome
	for {
		a.turn.Lock()
		due, number, ok := a.await(timer)
		if a.waiting.Add(-1) == 0 && ok && a.workers.Load() < int64(a.g.options.MaxInFlight) {
			a.hire()
		}
		a.turn.Unlock()
		if !ok {
			return
		}
		p := a.g.plan.Load()
		brand := int(number % uint64(len(p.shares)))
		outcome = Outcome{Due: due}
		a.g.inFlight.Add(1)
		a.g.gateway.send(&outcome, p.shares[brand].draw(rng), brand, id, rng)
		a.g.inFlight.Add(-1)
		shard.record(&outcome, true)
		a.g.ended.Add(1)
		a.waiting.Add(1)
	}
}

// await waits, holding the turn, until the next arrival is due, and claims it. Its number tells
// arrivals apart. It answers false when the run stops.
func (a *arrivals) await(timer *time.Timer) (due time.Time, number uint64, ok bool) {
	for {
		select {
		case <-a.stop:
			return time.Time{}, 0, false
		default:
		}
		s := a.current
		now := time.Now()
		offset := s.pacer.Due(a.claimed)
		if s.over(offset) {
			a.current, a.claimed = s.next, 0
			continue
		}
		if late := now.Sub(s.start) - offset; offset != Never && late > MaxSendDelay {
			a.skip(s, now.Add(-MaxSendDelay))
			continue
		}
		wait := Never
		if offset != Never {
			wait = s.start.Add(offset).Sub(now)
		}
		if wait <= 0 {
			a.claimed++
			return s.start.Add(offset), a.claimed, true
		}
		timer.Reset(wait)
		ended := s.ended
		if s.hasEnded() {
			ended = nil // known already; only the time is left to wait for
		}
		select {
		case <-timer.C:
		case <-ended:
		case <-a.stop:
		}
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

// skip counts as missed every arrival of the segment that was due before the moment.
func (a *arrivals) skip(s *segment, before time.Time) {
	if s.over(before.Sub(s.start)) {
		before = s.end
	}
	earned := uint64(s.pacer.Arrivals(before.Sub(s.start)))
	if earned <= a.claimed {
		earned = a.claimed + 1
	}
	a.missed.Add(earned - a.claimed)
	a.claimed = earned
}

// settle counts what was due by the moment and never sent. Only after the workers have left.
func (a *arrivals) settle(now time.Time) {
	a.turn.Lock()
	defer a.turn.Unlock()
	for {
		s, until := a.current, now
		if s.hasEnded() {
			until = s.end
		}
		if earned := uint64(s.pacer.Arrivals(until.Sub(s.start))); earned > a.claimed {
			a.missed.Add(earned - a.claimed)
		}
		if !s.hasEnded() {
			return
		}
		a.current, a.claimed = s.next, 0
	}
}
