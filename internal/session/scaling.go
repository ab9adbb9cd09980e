package session

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
)

// watchScaling keeps what the pods of autoscaled workloads do.
func (s *Session) watchScaling() {
	if s.config.Watch == nil {
		return
	}
	s.work.Go(func() { s.config.Watch(s.ctx, s.scaled) })
}

// scaled takes one observation. What did not change is no news.
func (s *Session) scaled(seen rundir.Scale) {
	point := ScalePoint{At: time.Since(s.started), Ready: seen.Ready, Wanted: seen.Wanted}
	s.mu.Lock()
	all := slices.Clone(s.view.scaling)
	i := slices.IndexFunc(all, func(w Scaling) bool { return w.Workload == seen.Workload })
	if i < 0 {
		all = append(all, Scaling{Workload: seen.Workload})
		i = len(all) - 1
		shorten(all)
	}
	points := all[i].Points
	news := len(points) == 0 || points[len(points)-1].Ready != seen.Ready || points[len(points)-1].Wanted != seen.Wanted
	all[i].Min, all[i].Max = seen.Min, seen.Max
	from := 0
	if n := len(points); n > 0 {
		from = points[n-1].Ready
	}
	if news {
		all[i].Points = append(slices.Clone(points), point) // snapshots share the old ones
	}
	s.view.scaling = all
	s.mu.Unlock()
	if !news {
		return
	}
	text := fmt.Sprintf("%s: %d of %d pods ready", seen.Workload, seen.Ready, seen.Wanted)
	if len(points) > 0 && from != seen.Ready {
		text = fmt.Sprintf("%s: %d → %d pods ready of %d wanted", seen.Workload, from, seen.Ready, seen.Wanted)
	}
	if seen.Max > 0 {
		text += fmt.Sprintf(" (autoscaler %d to %d)", seen.Min, seen.Max)
	}
	s.say(rundir.Scaled, autoscaler, text, seen)
}

// shorten names workloads by what tells them apart: without the words in front that all of them share.
func shorten(all []Scaling) {
	names := make([][]string, len(all))
	for i, w := range all {
		names[i] = strings.Split(w.Workload[strings.LastIndex(w.Workload, "/")+1:], "-")
	}
	shared := 0
	for len(names) > 1 && !slices.ContainsFunc(names, func(n []string) bool { return shared+1 >= len(n) || n[shared] != names[0][shared] }) {
		shared++
	}
	for i := range all {
		all[i].Name = strings.Join(names[i][shared:], "-")
	}
}

// scalers names the autoscalers and where they are now.
func (s *Session) scalers() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var parts []string
	for _, w := range s.view.scaling {
		if w.Max > 0 {
			parts = append(parts, fmt.Sprintf("%s %d of %d to %d pods", w.Name, w.Points[len(w.Points)-1].Ready, w.Min, w.Max))
		}
	}
	if len(parts) == 0 {
		return "none is watched"
	}
	return strings.Join(parts, ", ")
}

// scaledEnough decides whether autoscalers reached what was expected since a moment. Session.mu is held.
func (s *Session) scaledEnough(x chaos.Expectation, since time.Time) (chaos.Verdict, string) {
	from := since.Sub(s.started)
	var reached, short []string
	for _, w := range s.view.scaling {
		if w.Max == 0 || x.Name != "" && !strings.HasSuffix(w.Workload, "/"+x.Name) {
			continue
		}
		goal, most := w.Max, 0
		if x.Bound > 0 {
			goal = int(x.Bound)
		}
		for i, p := range w.Points {
			if p.At >= from || i == len(w.Points)-1 || w.Points[i+1].At >= from {
				most = max(most, p.Ready)
			}
		}
		text := fmt.Sprintf("%s %d of %d pods", w.Name, most, goal)
		if most >= goal {
			reached = append(reached, text)
		} else {
			short = append(short, text)
		}
	}
	switch {
	case len(short) > 0:
		return chaos.Fail, strings.Join(short, ", ")
	case len(reached) > 0:
		return chaos.Pass, strings.Join(reached, ", ")
	}
	return chaos.Unknown, "no autoscaler is watched"
}
