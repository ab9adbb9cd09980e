package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
)

// SpikeFault is the id of the channel spike.
const SpikeFault = timeline.ChannelSpike

// channelSpike multiplies the load for a time. It is a fault like the others for the screen, the
// journal and the halt, but what it changes is our own: it dies with squall and needs no ledger.
type channelSpike struct {
	config Config
	load   spikeLoad
}

// spikeLoad is the load that a spike multiplies.
type spikeLoad interface {
	loadSettings() load.Settings
	scalers() string
	applySpike(p chaos.Params) error
	revertSpike() error
}

// notRunning is the load of a run that has not begun: spikes can be planned on it.
type notRunning struct{ settings load.Settings }

func (n notRunning) loadSettings() load.Settings { return n.settings }
func (notRunning) scalers() string               { return "not known before the run" }
func (notRunning) applySpike(chaos.Params) error { return ErrEnded }
func (notRunning) revertSpike() error            { return nil }

// SpikeParams are the parameters of the channel spike.
func SpikeParams() []chaos.Param {
	return []chaos.Param{
		{
			Name: "factor", Label: "Multiply load by", Type: chaos.Number, Default: "5", Min: 1, Max: load.MaxSpikeFactor, Unit: "times", Live: true,
			Help: "virtual users, or the rate in the open model; ingestion rises by the workload's own factor",
		},
		{
			Name: "users", Label: "Or virtual users", Type: chaos.Whole, Default: "0", Min: 0, Max: load.MaxVUs, Live: true,
			Help: "a number of virtual users in place of the factor; 0 goes by the factor",
		},
		{
			Name: "add", Label: "Or more virtual users", Type: chaos.Whole, Default: "0", Min: 0, Max: load.MaxVUs, Live: true,
			Help: "so many beside those that there are, in place of the factor; 0 goes by the factor", Env: "VUS",
		},
		spikeTTL(),
	}
}

// spikeTTL is the time to live of a spike. Nothing of it can be left changed, so it may go on
// until it is reverted.
func spikeTTL() chaos.Param {
	p := chaos.TTLParam(5*time.Minute, "DURATION")
	p.Min, p.Help = 0, "ended by itself after this time; 0 goes on until it is ended"
	return p
}

// Info describes the spike.
func (f channelSpike) Info() chaos.Info {
	info := chaos.Info{
		ID: SpikeFault, Title: "Channel spike", Driver: "load generator",
		Summary: "Multiplies the traffic of all channels for a time, ingestion too, while pods are watched.",
		Params:  SpikeParams(),
		Expect: []chaos.Expectation{
			{Signal: event.Holds, Text: "objectives hold during the spike"},
		},
	}
	if !f.config.Embedded || f.config.Watch != nil { // the embedded platform itself has no autoscalers
		info.Expect = append(info.Expect, chaos.Expectation{Signal: event.Scales, Text: "every autoscaler reaches its maximum"})
	}
	info.Expect = append(info.Expect, chaos.RecoversWithin(chaos.RecoveryGoal))
	return info
}

// Summarize describes how strong it is.
func (f channelSpike) Summarize(p chaos.Params) string {
	until := " until ended"
	if ttl := p.Duration(chaos.TTL); ttl > 0 {
		until = " for " + units.Duration(ttl)
	}
	if users := p.Whole("users"); users > 0 {
		return units.VUs(users) + until
	}
	if more := p.Whole("add"); more > 0 {
		return "+" + units.VUs(more) + until
	}
	return p["factor"] + "×" + until
}

