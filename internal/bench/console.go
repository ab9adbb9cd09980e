//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/creack/pty"
)

const (
	consoleAim = 0.03 // of one core
	keyAim     = 100 * time.Millisecond
	keyPresses = 5
)

func screenSize() *pty.Winsize { return &pty.Winsize{Rows: 60, Cols: 200} }

// measureConsole is what the console costs the traffic, and how soon a key
// does something to it.
func measureConsole(ctx context.Context, l *lab) ([]row, error) {
	rows, err := l.consoleCost(ctx)
	if err != nil {
		return nil, err
	}
	key, err := l.keyEffect(ctx)
	if err != nil {
		return nil, fmt.Errorf("key presses: %w", err)
	}
	return append(rows, row{
		what:     "key press (pause) to the last message at the server, at full load, slowest of " + fmt.Sprint(keyPresses),
		aim:      "within " + keyAim.String(),
		measured: millis(key.Seconds() * 1e3),
		verdict:  verdictOf(key <= keyAim),
	}), nil
}

// consoleCost compares the same run with and without the console, twice: at
// full load, where the console shows as messages that were not sent, and at a
// load that leaves the core room, where it shows as processor time.
func (l *lab) consoleCost(ctx context.Context) ([]row, error) {
	var full, easy [2][]float64 // headless, console
	for round := range l.rounds {
		for i, g := range []generator{squallHeadless(), squallConsole()} {
			s, err := l.undisturbed(ctx, g, i == 1)
			if err != nil {
				return nil, fmt.Errorf("full load: %w", err)
			}
			full[i] = append(full[i], s.perCPUSecond())
			e, err := l.easy(ctx, g, i == 1)
			if err != nil {
				return nil, fmt.Errorf("easy load: %w", err)
			}
			easy[i] = append(easy[i], e.cores())
			l.logf("round %d: %s: %.0f messages per CPU-second, %.1f%% of a core at %d virtual users",
				round+1, [2]string{"headless", "console"}[i], s.perCPUSecond(), 100*e.cores(), latencyVUs)
		}
	}
	lost := 1 - median(full[1])/median(full[0])
	spent := median(easy[1]) - median(easy[0])
	cost := func(where string, part float64, detail string) row {
		return row{
			what:     "the console's cost at 200x60, " + where,
			aim:      fmt.Sprintf("at most %.0f %% of a core", 100*consoleAim),
			measured: fmt.Sprintf("%.1f %% (%s)", 100*part, detail),
			verdict:  verdictOf(part <= consoleAim),
		}
	}
	return []row{
		cost("full load", lost, fmt.Sprintf("%s against %s messages per CPU-second", thousands(median(full[1])), thousands(median(full[0])))),
		cost(fmt.Sprintf("%s virtual users that think", thousands(latencyVUs)), spent,
			fmt.Sprintf("%.1f %% against %.1f %%", 100*median(easy[1]), 100*median(easy[0]))),
	}, nil
}

// easy observes virtual users that think, which leaves most of the core idle.
func (l *lab) easy(ctx context.Context, g generator, screen bool) (s span, err error) {
	// The first think time spreads the virtual users out.
	settle := l.warmUp + seedThink
	w := work{vus: latencyVUs, think: seedThink, duration: (settle + l.window + time.Second).Round(time.Second)}
	t, err := l.begin(ctx, g, w, 0, screen)
	if err != nil {
		return span{}, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	if err := pause(ctx, settle); err != nil {
		return span{}, err
	}
	if s, err = t.observe(ctx, l.window); err != nil {
		return span{}, err
	}
	_, err = t.finish(ctx)
	return s, err
}

// keyEffect presses the pause key of a console under full load and looks at
// the server for the last message that still arrived.
func (l *lab) keyEffect(ctx context.Context) (slowest time.Duration, err error) {
	w := work{vus: busyVUs, duration: l.warmUp + keyPresses*2*time.Second}
	t, err := l.begin(ctx, squallConsole(), w, 0, true)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	if err := pause(ctx, l.warmUp); err != nil {
		return 0, err
	}
	var effects []time.Duration
	for range keyPresses {
		pressed := time.Now()
		if err := t.press(" "); err != nil {
			return 0, err
		}
		if err := pause(ctx, 5*keyAim); err != nil {
			return 0, err
		}
		r, err := t.server.record(ctx)
		if err != nil {
			return 0, err
		}
		last := r.LastMessage
		if err := pause(ctx, keyAim); err != nil {
			return 0, err
		}
		if r, err = t.server.record(ctx); err != nil {
			return 0, err
		}
		if !r.LastMessage.Equal(last) {
			return 0, fmt.Errorf("messages still arrive %s after the key", time.Since(pressed))
		}
		effects = append(effects, max(last.Sub(pressed), 0))
		if err := t.press(" "); err != nil { // and on
			return 0, err
		}
		if err := pause(ctx, 5*keyAim); err != nil {
			return 0, err
		}
	}
	l.logf("key to effect: %v", effects)
	return slices.Max(effects), nil
}

func (t *trial) press(key string) error {
	if _, err := io.WriteString(t.tty, key); err != nil {
		return fmt.Errorf("press a key: %w", err)
	}
	return nil
}

// answerTerminalQueries reads what a program draws and answers, as a terminal
// does, what it asks about the background colour and the cursor. It returns
// when the program has gone.
func answerTerminalQueries(tty *os.File, said io.Writer) {
	replies := []struct{ query, answer string }{
		{"\x1b]10;?", "\x1b]10;rgb:ffff/ffff/ffff\x1b\\"},
		{"\x1b]11;?", "\x1b]11;rgb:0000/0000/0000\x1b\\"},
		{"\x1b[6n", "\x1b[1;1R"},
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := tty.Read(buf)
		_, _ = said.Write(buf[:n]) // a tail never fails
		for _, r := range replies {
			if bytes.Contains(buf[:n], []byte(r.query)) {
				if _, err := io.WriteString(tty, r.answer); err != nil {
					return
				}
			}
		}
		if err != nil {
			return
		}
	}
}
