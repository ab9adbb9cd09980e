package load

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"xinbot.ir/squall/load/metric"
)

// crowd is the closed model: virtual users that send, wait for the answer, think, and send again.
// Only the control goroutine adds and removes virtual users.
type crowd struct {
	g       *Generator
	users   []*virtualUser
	nextID  uint64
	running atomic.Int64
}

// virtualUser has one conversation with one brand, and its own source of chance, so that a run
// with the same seed makes the same choices whatever the machine does.
type virtualUser struct {
	id    uint64
	brand int
	rng   *rand.Rand
	quit  chan struct{}
}

// resize brings the crowd to n virtual users. Those who leave finish the request they are in.
func (c *crowd) resize(n int) {
	for len(c.users) < n {
		u := &virtualUser{
			id:    c.nextID,
			brand: int(c.nextID % uint64(len(c.g.gateway.templates))),
			rng:   rand.New(rand.NewPCG(c.g.options.Seed, c.nextID)),
			quit:  make(chan struct{}),
		}
		c.nextID++
		c.users = append(c.users, u)
		c.running.Add(1)
		c.g.spawn(func() {
			defer c.running.Add(-1)
			c.live(u)
		})
	}
	for _, u := range c.users[n:] {
		close(u.quit)
	}
	clear(c.users[n:])
	c.users = c.users[:n]
}

// live is a virtual user's life. It starts in the middle of a think time, so that a crowd does not
// arrive in step.
func (c *crowd) live(u *virtualUser) {
	shard := c.g.recorder.Shard(u.id)
	timer := time.NewTimer(Never)
	defer timer.Stop()
	var outcome metric.Outcome

	think := c.g.plan.Load().settings.Think.first(u.rng)
	for c.think(u, timer, think) {
		outcome = metric.Outcome{}
		c.g.message(&outcome, shard, u.brand, u.id, u.rng, false)
		think = c.g.plan.Load().settings.Think.draw(u.rng)
	}
}

// stays tells whether the virtual user has not been told to leave.
func (u *virtualUser) stays() bool {
	select {
	case <-u.quit:
		return false
	default:
		return true
	}
}

// think waits for the think time and for as long as the run is paused, and tells whether the
// virtual user should go on. A change of think time and the end of a pause take effect at once:
// then everybody enters anew, or else all those whose time was up would send in the same moment.
func (c *crowd) think(u *virtualUser, timer *time.Timer, d time.Duration) bool {
	p := c.g.plan.Load()
	if d == 0 && !p.settings.Paused { // spares the clock, which costs as much as a signature
		return u.stays()
	}
	started := time.Now()
	for {
		wait := d - time.Since(started)
		if p.settings.Paused {
			wait = Never
		}
		if wait <= 0 {
			return u.stays()
		}
		timer.Reset(wait)
		select {
		case <-u.quit:
			return false
		case <-timer.C:
		case <-p.wake:
		}
		now := c.g.plan.Load()
		if now.settings.Think != p.settings.Think || now.settings.Paused != p.settings.Paused {
			started, d = time.Now(), now.settings.Think.first(u.rng)
		}
		p = now
	}
}
