//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/evidence/stack"
	"xinbot.ir/squall/internal/rundir"
)

const (
	sourcesAim = 0.02 // of one core, all together
	sourcesVUs = 50   // few: what the sources cost does not depend on the load, and less of it makes less noise
)

// measureSources is what reading the platform's own numbers costs the generator's core, and whether timers fire later
// for it: the same easy run without sources, with /metrics of four services, and with a Prometheus and an Alertmanager.
func measureSources(ctx context.Context, l *lab) (rows []row, err error) {
	argv := []string{l.squall, "demo", "--serve", "--alerts"}
	with := []string{"Prometheus and Alertmanager"}
	if _, missing := stack.Find(); missing != nil {
		l.logf("%v: only /metrics is read", missing)
		argv, with = argv[:3], nil
	}
	platform, err := start(ctx, command{core: serverCore, argv: argv, pipe: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, platform.stop()) }()
	at, err := exports(platform)
	if err != nil {
		return nil, err
	}
	env := map[string][]string{
		"/metrics of four services": {"SCRAPE_TARGETS=" + at["SCRAPE_TARGETS"]},
		"Prometheus and Alertmanager": {
			"PROMETHEUS_URL=" + at["PROMETHEUS_URL"], "ALERTMANAGER_URL=" + at["ALERTMANAGER_URL"],
		},
	}
	const none = "none"
	names := append([]string{none, "/metrics of four services"}, with...)
	cores, lags := map[string][]float64{}, map[string][]float64{}
	for round := range l.rounds {
		for _, name := range names {
			g := squallHeadless()
			g.env = func(*lab, work) []string { return env[name] }
			s, lag, err := l.watched(ctx, g)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			l.logf("round %d: sources %s: %.2f %% of a core, timer lag p95 %.2f ms", round+1, name, 100*s.cores(), lag)
			cores[name], lags[name] = append(cores[name], s.cores()), append(lags[name], lag)
		}
	}
	for _, name := range names[1:] {
		cost := median(cores[name]) - median(cores[none])
		rows = append(rows, row{
			what:     "cost of the sources: " + name,
			aim:      fmt.Sprintf("at most %.0f %% of a core", 100*sourcesAim),
			measured: fmt.Sprintf("%.2f %% (%.2f %% against %.2f %%)", 100*cost, 100*median(cores[name]), 100*median(cores[none])),
			verdict:  verdictOf(cost <= sourcesAim),
		}, row{
			what:     "timer lag p95 with them, median second",
			measured: fmt.Sprintf("%s, without %s", millis(median(lags[name])), millis(median(lags[none]))),
		})
	}
	return rows, nil
}

// watched observes a few virtual users that think, and how late timers fired meanwhile, in milliseconds.
func (l *lab) watched(ctx context.Context, g generator) (s span, lag float64, err error) {
	window := 5 * l.window
	w := work{vus: sourcesVUs, think: seedThink, duration: (l.warmUp + window + 2*time.Second).Round(time.Second)}
	t, err := l.begin(ctx, g, w, 0, false)
	if err != nil {
		return span{}, 0, err
	}
	defer func() { err = errors.Join(err, t.end()) }()
	if err := pause(ctx, l.warmUp); err != nil {
		return span{}, 0, err
	}
	if s, err = t.observe(ctx, window); err != nil {
		return span{}, 0, err
	}
	if _, err = t.finish(ctx); err != nil {
		return span{}, 0, err
	}
	run, err := rundir.Open(filepath.Join(t.work.dir, "run"))
	if err != nil {
		return span{}, 0, err
	}
	var all []float64
	for _, second := range run.Seconds {
		all = append(all, second.LagMS)
	}
	slices.Sort(all)
	return s, median(all), nil
}

// exports are the variables that the embedded platform prints when it is up.
func exports(platform *process) (map[string]string, error) {
	found := map[string]string{}
	for lines := bufio.NewScanner(platform.stdout); lines.Scan(); {
		if pair, is := strings.CutPrefix(lines.Text(), "export "); is {
			name, value, _ := strings.Cut(pair, "=")
			found[name] = value
		}
		if strings.HasPrefix(lines.Text(), "# Ctrl-C") {
			return found, nil
		}
	}
	return nil, fmt.Errorf("start the embedded platform: %s", platform.said)
}
