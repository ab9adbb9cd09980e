package load

import (
	"context"
	"time"
)

// beat is one admin flow of one tenant: something that is due so many times a minute.
type beat struct {
	tenant    Tenant
	perMinute func(Settings) float64 // 0: not now
	call      func(context.Context, *beat, time.Time)
	count     uint64

	pacer   Pacer // at one rate; a change of pace begins a new one
	start   time.Time
	claimed uint64 // calls of this pacer
}

// claim takes the next call if it is due by now.
func (b *beat) claim(now time.Time) (due time.Time, ok bool) {
	offset := b.pacer.Due(b.claimed)
	if offset > now.Sub(b.start) {
		return time.Time{}, false
	}
	b.claimed++
	b.count++
	return b.start.Add(offset), true
}

// move changes the pace. What was earned of the next call is kept: at twice the pace the rest of
// the wait takes half as long.
func (b *beat) move(perSecond float64, now time.Time) {
	if perSecond == b.pacer.To {
		return
	}
	earned := b.pacer.Arrivals(now.Sub(b.start)) - float64(b.claimed)
	b.pacer = Pacer{From: perSecond, To: perSecond, Phase: min(1, max(0, earned))}
	b.start, b.claimed = now, 0
}

// wait is how long it is to the next call.
func (b *beat) wait(now time.Time) time.Duration {
	offset := b.pacer.Due(b.claimed)
	if offset == Never {
		return Never
	}
	return max(0, b.start.Add(offset).Sub(now))
}
