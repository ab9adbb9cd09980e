package session

import (
	"fmt"
	"strings"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// observer returns what is called with each closed window. It keeps the window on the disk, holds
// objectives and stop rules against it, and tells the timeline what changed. All of it happens in
// the window's own goroutine, never in traffic.
func (s *Session) observer() func(load.Observation) {
	var watches []*load.StopWatch
	for _, r := range s.config.StopRules {
		watches = append(watches, load.NewStopWatch(r))
	}
	told := make([]load.State, len(s.config.Objectives))
	saturated := false
	book := newPhaseBook()
	return func(o load.Observation) {
		at := o.Window.Start.Sub(s.started).Seconds()
		if err := s.writer.Second(rundir.NewSecond(max(0, at), o), o); err != nil {
			s.suffer(err)
		}
		live, overall := s.judge(o)
		for i, v := range live {
			s.tellObjective(v, &told[i])
		}
		s.tellHealth(o.Window.Health, &saturated)
		phases := book.all
		if s.config.Phases != nil {
			phases = book.observe(s.config.Phases(s.timeline(), at+o.Window.Length.Seconds()), at, o)
		}
		s.mu.Lock()
		s.view.live, s.view.overall, s.view.shares = live, overall, achieved(o.Recent)
		s.view.phases = phases
		s.mu.Unlock()
		s.watchRecovery(o, live)
		for _, w := range watches {
			if verdict, fires := w.Observe(o); fires && !s.ended() {
				w.Reset()
				s.stop(w.Rule(), verdict)
			}
		}
	}
}

// timeline is every event so far.
func (s *Session) timeline() []rundir.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.events
}

func (s *Session) judge(o load.Observation) (live, overall []load.Verdict) {
	s.mu.Lock()
	o.Total.Chaos = s.view.chaos
	s.mu.Unlock()
	for _, objective := range s.config.Objectives {
		live = append(live, objective.Evaluate(o.Recent))
		overall = append(overall, objective.Evaluate(o.Total))
	}
	return live, overall
}

// tellObjective reports when an objective breaks and when it holds again. Not knowing is no news.
func (s *Session) tellObjective(v load.Verdict, told *load.State) {
	if v.State == load.Unknown || v.State == *told || (v.State == load.Pass && *told == load.Unknown) {
		if v.State != load.Unknown {
			*told = v.State
		}
		return
	}
	*told = v.State
	word := "broken"
	if v.State == load.Pass {
		word = "holds again"
	}
	s.say(rundir.Objective, objectives,
		fmt.Sprintf("Objective %s %s (%s)", plain(v.Objective), word, measured(v)),
		rundir.ObjectiveChange{Objective: v.Objective.String(), State: v.State.String(), Value: v.Value})
}

// plain is an objective in words, for the timeline.
func plain(o load.Objective) string {
	name := strings.ReplaceAll(o.Metric, "_", " ")
	for _, row := range []struct{ metric, words string }{
		{"http_req_duration", "latency of all requests"},
		{"http_req_failed", "failed requests"},
		{"http_reqs", "requests"},
		{"perf_errors", "errors"},
		{"chaos_events_triggered", "faults and spikes"},
		{"dropped_iterations", "missed sends"},
	} {
		if row.metric == o.Metric {
			name = row.words
		}
	}
	if o.Channel != "" {
		name += " of " + o.Channel
	}
	return name + " " + o.Expression()
}

func measured(v load.Verdict) string {
	switch {
	case v.Objective.Latency() && v.Value >= 1000:
		return fmt.Sprintf("%.2f s", v.Value/1000)
	case v.Objective.Latency():
		return fmt.Sprintf("%.3g ms", v.Value)
	case v.Objective.Share():
		return fmt.Sprintf("%.2f %%", v.Value*100)
	}
	return number(v.Value)
}

func (s *Session) tellHealth(h load.Health, told *bool) {
	if h.Saturated == *told {
		return
	}
	*told = h.Saturated
	if h.Saturated {
		s.say(rundir.Saturated, squall, "Generator saturated: "+h.Reason, nil)
		return
	}
	s.say(rundir.Saturated, squall, "Generator is well again", nil)
}

// achieved are the channels' shares of what was really sent.
func achieved(t *load.Totals) load.Weights {
	var w load.Weights
	for c := range w {
		w[c] = float64(t.Counts[c].Count)
	}
	return w.Normalised()
}

// stop carries a stop rule out: it takes back what the operator put on top of the baseline, faults
// first of all. When there is nothing to take back, the baseline itself is too much, and the run ends.
func (s *Session) stop(rule load.StopRule, v load.Verdict) {
	s.commands.Lock()
	spiking, above := s.settings.Spike, s.settings.WantedVUs() > s.config.Settings.WantedVUs() || s.settings.WantedRate() > s.config.Settings.WantedRate()
	s.commands.Unlock()
	s.say(rundir.StopRule, stopRule, fmt.Sprintf("Stop rule %s for %s met (%s)", plain(rule.Condition), duration(rule.For), measured(v)), nil)
	if !spiking && !above && !s.anyFault() {
		s.finish(rundir.End{Reason: "stop rule", Detail: rule.String()})
		return
	}
	if err := s.halt(stopRule); err != nil {
		s.suffer(err)
	}
}
