package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// How often the progress line is written: rewritten in place on a terminal, a new line elsewhere.
const (
	progressOnTerminal = time.Second
	progressElsewhere  = 10 * time.Second
)

// headless shows a run as lines until it has ended: what happens as it happens, and progress. Warnings that were shown
// before it began are not shown again.
func (a *commands) headless(ctx context.Context, s *session.Session, warned []string) {
	p := &progress{commands: a, warned: warned, inPlace: a.terminal(a.Err), every: progressElsewhere}
	if p.inPlace {
		p.every = progressOnTerminal
	}
	fmt.Fprintf(a.Err, "run directory %s\n", s.Snapshot().Dir)
	tick := time.NewTicker(progressOnTerminal)
	defer tick.Stop()
	cancelled := ctx.Done()
	for {
		select {
		case <-s.Done():
			p.clear()
			p.events(s.Snapshot())
			return
		case <-cancelled:
			cancelled = nil
			p.end(ctx, s, event.Actor{Role: event.RoleSignal, Name: "cancelled"})
		case <-tick.C:
			p.show(s.Snapshot())
		}
	}
}

// progress writes to standard error.
type progress struct {
	*commands
	inPlace bool
	every   time.Duration
	next    time.Duration // time of the run at which a line is due
	shown   int           // events written so far
	drawn   int           // columns of the progress line that stands on the terminal
	warned  []string      // warnings that were written before the run began
}

// show writes what is new, and the progress line below it when it is due.
func (p *progress) show(snap session.Snapshot) {
	p.clear()
	p.events(snap)
	if !p.inPlace && snap.Elapsed < p.next {
		return
	}
	p.next = snap.Elapsed.Truncate(p.every) + p.every
	if !p.inPlace {
		fmt.Fprintln(p.Err, progressLine(snap))
		return
	}
	line := progressLine(snap)
	if wide := columns(p.lines); wide > 0 { // a line that wraps could not be drawn over
		line = ansi.Truncate(line, wide-1, "…")
	}
	fmt.Fprint(p.Err, line)
	p.drawn = ansi.StringWidth(line)
}

// events writes what happened since the last time.
func (p *progress) events(snap session.Snapshot) {
	for _, e := range snap.Events[min(p.shown, len(snap.Events)):] {
		if w, is := e.Data.(event.Warned); is && slices.Contains(p.warned, w.Warning) {
			continue
		}
		fmt.Fprintf(p.Err, "%s  %s\n", units.Clock(seconds(e.At)), eventText(e))
	}
	p.shown = len(snap.Events)
}

func eventText(e event.Event) string {
	if e.By.Role == event.RoleSquall {
		return e.Text()
	}
	return e.Text() + "  (" + e.By.String() + ")"
}

// clear draws over the progress line. Blanks do it on every terminal, where an escape sequence would not.
func (p *progress) clear() {
	if p.drawn > 0 {
		_ = p.lines.control([]byte("\r" + strings.Repeat(" ", p.drawn) + "\r")) // as any other write to standard error
		p.drawn = 0
	}
}

// progressLine is the state of a run in one line.
func progressLine(snap session.Snapshot) string {
	elapsed := units.Clock(snap.Elapsed)
	if snap.Duration > 0 {
		elapsed += " / " + units.Clock(snap.Duration)
	}
	parts := []string{elapsed, string(snap.Status)}
	if l := snap.Load; l.Settings.Open() {
		parts = append(parts, units.Rate(l.Rate)+"/s wanted")
	} else {
		parts = append(parts, units.VUs(l.VUs))
	}
	if snap.Status == session.Draining { // nothing is sent any more, and what was measured last stands in the summary
		return strings.TrimSpace(strings.Join(append(parts, awaited(snap)), "  "))
	}
	if n := len(snap.Load.Windows); n > 0 {
		last := snap.Load.Windows[n-1]
		parts = append(parts, units.Rate(float64(last.Requests())/last.Length.Seconds())+" req/s")
	}
	if gateway := snap.Load.RecentOf(load.Gateway); gateway.Count >= metric.FewestSamples(95) {
		parts = append(parts, "gateway p95 "+units.Latency(gateway.P95))
	}
	parts = append(parts, "errors "+errorRate(snap.Load.All))
	if n := brokenObjectives(snap.Overall); n > 0 {
		parts = append(parts, objectivesFailed(n))
	}
	if n := len(snap.Load.Windows); n > 0 && snap.Load.Windows[n-1].Away > 0 {
		parts = append(parts, "generator was away for "+units.Duration(snap.Load.Windows[n-1].Away))
	}
	if snap.Load.Health.Saturated {
		parts = append(parts, "generator saturated")
	}
	return strings.Join(parts, "  ")
}

// awaited is what a run waits for before it ends, as far as it is known.
func awaited(snap session.Snapshot) string {
	on := 0
	for i := range snap.Faults {
		if snap.Faults[i].On() {
			on++
		}
	}
	switch {
	case on == 1:
		return "reverting 1 fault"
	case on > 1:
		return "reverting " + units.Int(on) + " faults"
	case snap.Load.InFlight > 0:
		return "waiting for " + units.Counted(uint64(snap.Load.InFlight), "request", "requests") + " in flight"
	}
	return ""
}

func errorRate(all metric.Stats) string {
	if all.Requests == 0 {
		return units.None
	}
	return units.Percent(float64(all.Failed) / float64(all.Requests))
}

func objectivesFailed(n int) string {
	if n == 1 {
		return "1 objective failed"
	}
	return units.Int(n) + " objectives failed"
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