// Plan describes where the load goes.
func (f channelSpike) Plan(_ context.Context, p chaos.Params) (chaos.Plan, error) {
	set := f.load.loadSettings()
	now := set
	now.Spike = false
	next := withSpike(set, p)
	if err := next.Validate(); err != nil {
		return chaos.Plan{}, err
	}
	from, to := units.VUs(now.WantedVUs()), units.VUs(next.WantedVUs())
	if next.Open() {
		from, to = units.Number(now.WantedRate())+"/s", units.Number(next.WantedRate())+"/s"
	}
	ingestion := f.config.Options.Workload.Ingestion
	plan := chaos.Plan{
		Scope: "all channels", Params: from + " → " + to,
		Facts: []chaos.Fact{
			{Name: "Target", Text: f.config.Target},
			{Name: "Gateway", Text: f.config.host()},
			{Name: "Load", Text: from + " now, " + to + " during the spike"},
			{Name: "Ingestion", Text: fmt.Sprintf("%s jobs a minute and tenant, times %s", units.Number(ingestion.JobsPerMinute), units.Number(ingestion.SpikeMultiplier))},
			{Name: "Autoscalers", Text: f.load.scalers()},
		},
		Objects: []string{"load generator"},
		Steps: []chaos.Step{{
			Kind: "spike", Object: "load of all channels",
			Apply:  func(context.Context) error { return f.load.applySpike(p) },
			Revert: func(context.Context) error { return f.load.revertSpike() },
		}},
	}
	for _, name := range []string{"users", "add"} {
		if next.Open() && p.Whole(name) > 0 {
			plan.Checks = append(plan.Checks, chaos.Check{Text: "the load is of virtual users", Answer: chaos.Refuses, Reason: "an arrival rate is multiplied: give factor in place of " + name})
		}
	}
	if next.WantedVUs() == 0 && !next.Open() {
		plan.Checks = append(plan.Checks, chaos.Check{Text: "there is load to multiply", Answer: chaos.Refuses, Reason: "there are no virtual users: raise them first, or give a number"})
	}
	return plan, nil
}

// withSpike is what the settings become.
func withSpike(set load.Settings, p chaos.Params) load.Settings {
	set.Spike, set.SpikeFactor, set.SpikeVUs = true, p.Number("factor"), p.Whole("users")
	if more := p.Whole("add"); more > 0 && set.SpikeVUs == 0 {
		set.SpikeVUs = min(set.VUs+more, load.MaxVUs)
	}
	return set
}

// spikeState is what the spike does now.
func (s *Session) spikeState() chaos.State {
	for _, f := range s.engine.Snapshot() {
		if f.Info.ID == SpikeFault {
			return f.State
		}
	}
	return chaos.Idle
}

// loadSettings are the settings in force.
func (s *Session) loadSettings() load.Settings {
	s.commands.Lock()
	defer s.commands.Unlock()
	return s.settings
}

// applySpike makes the load of the spike, also when it is on with other parameters. The fault's own events
// tell it.
func (s *Session) applySpike(p chaos.Params) error {
	return s.change(squall, func(next *load.Settings) { *next = withSpike(*next, p) }, noEvent)
}

// revertSpike ends the load of the spike and leaves the multiplier as it was last set. The end of the run
// has ended the load, and the spike with it.
func (s *Session) revertSpike() error {
	err := s.change(squall,
		func(next *load.Settings) {
			next.Spike, next.SpikeVUs, next.SpikeFactor = false, 0, s.spikeFactor
		}, noEvent)
	if errors.Is(err, ErrEnded) {
		return nil
	}
	return err
}

// noEvent is for changes of the settings that an event of another kind tells.
func noEvent(load.Settings, load.Settings) any { return nil }

// setSpike starts the channel spike with the multiplier that is set, or ends it. A spike harms nothing
// that stays changed, so it needs no confirmation on a protected target.
func (s *Session) setSpike(by event.Actor, c command.Spike) error {
	switch {
	case !c.On:
		return s.engine.Revert(SpikeFault, by)
	case s.halted():
		return fmt.Errorf("start spike: %w", ErrHalted)
	case s.spikeState() >= chaos.Checking && s.spikeState() <= chaos.Active: // it is on, or about to be
		return nil
	}
	return s.engine.Inject(SpikeFault, chaos.Params{"factor": s.factor(), "users": "0", "add": "0"}, by)
}

// factor is the multiplier as a parameter.
func (s *Session) factor() string {
	s.commands.Lock()
	defer s.commands.Unlock()
	return strconv.FormatFloat(s.spikeFactor, 'f', -1, 64)
}

// setSpikeFactor sets what a spike multiplies VUs or rate by; a spike that is on follows.
func (s *Session) setSpikeFactor(by event.Actor, c command.SetSpikeFactor) error {
	on := s.spikeState() == chaos.Active
	err := s.change(by,
		func(next *load.Settings) {
			if !on {
				next.SpikeFactor = c.Factor
			}
		},
		func(load.Settings, load.Settings) any {
			from := s.spikeFactor
			s.spikeFactor = c.Factor
			return ifChanged(from, c.Factor, event.SpikeFactorSet{From: from, To: c.Factor})
		})
	if err != nil || !on {
		return err
	}
	return s.engine.Adjust(SpikeFault, chaos.Params{"factor": s.factor(), "users": "0", "add": "0"}, by)
}
