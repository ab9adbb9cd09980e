package load

import (
	"context"
	"time"
)

// adminTask is one admin flow of one tenant: something that is due so many times a minute.
type adminTask struct {
	tenant    Tenant
	perMinute func(Settings) float64 // 0: not now
	call      func(context.Context, *adminTask, time.Time)
	count     uint64

	pacer   Pacer // at one rate; a change of pace begins a new one
	start   time.Time
	claimed uint64 // calls of this pacer
}

// claim takes the next call if it is due by now.
func (t *adminTask) claim(now time.Time) (due time.Time, ok bool) {
	offset := t.pacer.Due(t.claimed)
	if offset > now.Sub(t.start) {
		return time.Time{}, false
	}
	t.claimed++
	t.count++
	return t.start.Add(offset), true
}

// move changes the pace. What was earned of the next call is kept: at twice the pace the rest of
// the wait takes half as long.
func (t *adminTask) move(perSecond float64, now time.Time) {
	if perSecond == t.pacer.To {
		return
	}
	earned := t.pacer.Arrivals(now.Sub(t.start)) - float64(t.claimed)
	t.pacer = Pacer{From: perSecond, To: perSecond, Phase: min(1, max(0, earned))}
	t.start, t.claimed = now, 0
}

// wait is how long it is to the next call.
func (t *adminTask) wait(now time.Time) time.Duration {
	offset := t.pacer.Due(t.claimed)
	if offset == Never {
		return Never
	}
	return max(0, t.start.Add(offset).Sub(now))
}
