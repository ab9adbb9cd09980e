package load

import (
	"sync/atomic"
	"time"

	"xinbot.ir/squall/load/metric"
)

// MaxSendDelay is how late an arrival may still be sent. One that could not be sent by then is
// counted as missed.
const MaxSendDelay = time.Second

// openModel sends requests that are due at an arrival rate, however fast the platform answers. A token goes
// round among its workers: the one that holds it waits for the next due time, passes the token on and sends.
// If no other worker is waiting then, it starts a new one first.
type openModel struct {
	g       *Generator
	latest  atomic.Pointer[rateSegment]
	missed  atomic.Uint64
	waiting atomic.Int64 // workers without a request
	workers atomic.Int64
	begun   atomic.Uint64 // conversations

	following ramp // what the latest segment was made from; Generator.applying must be held

	token   chan struct{} // capacity 1; who has received the token holds it
	current *rateSegment  // guarded by token
	claimed uint64        // arrivals of current that were sent or missed; guarded by token
}

// rateSegment is a period with one pacer. Segments form a list: a change of rate ends one and
// begins the next, and no arrival is lost or sent twice in between.
type rateSegment struct {
	start time.Time
	pacer Pacer
	ended chan struct{} // closed when the following fields are set
	end   time.Time
	next  *rateSegment
}

func newOpenModel(g *Generator, now time.Time) *openModel {
	first := &rateSegment{start: now, ended: make(chan struct{})}
	m := &openModel{g: g, current: first, token: make(chan struct{}, 1)}
	m.latest.Store(first)
	m.passToken()
	return m
}

// setRate makes the arrival rate follow the ramp from now on. Generator.applying must be held.
func (m *openModel) setRate(r ramp, now time.Time) {
	if r == m.following {
		return
	}
	m.following = r
	old := m.latest.Load()
	t := now.Sub(old.start)
	pacer := Pacer{From: r.at(now), To: r.to, Over: max(0, r.over-now.Sub(r.since))}
	if zero := (Pacer{}); pacer == zero && old.pacer.Rate(t) == 0 && old.pacer.To == 0 {
		return
	}
	pacer.Phase = min(1, max(0, old.pacer.Arrivals(t)-float64(old.pacer.Before(t))))
	if old.pacer.Rate(t) == 0 && pacer.Phase == 0 {
		pacer.Phase = 1 // the first arrival after a rate of 0 is due at once
	}
	n := &rateSegment{start: now, pacer: pacer, ended: make(chan struct{})}
	old.end, old.next = now, n
	m.latest.Store(n)
	close(old.ended)
	if m.workers.Load() == 0 {
		m.addWorker()
	}
}

// rate is the arrival rate intended at a time, in requests a second.
func (m *openModel) rate(now time.Time) float64 {
	s := m.latest.Load()
	return s.pacer.Rate(now.Sub(s.start))
}

func (m *openModel) passToken() { m.token <- struct{}{} }

func (m *openModel) addWorker() {
	id := m.g.options.firstSender() + uint64(m.workers.Add(1)) - 1
	m.waiting.Add(1)
	m.g.spawn(func() { m.work(id) })
}

// work claims arrivals and sends them until the run stops. The worker counts as waiting when it
// begins.
func (m *openModel) work(id uint64) {
	shard := m.g.recorder.Shard(id)
	s := newSender(&m.g.options, id, ^id)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var outcome metric.Outcome
	for {
		due, ok := m.claim(timer)
		if !ok {
			return
		}
		outcome = metric.Outcome{Due: due}
		brand := s.brand
		if s.left == 0 { // by turns of the conversations, not of the messages: the workers march in step with those
			brand = int(m.begun.Add(1) % uint64(len(m.g.gateway.templates)))
		}
		m.g.message(&outcome, shard, &s, brand, true)
		m.waiting.Add(1)
	}
}

