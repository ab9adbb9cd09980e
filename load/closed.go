package load

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"
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
			rng:   rand.New(rand.NewPCG(c.g.options.Seed, c.nextID)), //nolint:gosec // load, not cryptography
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

// live is a virtual user's life. It starts somewhere within its first think time, so that a crowd
// does not arrive in step.
func (c *crowd) live(u *virtualUser) {
	shard := c.g.recorder.shard(u.id)
	timer := time.NewTimer(math.MaxInt64)
	defer timer.Stop()
	var outcome Outcome

	p := c.g.plan.Load()
	think := time.Duration(u.rng.Float64() * float64(p.settings.Think.draw(u.rng)))
	for c.think(u, timer, think) {
		p = c.g.plan.Load()
		outcome = Outcome{}
		c.g.inFlight.Add(1)
		c.g.gateway.send(&outcome, p.shares[u.brand].draw(u.rng), u.brand, u.id, u.rng)
		c.g.inFlight.Add(-1)
		shard.record(&outcome, false)
		c.g.ended.Add(1)
		think = c.g.plan.Load().settings.Think.draw(u.rng)
	}
}

// think waits for the think time and for as long as the run is paused, and tells whether the
// virtual user should go on. A change of think time takes effect at once.
func (c *crowd) think(u *virtualUser, timer *time.Timer, d time.Duration) bool {
	if d == 0 && !c.g.plan.Load().settings.Paused { // spares the clock, which costs as much as a signature
		select {
		case <-u.quit:
			return false
		default:
			return true
		}
	}
	started := time.Now()
	for {
		p := c.g.plan.Load()
		wait := d - time.Since(started)
		switch {
		case p.settings.Paused:
			wait = math.MaxInt64
		case wait <= 0:
			select {
			case <-u.quit:
				return false
			default:
				return true
			}
		}
		timer.Reset(wait)
		select {
		case <-u.quit:
			return false
		case <-timer.C:
		case <-p.wake:
			if now := c.g.plan.Load().settings.Think; now != p.settings.Think {
				d = now.draw(u.rng)
			}
		}
	}
}
