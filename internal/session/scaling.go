package session

import (
	"fmt"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

// watchScaling records how the pods of autoscaled workloads move.
func (s *Session) watchScaling() {
	if s.config.Watch == nil {
		return
	}
	s.work.Go(func() { s.config.Watch(s.ctx, s.recordScaling) })
}

// recordScaling records one observation, unless nothing changed since the last.
func (s *Session) recordScaling(seen event.WorkloadScaled) {
	for _, w := range s.journal.timeline().Workloads {
		if w.Workload != seen.Workload {
			continue
		}
		last := w.Last()
		if last.Ready == seen.Ready && last.Wanted == seen.Wanted {
			return
		}
		seen.Before = &last.Ready
	}
	s.emit(cluster, seen)
}

// scalers names the autoscalers and where they are now.
func (s *Session) scalers() string {
	var parts []string
	for _, w := range s.journal.timeline().Workloads {
		if w.Max > 0 {
			parts = append(parts, fmt.Sprintf("%s %d of %d to %d pods", w.Name, w.Last().Ready, w.Min, w.Max))
		}
	}
	if len(parts) == 0 {
		return "none is watched"
	}
	return strings.Join(parts, ", ")
}

// scaledEnough decides whether autoscalers have reached since a time what was expected.
func (s *Session) scaledEnough(x chaos.Expectation, since time.Time) (event.ExpectationVerdict, string) {
	var reached, short []string
	for _, w := range s.journal.timeline().Workloads {
		if w.Max == 0 || x.Name != "" && !strings.HasSuffix(w.Workload, "/"+x.Name) {
			continue
		}
		goal := w.Max
		if x.Bound > 0 {
			goal = int(x.Bound)
		}
		most := w.Most(since.Sub(s.started).Seconds())
		text := fmt.Sprintf("%s %d of %d pods", w.Name, most, goal)
		if most >= goal {
			reached = append(reached, text)
		} else {
			short = append(short, text)
		}
	}
	switch {
	case len(short) > 0:
		return event.ExpectationFailed, strings.Join(short, ", ")
	case len(reached) > 0:
		return event.ExpectationMet, strings.Join(reached, ", ")
	}
	return event.ExpectationUnknown, "no autoscaler is watched"
}
