package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
)

// faultConfig is what an engine needs of a configuration: its faults, the channel spike among them, and their
// parameters.
func faultConfig(c Config, spike channelSpike) chaos.Config {
	params := maps.Clone(c.FaultParams)
	if params == nil {
		params = map[string]chaos.Params{}
	}
	factor := chaos.Params{"factor": strconv.FormatFloat(c.Settings.SpikeFactor, 'f', -1, 64)}
	params[SpikeFault] = factor.With(params[SpikeFault])
	return chaos.Config{Faults: append(slices.Clone(c.Faults), spike), Undoers: c.Undoers, Overrides: params}
}

// openFaults makes the engine and what follows the outcome of its faults.
func (s *Session) openFaults() {
	c := faultConfig(s.config, channelSpike{s.config, s})
	c.Ledger, c.Emit, c.Panicked = s.ledger, s.emitFault, s.Panicked
	c.Conditions = func(info chaos.Info) []chaos.Check {
		return slices.Concat(s.outcomes.steadyStateCheck(), s.platform.checks(s.config.SteadyState, time.Now()), s.outcomes.signalChecks(info))
	}
	s.engine = chaos.New(c)
	s.platform = newPlatformConditions(s.config, s.stopByPlatform)
	s.outcomes = &outcomes{
		config: s.config, emit: s.emit, states: s.engine.Snapshot, infoOf: s.infoOf, scaled: s.scaledEnough,
		about: func(name string) []evidence.Finding { return s.monitor.about(name) }, alertsUnread: func() bool { return s.monitor.allDown() },
		faults: map[string]*faultOutcome{}, newest: map[string]map[string]evidence.Sample{},
		missing: map[string]time.Time{}, firing: map[string]map[string]bool{},
	}
}

// Preflight finds out what a fault would do with these parameters, and changes nothing. It asks the
// target and may take seconds.
func (s *Session) Preflight(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error) {
	plan, err := s.engine.Preflight(ctx, fault, p)
	return s.redactPlan(plan), s.redactError(err)
}

// DryRun is a preflight with a check for every step: by the server, where its API has a dry run.
func (s *Session) DryRun(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, []chaos.Check, error) {
	plan, checks, err := s.engine.DryRun(ctx, fault, p)
	return s.redactPlan(plan), s.redactChecks(checks), s.redactError(err)
}

// Preflight plans one fault without a session, for a run with this configuration.
func Preflight(ctx context.Context, c Config, i chaos.ScheduledFault) (chaos.Plan, error) {
	return planner(c).Preflight(ctx, i.Fault, i.Params)
}

// DryRun does so with a check for every step.
func DryRun(ctx context.Context, c Config, i chaos.ScheduledFault) (chaos.Plan, []chaos.Check, error) {
	return planner(c).DryRun(ctx, i.Fault, i.Params)
}

// planner is an engine that only plans.
func planner(c Config) *chaos.Engine {
	return chaos.New(faultConfig(c, channelSpike{c, notRunning{c.Settings}}))
}

// inject starts a fault. On a protected target the command has to confirm the target's name.
func (s *Session) inject(by event.Actor, c command.Inject) error {
	if s.config.Protected && c.Confirm != s.config.Target {
		return fmt.Errorf("inject %s: target %s is protected: type its name", c.Fault, s.config.Target)
	}
	return s.engine.Inject(c.Fault, c.Params, by)
}

func (s *Session) adjust(by event.Actor, c command.Adjust) error {
	return s.engine.Adjust(c.Fault, c.Params, by)
}

func (s *Session) revert(by event.Actor, c command.Revert) error {
	return s.engine.Revert(c.Fault, by)
}

func (s *Session) decide(by event.Actor, c command.Decide) error {
	return s.engine.Decide(c.Fault, c.Decision, by)
}

// schedule injects what the command line asks for, when its time has come. Whoever gave the command
// line has confirmed a protected target there.
func (s *Session) schedule() {
	for _, i := range s.config.Schedule {
		s.work.Go(func() {
			timer := time.NewTimer(i.At)
			defer timer.Stop()
			select {
			case <-s.ctx.Done():
				s.emitRefused(i.Fault, "the run ended before")
				return
			case <-timer.C:
			}
			err := s.Do(s.ctx, scheduled, command.Inject{Fault: i.Fault, Params: i.Params, Confirm: s.config.Target})
			if err != nil {
				s.emitRefused(i.Fault, err.Error())
			}
		})
	}
}

// emitRefused records that a scheduled fault was not injected.
func (s *Session) emitRefused(fault, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.refused = append(s.view.refused, fmt.Sprintf("inject %s as scheduled: %s", fault, strings.TrimPrefix(why, "inject "+fault+": ")))
}

// emitFault records an event of the engine, on the disk before it returns, and follows the fault.
func (s *Session) emitFault(by event.Actor, data any) error {
	err := s.journal.add(by, data)
	if err != nil {
		s.reportInternal(err)
	}
	if refused, ok := data.(event.FaultRefused); ok && by == scheduled {
		s.emitRefused(refused.Fault, refused.Reason)
	}
	if started, ok := data.(event.FaultStarted); ok {
		s.warnUnsteady(started)
	}
	s.outcomes.track(data, err == nil)
	return err
}

// steadyState begins the text of a check of whether the platform is well before a fault.
const steadyState = "steady state: "

// warnUnsteady warns of a fault that is injected although the platform was not well, or was not known to be: what it shows is not
// of the fault alone.
func (s *Session) warnUnsteady(d event.FaultStarted) {
	for _, c := range d.Checks {
		if c.Answer == event.Warns && c.Steady {
			s.emit(squall, event.Warned{Warning: d.Title + " was injected all the same: " + c.Text + ": " + c.Reason})
		}
	}
}

// infoOf is what the engine knows of a fault.
func (s *Session) infoOf(fault string) chaos.Info {
	for _, f := range s.engine.Snapshot() {
		if f.Info.ID == fault {
			return f.Info
		}
	}
	return chaos.Info{ID: fault, Title: fault}
}

// faults is every fault with what became of it.
func (s *Session) faults() []FaultState {
	statuses := s.engine.Snapshot()
	all := make([]FaultState, len(statuses))
	for i, status := range statuses {
		status.Detail = s.journal.redact(status.Detail) // what an API said may have a credential in it
		all[i].Status = status
	}
	s.outcomes.fill(all)
	return all
}

// anyFault reports whether a fault is on.
func (s *Session) anyFault() bool {
	for _, f := range s.engine.Snapshot() {
		if f.On() {
			return true
		}
	}
	return false
}
