package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// SpikeFault is the id of the channel spike.
const SpikeFault = rundir.ChannelSpike

// channelSpike multiplies the load for a time. It is a fault like the others for the screen, the
// journal and the halt, but what it changes is our own: it dies with squall and needs no ledger.
type channelSpike struct{ session *Session }

// SpikeParams are the parameters of the channel spike.
func SpikeParams() []chaos.Param {
	return []chaos.Param{
		{
			Name: "factor", Label: "Multiply load by", Type: chaos.Number, Default: "5", Min: 1, Max: load.MaxSpikeFactor, Unit: "times", Live: true,
			Help: "virtual users, or the rate in the open model; ingestion rises by the workload's own factor",
		},
		{
			Name: "users", Label: "Or virtual users", Type: chaos.Whole, Default: "0", Min: 0, Max: load.MaxVUs, Live: true,
			Help: "a number of virtual users in place of the factor; 0 goes by the factor", Env: "VUS",
		},
		chaos.Lasts(5*time.Minute, "DURATION"),
	}
}

// Info describes the spike.
func (f channelSpike) Info() chaos.Info {
	info := chaos.Info{
		ID: SpikeFault, Title: "Channel spike", Driver: "load generator",
		Summary: "Multiplies the traffic of all channels for a time, ingestion too, while pods are watched.",
		Params:  SpikeParams(),
		Expect: []chaos.Expectation{
			{Sight: chaos.Holds, Text: "objectives hold during the spike"},
			{Sight: chaos.Scales, Text: "every autoscaler reaches its maximum"},
			{Sight: chaos.Recovers, Within: recoveryGoal, Text: "recovers within 2 min"},
		},
	}
	return info
}

// Brief says how strong it is.
func (f channelSpike) Brief(p chaos.Params) string {
	if users := p.Whole("users"); users > 0 {
		return count(users) + " VUs for " + chaos.Words(p.Duration(chaos.TTL))
	}
	return p["factor"] + "× for " + chaos.Words(p.Duration(chaos.TTL))
}

// Plan says where the load goes.
func (f channelSpike) Plan(_ context.Context, p chaos.Params) (chaos.Plan, error) {
	s := f.session
	s.commands.Lock()
	set := s.settings
	s.commands.Unlock()
	now := set
	now.Spike = false
	next := spiked(set, p)
	if err := next.Validate(); err != nil {
		return chaos.Plan{}, err
	}
	from, to := count(now.WantedVUs())+" VUs", count(next.WantedVUs())+" VUs"
	if next.Open() {
		from, to = number(now.WantedRate())+"/s", number(next.WantedRate())+"/s"
	}
	ingestion := s.config.Options.Workload.Ingestion
	plan := chaos.Plan{
		Scope: "all channels", Params: from + " → " + to,
		Facts: []chaos.Fact{
			{Name: "Target", Text: s.config.Target},
			{Name: "Gateway", Text: s.config.host()},
			{Name: "Load", Text: from + " now, " + to + " during the spike"},
			{Name: "Ingestion", Text: fmt.Sprintf("%s jobs a minute and tenant, times %s", number(ingestion.JobsPerMinute), number(ingestion.SpikeMultiplier))},
			{Name: "Autoscalers", Text: s.scalers()},
		},
		Objects: []string{"load generator"},
		Steps: []chaos.Step{{
			Kind: "spike", Object: "load of all channels",
			Apply:  func(context.Context) error { return s.spikeTo(p) },
			Revert: func(context.Context) error { return s.spikeBack() },
		}},
	}
	if set.Spike && !s.spiking() {
		plan.Checks = append(plan.Checks, chaos.Check{Text: "no spike is on", Answer: chaos.Refuses, Reason: "a spike is on already: end it with s first"})
	}
	if next.WantedVUs() == 0 && !next.Open() {
		plan.Checks = append(plan.Checks, chaos.Check{Text: "there is load to multiply", Answer: chaos.Refuses, Reason: "there are no virtual users: raise them first, or give a number"})
	}
	return plan, nil
}

// spiked is what the settings become.
func spiked(set load.Settings, p chaos.Params) load.Settings {
	set.Spike, set.SpikeFactor, set.SpikeVUs = true, p.Number("factor"), p.Whole("users")
	return set
}

// spiking tells whether the spike that is on is the fault's.
func (s *Session) spiking() bool {
	for _, f := range s.engine.Snapshot() {
		if f.Info.ID == SpikeFault {
			return f.On()
		}
	}
	return false
}

// spikeTo turns the fault's spike on, or changes it.
func (s *Session) spikeTo(p chaos.Params) error {
	s.commands.Lock()
	kind, word := rundir.SpikeOn, "begins"
	if s.settings.Spike {
		kind, word = rundir.SetFactor, "changes"
	}
	s.commands.Unlock()
	return s.change(kind, faults,
		func(next *load.Settings) { *next = spiked(*next, p) },
		func(from, to load.Settings) (string, rundir.Change) {
			return spikeText(word, from, to), rundir.Change{From: from.SpikeFactor, To: to.SpikeFactor}
		})
}

// spikeBack ends it and leaves the multiplier of the s key as the run was started. The end of the
// run has ended the load, and the spike with it.
func (s *Session) spikeBack() error {
	err := s.change(rundir.SpikeOff, faults,
		func(next *load.Settings) {
			next.Spike, next.SpikeVUs, next.SpikeFactor = false, 0, s.config.Settings.SpikeFactor
		},
		func(from, to load.Settings) (string, rundir.Change) {
			if !from.Spike { // a halt was quicker
				return "", rundir.Change{}
			}
			return spikeText("ends", from, to), rundir.Change{From: from.Spike, To: to.Spike}
		})
	if errors.Is(err, ErrEnded) {
		return nil
	}
	return err
}

// spikeText is the line of the timeline.
func spikeText(word string, from, to load.Settings) string {
	if to.Open() {
		return fmt.Sprintf("Spike %s: %s/s → %s/s", word, number(from.WantedRate()), number(to.WantedRate()))
	}
	return fmt.Sprintf("Spike %s: %s → %s VUs", word, count(from.WantedVUs()), count(to.WantedVUs()))
}
