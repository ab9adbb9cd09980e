//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"xinbot.ir/squall/internal/bench/echo"
)

// trial is one generator at work against one fresh server.
type trial struct {
	*process
	server *server
	work   work
}

// begin starts a server and, with its traffic, a generator. It returns once
// the first message has been accepted; end must be called.
func (l *lab) begin(ctx context.Context, g generator, w work, delay time.Duration, screen bool) (*trial, error) {
	s, err := startServer(ctx, delay)
	if err != nil {
		return nil, err
	}
	w.url, w.dir = s.webhook(), l.runDir()
	t := &trial{server: s, work: w}
	c, err := g.command(l, w)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	if screen {
		c.screen = screenSize()
		c.env = append(c.env, "TERM=xterm-256color")
	}
	if t.process, err = start(ctx, c); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	if screen {
		go answerTerminalQueries(t.tty, t.said)
	}
	// k6 takes a good while to make ten thousand virtual users.
	if err := s.waitForTraffic(ctx, t.process, 2*time.Minute); err != nil {
		return nil, errors.Join(err, t.end())
	}
	return t, nil
}

// end stops whatever still runs.
func (t *trial) end() error { return errors.Join(t.stop(), t.server.stop()) }

// objectiveFailed is how squall and k6 exit after a good run of a slow
// platform. What is measured here is not the platform.
const objectiveFailed = 99

// finish lets the generator come to its own end and returns the server's
// record of all of the run. A message with a wrong signature is an error: such
// a generator did not do the work.
func (t *trial) finish(ctx context.Context) (echo.Record, error) {
	err := t.wait(t.work.duration + time.Minute)
	var exit *exec.ExitError
	slow := errors.As(err, &exit) && exit.ExitCode() == objectiveFailed
	if err != nil && !slow {
		return echo.Record{}, err
	}
	r, err := t.server.record(ctx)
	if err == nil && r.Rejected > 0 {
		err = fmt.Errorf("%s sent %d messages with a wrong signature", t.cmd.Path, r.Rejected)
	}
	return r, err
}

// span is what happened between two moments of a trial.
type span struct {
	messages int64
	cpu      time.Duration // of the generator
	core     time.Duration // for which its core was busy with anything
	wall     time.Duration
}

// perCPUSecond is the rate at which a generator turns processor time into
// messages.
func (s span) perCPUSecond() float64 { return float64(s.messages) / s.cpu.Seconds() }

// cores is how much of one core the generator took.
func (s span) cores() float64 { return s.cpu.Seconds() / s.wall.Seconds() }

// others is how much of the generator's core other programs took. Much of it
// makes every figure worse: processor time buys less with cold caches.
func (s span) others() float64 { return max(s.core-s.cpu, 0).Seconds() / s.wall.Seconds() }

// observe looks at the trial for d. Messages are as the server counted them,
// processor time is as the kernel did: no generator's own word is taken.
func (t *trial) observe(ctx context.Context, d time.Duration) (span, error) {
	before, err := t.moment(ctx)
	if err != nil {
		return span{}, err
	}
	if err := pause(ctx, d); err != nil {
		return span{}, err
	}
	after, err := t.moment(ctx)
	if err != nil {
		return span{}, err
	}
	s := span{
		messages: after.messages - before.messages,
		cpu:      after.cpu - before.cpu,
		core:     after.core - before.core,
		wall:     after.at.Sub(before.at),
	}
	if s.messages == 0 || s.cpu == 0 {
		return span{}, fmt.Errorf("%s stood still for %s\n%s", t.cmd.Path, d, t.said)
	}
	return s, nil
}

type moment struct {
	at       time.Time
	messages int64
	cpu      time.Duration
	core     time.Duration
}

func (t *trial) moment(ctx context.Context) (moment, error) {
	r, err := t.server.record(ctx)
	if err != nil {
		return moment{}, err
	}
	cpu, err := t.cpu()
	if err != nil {
		return moment{}, err
	}
	core, err := coreBusy(generatorCore)
	if err != nil {
		return moment{}, err
	}
	return moment{at: time.Now(), messages: r.Accepted, cpu: cpu, core: core}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// median of at least one value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
