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
	"xinbot.ir/squall/internal/rundir"
)

// newEngine puts the faults of the target and the channel spike together.
func (s *Session) newEngine() *chaos.Engine {
	s.view.follow = map[string]*following{}
	given := maps.Clone(s.config.FaultParams)
	if given == nil {
		given = map[string]chaos.Params{}
	}
	factor := chaos.Params{"factor": strconv.FormatFloat(s.config.Settings.SpikeFactor, 'f', -1, 64)}
	given[SpikeFault] = factor.With(given[SpikeFault])
	return chaos.New(chaos.Config{
		Faults:  append(slices.Clone(s.config.Faults), channelSpike{s}),
		Undoers: s.config.Undoers, Ledger: s.ledger, Given: given,
		Tell: s.tellFault, Conditions: s.steady, Panicked: s.Panicked,
	})
}

// Preflight finds out what a fault would do with these parameters, and changes nothing. It asks the
// target and may take seconds.
func (s *Session) Preflight(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error) {
	return s.engine.Preflight(ctx, fault, p)
}

// DryRun is a preflight with a check for every step: by the server, where its API has a dry run.
func (s *Session) DryRun(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, []chaos.Check, error) {
	return s.engine.DryRun(ctx, fault, p)
}

// Preflight looks at one fault without a session, for a run with this configuration.
func Preflight(ctx context.Context, c Config, i chaos.Injection) (chaos.Plan, error) {
	return unstarted(c).Preflight(ctx, i.Fault, i.Params)
}

// DryRun does so with a check for every step.
func DryRun(ctx context.Context, c Config, i chaos.Injection) (chaos.Plan, []chaos.Check, error) {
	return unstarted(c).DryRun(ctx, i.Fault, i.Params)
}

// unstarted is a session that only plans.
func unstarted(c Config) *Session {
	s := &Session{config: c, settings: c.Settings}
	s.engine = s.newEngine()
	return s
}

// Inject begins a fault and returns at once: what comes of it is in the timeline and in the
// snapshot. On a protected target confirm has to be the target's name.
func (s *Session) Inject(fault string, p chaos.Params, confirm string) error {
	if s.config.Protected && confirm != s.config.Target {
		return fmt.Errorf("inject %s: target %s is protected: type its name", fault, s.config.Target)
	}
	return s.inject(fault, p, operator)
}

func (s *Session) inject(fault string, p chaos.Params, by string) error {
	if s.ended() {
		return ErrEnded
	}
	return s.engine.Inject(fault, p, by)
}

// Adjust changes live parameters of an active fault. It returns at once.
func (s *Session) Adjust(fault string, p chaos.Params) error {
	return s.engine.Adjust(fault, p, operator)
}

// Revert takes a fault back. It returns at once.
func (s *Session) Revert(fault string) error {
	return s.engine.Revert(fault, operator, "the operator asked for it")
}

// Settle decides about a fault that could not be taken back.
func (s *Session) Settle(fault string, d chaos.Decision) error { return s.engine.Settle(fault, d) }

// schedule injects what the command line asks for, when its time has come.
func (s *Session) schedule() {
	for _, i := range s.config.Schedule {
		s.work.Go(func() {
			timer := time.NewTimer(i.At)
			defer timer.Stop()
			select {
			case <-s.ctx.Done():
				s.refuse(i.Fault, "the run ended before")
				return
			case <-timer.C:
			}
			if err := s.inject(i.Fault, i.Params, scheduled); err != nil {
				s.say(rundir.FaultRefused, scheduled, "Not done as scheduled: "+err.Error(), rundir.Fault{Fault: i.Fault, Title: i.Fault, Reason: err.Error()})
				s.refuse(i.Fault, err.Error())
			}
		})
	}
}

// refuse remembers that the schedule could not be kept.
func (s *Session) refuse(fault, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.refused = append(s.view.refused, fmt.Sprintf("inject %s as scheduled: %s", fault, strings.TrimPrefix(why, "inject "+fault+": ")))
}

// eventKinds are the journal's words for what the engine tells.
func eventKinds() map[chaos.EventKind]rundir.Kind {
	return map[chaos.EventKind]rundir.Kind{
		chaos.EventRefused: rundir.FaultRefused,
		chaos.EventBegins:  rundir.FaultOn,
		chaos.EventActive:  rundir.FaultActive,
		chaos.EventChanged: rundir.FaultChanged,
		chaos.EventUndo:    rundir.FaultUndo,
		chaos.EventRetry:   rundir.FaultRetry,
		chaos.EventOver:    rundir.FaultOff,
		chaos.EventStuck:   rundir.FaultStuck,
	}
}

// tellFault writes an event of the engine down, on the disk before it returns, and follows it.
func (s *Session) tellFault(e chaos.Event) error {
	data := rundir.Fault{
		Fault: e.Fault.ID, Title: e.Fault.Title, Run: e.Run, Driver: e.Fault.Driver, Params: e.Params,
		Summary: e.Plan.Params, Scope: e.Plan.Scope, Lasts: e.Lasts.Seconds(),
		Reason: e.Reason, Remedies: e.Remedies,
	}
	if e.Kind == chaos.EventBegins || e.Kind == chaos.EventRefused {
		data.Facts, data.Checks = e.Plan.Facts, e.Plan.Checks
	}
	err := s.record(eventKinds()[e.Kind], e.By, e.Text, data, true)
	if err != nil {
		s.suffer(err)
	}
	if e.Kind == chaos.EventRefused && e.By == scheduled {
		s.refuse(e.Fault.ID, e.Reason)
	}
	s.followFault(e, err == nil)
	return err
}

// faults is every fault with what became of it.
func (s *Session) faults() []FaultState {
	statuses := s.engine.Snapshot()
	all := make([]FaultState, len(statuses))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, status := range statuses {
		all[i].Status = status
		if f := s.view.follow[status.Info.ID]; f != nil {
			all[i].Run, all[i].Undone, all[i].Recovery, all[i].Findings = f.run, f.undone, f.recovery, f.findings
		}
	}
	return all
}

// anyFault tells whether a fault is on.
func (s *Session) anyFault() bool {
	for _, f := range s.engine.Snapshot() {
		if f.On() {
			return true
		}
	}
	return false
}
