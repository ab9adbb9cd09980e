package session

import (
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// observer returns what is called with each closed window. It keeps the window on the disk, holds
// objectives and stop rules against it, and tells the timeline what changed. All of it happens in
// the window's own goroutine, never in traffic.
func (s *Session) observer() func(metric.Observation) {
	for _, r := range s.config.StopRules {
		if !r.OnPlatform() {
			s.watches = append(s.watches, slo.NewStopRuleEvaluator(r))
		}
	}
	told := make([]slo.State, len(s.config.Objectives))
	saturated := false
	book, parts := newPhaseStats(), slo.NewParts(load.Registry(), s.config.Objectives)
	var calm calmTime
	return func(o metric.Observation) {
		at := o.Window.Start.Sub(s.started).Seconds()
		if err := s.journal.writer.Second(rundir.NewSecond(max(0, at), o), o); err != nil {
			s.reportLostWindow(err)
		}
		s.saveSamples()
		line := s.journal.timeline()
		middle := at + o.Window.Length.Seconds()/2
		for _, part := range parts.At(line, middle) {
			part.Add(o)
		}
		calm.observe(o, line.Outside(middle))
		live, overall := s.judge(o, line, middle, &calm, parts)
		for i, v := range live {
			s.emitObjective(v, &told[i])
		}
		s.emitHealth(o.Window.Health, &saturated)
		if w := o.Window; w.Away > 0 {
			s.emit(squall, event.GeneratorAway{Lasted: w.Away.Seconds(), Skipped: w.Skipped})
		}
		phases := book.observe(s.journal.timeline().Phases(at+o.Window.Length.Seconds()), at, o)
		s.effects.observe(line, at, o)
		s.outcomes.observe(o, live) // before screens see the second: a fault may be injected on what they show
		s.mu.Lock()
		s.view.live, s.view.overall, s.view.shares = live, overall, achieved(o.Recent)
		s.view.phases = phases
		s.mu.Unlock()
		if s.config.Measured != nil {
			s.config.Measured(o)
		}
		if o.Window.Away > 0 {
			return // what this second measured is not the platform's alone
		}
		for _, w := range s.watches {
			if verdict, fires := w.Observe(o); fires && !s.ended() {
				w.Reset()
				s.stop(w.Rule(), verdict.Value, verdict.ValueText())
			}
		}
	}
}

// reportLostWindow reports that a second was measured and could not be written: on the screen, in the journal
// the first time, and by the error that the run ends with.
func (s *Session) reportLostWindow(err error) {
	s.reportInternal(err)
	s.mu.Lock()
	s.view.lost++
	first := s.view.lost == 1
	s.mu.Unlock()
	if first {
		s.emit(squall, event.SquallFailed{Error: err.Error()})
	}
}

// judge holds the objectives against the last seconds and against the run: what the verdict will go by.
func (s *Session) judge(o metric.Observation, line *timeline.Timeline, at float64, calm *calmTime, parts slo.Parts) (live, overall []slo.Result) {
	o.Total.Chaos = uint64(line.Injected())
	for _, objective := range s.config.Objectives {
		now := objective.Evaluate(o.Recent)
		switch scope := objective.Scope; {
		case scope.During != "" && !scope.Covers(line, at):
			now = slo.Result{Objective: objective, OutOfScope: true, Reason: scope.During + " is not on"}
		case scope.Outside && line.FaultOn(at):
			now = slo.Result{Objective: objective, OutOfScope: true, Reason: "a fault is on"}
		case scope.Outside && !scope.Covers(line, at):
			now = slo.Result{Objective: objective, OutOfScope: true, Reason: "the platform has not recovered from a fault yet"}
		case scope.Outside:
			now = objective.Evaluate(calm.recent(o))
		}
		whole, _ := parts.Evaluate(objective, s.config.BuiltIn, o.Total)
		live, overall = append(live, now), append(overall, whole)
	}
	return live, overall
}

// calmTime is what was measured since the last second of a fault or its recovery, as long as the sliding window reaches back
// into it: an objective about the time outside of them is not to be broken by what came before.
type calmTime struct {
	totals  *metric.Totals // nil: the sliding window has nothing else in it
	seconds int
}

func (c *calmTime) observe(o metric.Observation, outside bool) {
	switch {
	case !outside:
		c.totals, c.seconds = o.Registry.NewTotals(), 0
	case c.totals == nil:
	case c.seconds+1 == metric.RecentWindows:
		c.totals = nil
	default:
		c.totals.Add(o)
		c.seconds++
	}
}

// recent is what was measured in the sliding window outside of faults.
func (c *calmTime) recent(o metric.Observation) *metric.Totals {
	if c.totals != nil {
		return c.totals
	}
	return o.Recent
}

// emitObjective records when an objective breaks and when it holds again. One that is unknown for a while
// has done neither.
func (s *Session) emitObjective(v slo.Result, told *slo.State) {
	if v.State == slo.Unknown || v.State == *told || (v.State == slo.Pass && *told == slo.Unknown) {
		if v.State != slo.Unknown {
			*told = v.State
		}
		return
	}
	*told = v.State
	if v.State == slo.Pass {
		s.emit(objectives, event.ObjectiveRecovered{Objective: v.Objective.String(), Title: v.Objective.Title(), Value: v.Value, Measured: v.ValueText()})
		return
	}
	s.emit(objectives, event.ObjectiveBroken{Objective: v.Objective.String(), Title: v.Objective.Title(), Value: v.Value, Measured: v.ValueText()})
}

func (s *Session) emitHealth(h metric.Health, told *bool) {
	if h.Saturated == *told {
		return
	}
	*told = h.Saturated
	if h.Saturated {
		s.emit(squall, event.GeneratorSaturated{Reason: h.Reason})
		return
	}
	s.emit(squall, event.GeneratorRecovered{})
}

// stopByPlatform carries out a stop rule on the platform's own metrics, apart from the source that has read them.
func (s *Session) stopByPlatform(rule slo.StopRule, v slo.PlatformValue) {
	if !s.ended() {
		s.work.Go(func() { s.stop(rule, v.Value, platformValue(v)) })
	}
}

// achieved are the channels' shares of what was really sent.
func achieved(t *metric.Totals) load.Weights {
	var w load.Weights
	for c := range w {
		w[c] = float64(t.Counts[c].Count)
	}
	return w.Normalised()
}

// stop carries a stop rule out: it reverts what was put on top of the baseline, faults first of all. When
// there is nothing to revert, the baseline itself is too much, and the run ends.
func (s *Session) stop(rule slo.StopRule, value float64, measured string) {
	by := event.Actor{Role: event.RoleStopRule, Name: rule.String()}
	s.commands.Lock()
	spiking, above := s.settings.Spike, s.settings.WantedVUs() > s.config.Settings.WantedVUs() || s.settings.WantedRate() > s.config.Settings.WantedRate()
	s.commands.Unlock()
	s.emit(by, event.StopRuleMet{Rule: rule.String(), Title: rule.Title(), For: rule.For.Seconds(), Value: value, Measured: measured})
	var next command.Command = command.Halt{}
	if !spiking && !above && !s.anyFault() {
		next = command.Finish{}
	}
	if err := s.Do(s.ctx, by, next); err != nil {
		s.reportInternal(err)
	}
}
