package load

import (
	"sync/atomic"
	"time"

	"xinbot.ir/squall/load/metric"
)

// vuPool is the closed model: its virtual users send, wait for the answer, think, and send again.
// Only the control goroutine adds and removes virtual users.
type vuPool struct {
	g       *Generator
	users   []*virtualUser
	nextID  uint64
	running atomic.Int64
}

// virtualUser talks to one brand.
type virtualUser struct {
	sender
	brand int
	quit  chan struct{}
}

// resize starts or stops virtual users until there are n. One that is stopped finishes its request.
func (p *vuPool) resize(n int) {
	for len(p.users) < n {
		u := &virtualUser{
			sender: newSender(&p.g.options, p.nextID, p.nextID),
			brand:  int(p.nextID % uint64(len(p.g.gateway.templates))),
			quit:   make(chan struct{}),
		}
		p.nextID++
		p.users = append(p.users, u)
		p.running.Add(1)
		p.g.spawn(func() {
			defer p.running.Add(-1)
			p.loop(u)
		})
	}
	for _, u := range p.users[n:] {
		close(u.quit)
	}
	clear(p.users[n:])
	p.users = p.users[:n]
}

// loop sends and thinks until the virtual user is stopped. It starts within a think time, so that many virtual
// users that start together do not send together.
func (p *vuPool) loop(u *virtualUser) {
	shard := p.g.recorder.Shard(u.id)
	timer := time.NewTimer(Never)
	defer timer.Stop()
	var outcome metric.Outcome

	think := p.g.plan.Load().settings.Think.initialDelay(u.rng)
	for p.think(u, timer, think) {
		outcome = metric.Outcome{}
		p.g.message(&outcome, shard, &u.sender, u.brand, false)
		think = p.g.plan.Load().settings.Think.draw(u.rng)
	}
}

// active reports whether the virtual user has not been stopped.
func (u *virtualUser) active() bool {
	select {
	case <-u.quit:
		return false
	default:
		return true
	}
}

// think waits for the think time and for as long as the run is paused; false when the virtual user was stopped.
// A change of think time and the end of a pause take effect at once: each virtual user then waits for a new
// initial delay, because all those whose time was over would send at the same instant. So it is when the time
// was over while the generator was away.
func (p *vuPool) think(u *virtualUser, timer *time.Timer, d time.Duration) bool {
	current := p.g.plan.Load()
	if d == 0 && !current.settings.Paused { // spares the clock, which costs as much as a signature
		return u.active()
	}
	started := time.Now()
	for {
		wait := d - time.Since(started)
		if current.settings.Paused {
			wait = Never
		}
		if wait <= 0 {
			if p.g.absences.noticeLate(-wait, time.Now()); p.g.absences.before(started.Add(d)) && d > 0 {
				started, d = time.Now(), current.settings.Think.initialDelay(u.rng)
				continue
			}
			return u.active()
		}
		timer.Reset(wait)
		select {
		case <-u.quit:
			return false
		case <-timer.C:
		case <-current.wake:
		}
		now := p.g.plan.Load()
		if now.settings.Think != current.settings.Think || now.settings.Paused != current.settings.Paused {
			started, d = time.Now(), now.settings.Think.initialDelay(u.rng)
		}
		current = now
	}
}
