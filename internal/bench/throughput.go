//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// busyVUs keep a core busy without thinking.
const busyVUs = 64

// measureThroughput is messages per CPU-second of each generator: rounds are
// interleaved, so that a change of the machine's mood meets all of them, and
// the median of the rounds counts.
func measureThroughput(ctx context.Context, l *lab) ([]row, error) {
	rates := map[string][]float64{}
	var others []float64
	var here []generator
	for _, g := range generators {
		if _, ok := g.find(l); ok {
			here = append(here, g)
		} else {
			l.logf("%s is not installed: left out", g.name)
		}
	}
	for round := range l.rounds {
		for _, g := range here {
			s, err := l.undisturbed(ctx, g, false)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", g.name, err)
			}
			l.logf("round %d: %s %.0f messages per CPU-second (%.0f%% of the core, others %.0f%%)",
				round+1, g.name, s.perCPUSecond(), 100*s.cores(), 100*s.others())
			others = append(others, s.others())
			rates[g.name] = append(rates[g.name], s.perCPUSecond())
		}
	}

	ours := median(rates["squall"])
	var rows []row
	for _, g := range here {
		what := "messages per CPU-second, " + g.name
		if g.note != "" {
			what += " (" + g.note + ")"
		}
		rows = append(rows, row{what: what, measured: thousands(median(rates[g.name]))})
	}
	for _, aim := range []struct {
		than string
		by   float64
	}{{"k6", 20}, {"wrk", 0.9}} {
		if theirs := rates[aim.than]; theirs != nil {
			ratio := ours / median(theirs)
			rows = append(rows, row{
				what:     "messages per CPU-second, squall against " + aim.than,
				aim:      fmt.Sprintf("at least %g times", aim.by),
				measured: fmt.Sprintf("%.2f times", ratio),
				verdict:  verdictOf(ratio >= aim.by),
			})
		}
	}
	return append(rows, row{
		what:     "share of the generator's core that other programs took meanwhile",
		measured: fmt.Sprintf("%.0f %%", 100*median(others)),
	}), nil
}

// disturbance is the share of the generator's core that other programs may
// take before a round is measured again, and attempts is how often it is.
const (
	disturbance = 0.05
	attempts    = 3
)

// undisturbed is busy, again when other programs got in the way; the least
// disturbed attempt counts.
func (l *lab) undisturbed(ctx context.Context, g generator, screen bool) (span, error) {
	var best span
	for attempt := range attempts {
		s, err := l.busy(ctx, g, screen)
		if err != nil {
			return span{}, err
		}
		if attempt == 0 || s.others() < best.others() {
			best = s
		}
		if best.others() <= disturbance {
			break
		}
	}
	return best, nil
}

// busy observes a generator that keeps its core busy.
func (l *lab) busy(ctx context.Context, g generator, screen bool) (s span, err error) {
	w := work{vus: busyVUs, duration: (l.warmUp + l.window + time.Second).Round(time.Second)}
	t, err := l.begin(ctx, g, w, 0, screen)
	if err != nil {
		return span{}, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	if err := pause(ctx, l.warmUp); err != nil {
		return span{}, err
	}
	if s, err = t.observe(ctx, l.window); err != nil {
		return span{}, err
	}
	_, err = t.finish(ctx)
	return s, err
}
