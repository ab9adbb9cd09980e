//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"xinbot.ir/squall/internal/bench/echo"
)

const (
	latencyVUs     = 5_000
	latencyAim     = 1.0  // ms
	latencyAimPart = 0.05 // of the truth
)

// measureLatency holds the p95 that a generator reports, with five thousand
// virtual users on one core, against the server's own record of the very same
// requests: once with a server that answers at once, once with one that takes
// its time.
func measureLatency(ctx context.Context, l *lab) ([]row, error) {
	var rows []row
	for _, delay := range []time.Duration{0, 50 * time.Millisecond} {
		for _, g := range []generator{squallHeadless(), k6()} {
			if _, ok := g.find(l); !ok {
				continue
			}
			r, err := l.claim(ctx, g, delay)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", g.name, err)
			}
			rows = append(rows, r...)
		}
	}
	return rows, nil
}

func (l *lab) claim(ctx context.Context, g generator, delay time.Duration) (rows []row, err error) {
	w := work{vus: latencyVUs, think: seedThink, duration: l.long}
	t, err := l.begin(ctx, g, w, delay, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	before, err := t.moment(ctx)
	if err != nil {
		return nil, err
	}
	truth, err := t.finish(ctx)
	if err != nil {
		return nil, err
	}
	core, err := coreBusy(generatorCore)
	if err != nil {
		return nil, err
	}
	used := t.cmd.ProcessState.UserTime() + t.cmd.ProcessState.SystemTime()
	whole := span{cpu: used - before.cpu, core: core - before.core, wall: time.Since(before.at)}
	claimed, err := readSummary(t.work)
	if err != nil {
		return nil, err
	}
	l.logf("%s says p95 %.2f ms of %d requests; the server answered %d, p95 %.2f ms (others took %.0f%% of the core)",
		g.name, claimed.Metrics.Duration.P95, claimed.Metrics.Requests.Count, truth.Accepted, truth.P95, 100*whole.others())
	return claimRows(g.name, delay, claimed, truth), nil
}

func claimRows(name string, delay time.Duration, claimed summary, truth echo.Record) []row {
	p95 := claimed.Metrics.Duration.P95
	off := math.Abs(p95 - truth.P95)
	server := "a server that answers at once"
	if delay > 0 {
		server = fmt.Sprintf("a server that takes about %s", delay)
	}
	accuracy := row{
		what:     fmt.Sprintf("p95 at %s virtual users, %s, %s", thousands(latencyVUs), server, name),
		measured: fmt.Sprintf("%s, in truth %s: off by %s", millis(p95), millis(truth.P95), millis(off)),
	}
	if truth.P95 > latencyAim { // a percentage of next to nothing says nothing
		accuracy.measured += fmt.Sprintf(" (%.1f %%)", 100*off/truth.P95)
	}
	if name != "squall" {
		return []row{accuracy}
	}
	accuracy.aim = fmt.Sprintf("within %.0f %% or %g ms", 100*latencyAimPart, latencyAim)
	accuracy.verdict = verdictOf(off <= latencyAim || off <= latencyAimPart*truth.P95)
	lost := claimed.Metrics.Requests.Count - truth.Accepted
	return []row{accuracy, {
		what:     fmt.Sprintf("requests counted, %s, against the server's count", server),
		aim:      "the same",
		measured: fmt.Sprintf("%s of %s", thousands(float64(claimed.Metrics.Requests.Count)), thousands(float64(truth.Accepted))),
		verdict:  verdictOf(lost == 0),
	}}
}
