package load

import (
	"sync/atomic"
	"time"
)

// closingHost notices a gateway that closes its connections after an answer without saying so. Whoever takes such a
// connection in the moment before it is closed has a message reset that the gateway never meant to refuse, so from
// then on connections are used once. Now and then one is set aside to see whether that is still so: no message is risked
// for it.
type closingHost struct {
	inARow atomic.Int64             // kept connections that were of no use when they were wanted, since the last that was
	next   atomic.Int64             // when one may be set aside, in Unix nanoseconds
	aside  atomic.Pointer[setAside] // nil: none
}

const (
	closesNoticed = 3
	keptEvery     = 5 * time.Second
	restsFor      = time.Second // how long a gateway has to close one that was set aside
)

// setAside is a connection that nobody uses, to see whether the gateway closes it.
type setAside struct {
	since      time.Time
	closed     func() bool
	keep, drop func()
}

// noticed reports whether the gateway closes its connections.
func (c *closingHost) noticed() bool { return c.inARow.Load() >= closesNoticed }

// useOnce takes a connection that had an answer, for good: it is closed, or set aside when it is time to.
func (c *closingHost) useOnce(one *setAside) {
	now := time.Now()
	c.look(now)
	if next := c.next.Load(); now.UnixNano() >= next && c.next.CompareAndSwap(next, now.Add(keptEvery).UnixNano()) {
		one.since = now
		if before := c.aside.Swap(one); before != nil {
			before.drop()
		}
		return
	}
	one.drop()
}

// look sees what became of the connection that was set aside, once it has rested.
func (c *closingHost) look(now time.Time) {
	one := c.aside.Load()
	if one == nil || now.Sub(one.since) < restsFor || !c.aside.CompareAndSwap(one, nil) {
		return
	}
	if one.closed() {
		one.drop()
		return
	}
	c.wasOpen()
	one.keep()
}

// wasClosed notes a kept connection that was of no use.
func (c *closingHost) wasClosed() { c.inARow.Add(1) }

// wasOpen notes that a kept connection had another answer, or is still open.
func (c *closingHost) wasOpen() {
	if c.inARow.Load() != 0 {
		c.inARow.Store(0)
	}
}
