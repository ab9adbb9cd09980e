package rotation

import (
	"time"

	"xinbot.ir/squall/internal/units"
)

// Plan is a rotation that is watched from before it begins to after it has ended.
type Plan struct {
	Wait   time.Duration // for the first change
	Settle time.Duration // from the first change until the old secret is refused in every channel
	Verify time.Duration // for which it has to stay so
}

// DefaultPlan has time for a secret store that is read once an hour, and for a rollout.
func DefaultPlan() Plan {
	return Plan{Wait: 90 * time.Minute, Settle: 15 * time.Minute, Verify: 30 * time.Second}
}

// Step is where a plan stands.
type Step string

// The steps. The last two end it.
const (
	Waiting   Step = "waiting for the change"
	Following Step = "following"
	Verifying Step = "verifying"
	Finished  Step = "done"
	GivenUp   Step = "given up"
)

// Progress is how far a plan has come. Its zero value is the beginning.
type Progress struct {
	Step  Step
	Why   string    // of GivenUp
	since time.Time // of the step
}

// Next is the progress at a moment, by the states of the channels.
func (p Plan) Next(before Progress, now time.Time, states []ChannelState) Progress {
	if before.Step == "" {
		before = Progress{Step: Waiting, since: now}
	}
	changed, over := false, len(states) > 0
	for _, s := range states {
		changed = changed || s.Since != nil
		over = over && (s.State == OldRefused || s.State == Done)
	}
	to := func(step Step, why string) Progress { return Progress{Step: step, Why: why, since: now} }
	switch in := now.Sub(before.since); before.Step {
	case Waiting:
		switch {
		case changed:
			return to(Following, "")
		case in >= p.Wait:
			return to(GivenUp, "nothing changed within "+units.Duration(p.Wait))
		}
	case Following:
		switch {
		case over:
			return to(Verifying, "")
		case in >= p.Settle:
			return to(GivenUp, "the old secret was not refused in every channel within "+units.Duration(p.Settle)+" of the first change")
		}
	case Verifying:
		switch {
		case !over:
			return to(Following, "")
		case in >= p.Verify:
			return to(Finished, "")
		}
	case Finished, GivenUp:
	}
	return before
}
