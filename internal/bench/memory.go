//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// seedThink is the longest think time of the plan's k6 script.
const seedThink = 1500 * time.Millisecond

const (
	memoryVUs     = 10_000
	memoryAimKB   = 24
	spareHandles  = 200 // files a generator opens besides its connections
	memoryPolling = 100 * time.Millisecond
)

// measureMemory is the peak of resident memory over the number of virtual
// users, the program and its report included.
func measureMemory(ctx context.Context, l *lab) ([]row, error) {
	vus := memoryVUs
	if room := int(min(l.descriptor, 1<<30)) - spareHandles; room < vus {
		vus = room
		l.logf("only %d files may be open: memory is measured with %d virtual users", l.descriptor, vus)
	}
	var rows []row
	for _, g := range []generator{squallHeadless(), k6()} {
		if _, ok := g.find(l); !ok {
			continue
		}
		peak, conns, err := l.peak(ctx, g, vus)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		perVU := float64(peak) / float64(vus) / 1e3
		l.logf("%s took %.0f MB with %d virtual users and %d connections", g.name, float64(peak)/1e6, vus, conns)
		r := row{
			what:     fmt.Sprintf("peak memory per virtual user at %s, %s", thousands(float64(vus)), g.name),
			measured: fmt.Sprintf("%.1f kB (%s connections at the peak)", perVU, thousands(float64(conns))),
		}
		if g.name == "squall" {
			r.aim, r.verdict = fmt.Sprintf("at most %d kB", memoryAimKB), verdictOf(perVU <= memoryAimKB)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (l *lab) peak(ctx context.Context, g generator, vus int) (peak, conns int64, err error) {
	w := work{vus: vus, think: seedThink, duration: l.long}
	t, err := l.begin(ctx, g, w, 0, false)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	tick := time.NewTicker(memoryPolling)
	defer tick.Stop()
	for {
		select {
		case <-t.done:
			r, err := t.finish(ctx)
			return peak, r.PeakConns, err
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-tick.C:
			// The last reading before the end stands.
			if now, err := t.peakMemory(); err == nil {
				peak = max(peak, now)
			}
		}
	}
}