// claim waits for the token and then for the next arrival. It starts a worker if none is left to take the
// token after it.
func (m *openModel) claim(timer *time.Timer) (due time.Time, ok bool) {
	<-m.token
	defer m.passToken()
	due, ok = m.await(timer)
	if m.waiting.Add(-1) == 0 && ok && m.workers.Load() < int64(m.g.options.MaxInFlight) {
		m.addWorker()
	}
	return due, ok
}

// await waits until the next arrival is due and claims it. Not ok when the run stops; what fell due just before,
// as late as timers are, is sent. The token must be held.
func (m *openModel) await(timer *time.Timer) (due time.Time, ok bool) {
	for {
		now := time.Now()
		s, offset := m.next(now)
		wait := Never
		if offset != Never {
			due = s.start.Add(offset)
			wait = due.Sub(now)
		}
		if m.g.ended() && (wait > 0 || wait < -lagTolerated) {
			return time.Time{}, false
		}
		if wait <= 0 {
			m.claimed++
			return due, true
		}
		timer.Reset(wait)
		ended := s.ended
		if s.hasEnded() {
			ended = nil // known already; only the time is left to wait for
		}
		select {
		case <-timer.C:
		case <-ended:
		case <-m.g.stopping:
		}
	}
}

// next returns the first arrival that may still be sent: its segment and its offset there, or [Never].
// Arrivals before it that are too late are counted as missed, or as skipped when they fell due while the
// generator was away: sent all at once they would be a load that nobody asked for. The token must be held.
func (m *openModel) next(now time.Time) (*rateSegment, time.Duration) {
	for {
		s := m.current
		offset := s.pacer.Due(m.claimed)
		switch {
		case s.endsBefore(offset):
			m.advance()
		case offset != Never && m.fellDueInAbsence(s.start.Add(offset), now):
			m.skip(m.g.absences.end())
		case offset != Never && now.Sub(s.start)-offset > MaxSendDelay:
			m.countMissed(now.Add(-MaxSendDelay))
		default:
			return s, offset
		}
	}
}

// advance goes on to the following segment. An arrival that was claimed after a change of rate and before
// the change was seen belongs there. The token must be held.
func (m *openModel) advance() {
	s := m.current
	m.current, m.claimed = s.next, m.claimed-s.pacer.Before(s.end.Sub(s.start))
}

// countMissed counts as missed every arrival of the current segment that was due before the given time and
// was not claimed. The token must be held.
func (m *openModel) countMissed(before time.Time) { m.missed.Add(m.pass(before)) }

// skip counts as skipped what countMissed would count as missed.
func (m *openModel) skip(before time.Time) { m.g.skipped.Add(m.pass(before)) }

// pass claims the arrivals of the current segment that were due before the given time, and returns how many.
func (m *openModel) pass(before time.Time) uint64 {
	s := m.current
	if s.hasEnded() && before.After(s.end) {
		before = s.end
	}
	due := s.pacer.Before(before.Sub(s.start))
	if due <= m.claimed {
		return 0
	}
	passed := due - m.claimed
	m.claimed = due
	return passed
}

func (m *openModel) fellDueInAbsence(due, now time.Time) bool {
	m.g.absences.noticeLate(now.Sub(due), now)
	return m.g.absences.before(due)
}

// endsBefore reports whether the segment ends before an arrival at the offset would be due.
func (s *rateSegment) endsBefore(offset time.Duration) bool {
	return s.hasEnded() && (offset == Never || !s.start.Add(offset).Before(s.end))
}

func (s *rateSegment) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// countOverdue counts as missed what is overdue while every worker has a request under way, so that it shows in
// the second in which it was missed.
func (m *openModel) countOverdue(now time.Time) {
	select {
	case <-m.token:
		defer m.passToken()
		m.next(now)
	default: // a worker holds the token and counts
	}
}

// countRemaining counts as missed what was due before the given time and never sent. Call it only after the
// workers have ended.
func (m *openModel) countRemaining(before time.Time) {
	<-m.token
	defer m.passToken()
	for {
		m.countMissed(before)
		if !m.current.hasEnded() {
			return
		}
		m.advance()
	}
}
