package load

import (
	"fmt"
	"math"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/units"
)

// Think is the time a virtual user waits between iterations, uniform between Min and Max.
type Think struct{ Min, Max time.Duration }

// String writes a think time as --think takes it.
func (t Think) String() string {
	if t.Min == t.Max {
		return t.Min.String()
	}
	return t.Min.String() + "-" + t.Max.String()
}

// Text writes it for people: "0 – 1.5 s".
func (t Think) Text() string { return units.DurationRange(t.Min, t.Max) }

// Weights are channel shares, indexed by [Channel]. They need not sum to 1. The zero value means
// "not set".
type Weights [NumChannels]float64

// IsZero reports whether no weight is set.
func (w Weights) IsZero() bool { return w == Weights{} }

// Normalised returns the weights scaled to sum to 1, or the zero value when none is set.
func (w Weights) Normalised() Weights {
	var sum float64
	for _, v := range w {
		sum += v
	}
	if sum <= 0 {
		return Weights{}
	}
	for c := range w {
		w[c] /= sum
	}
	return w
}

// Validate refuses negative, infinite and all-zero weights.
func (w Weights) Validate() error {
	var sum float64
	for c, v := range w {
		if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("weight of %s is %v: must be zero or more", Channel(c), v)
		}
		sum += v
	}
	if sum == 0 {
		return fmt.Errorf("all weights are zero: give at least one channel a weight")
	}
	return nil
}

// Settings is everything an operator can change while the load runs. It is a value: to change
// something, copy it, change the copy, and [Generator.Apply] it.
type Settings struct {
	VUs         int                // virtual users of the closed model, before the spike multiplier
	Rate        float64            // arrivals per second; above 0 it selects the open model
	Think       Think              // closed model only
	Ramp        time.Duration      // how long a change of VUs or rate takes to arrive
	Mix         Weights            // for the whole run; zero: every brand as the workload has it
	BrandMix    map[string]Weights // by brand id, over Mix; treated as immutable
	Spike       bool               // multiply VUs or rate by SpikeFactor, ingestion by the workload's factor
	SpikeFactor float64            // 5 by default
	SpikeVUs    int                // closed model: a spike goes to this number instead of by the factor; 0: by the factor
	Paused      bool               // send nothing; virtual users stay
	FreezeRules bool               // leave automation rules alone, and restore at once what is toggled
	// Hold stays at the level reached, freezing a ramp in progress. While it is on the load never
	// rises: a higher target that is set meanwhile, a spike included, waits for Hold to end, a lower
	// one is obeyed, so that ending a spike always helps. Changing to the other model is not held.
	Hold bool
}

// Limits of a setting: those of the command that sets it.
const (
	MaxVUs         = command.MaxVUs
	MaxRate        = command.MaxRate
	MaxSpikeFactor = command.MaxSpikeFactor
	MaxThink       = command.MaxThink
)

// Validate refuses settings that cannot be carried out, naming the field and what is accepted.
func (s Settings) Validate() error {
	switch {
	case s.VUs < 0 || s.VUs > MaxVUs:
		return fmt.Errorf("set virtual users to %d: must be 0 to %d", s.VUs, MaxVUs)
	case s.Rate < 0 || s.Rate > MaxRate || math.IsNaN(s.Rate):
		return fmt.Errorf("set rate to %v per second: must be 0 to %d", s.Rate, MaxRate)
	case s.Think.Min < 0 || s.Think.Max < s.Think.Min || s.Think.Max > MaxThink:
		return fmt.Errorf("set think time to %s: must be MIN-MAX with 0 <= MIN <= MAX <= %s", s.Think, MaxThink)
	case s.Ramp < 0:
		return fmt.Errorf("set ramp time to %s: must be 0s or more", s.Ramp)
	case s.SpikeFactor < 1 || s.SpikeFactor > MaxSpikeFactor || math.IsNaN(s.SpikeFactor):
		return fmt.Errorf("set spike multiplier to %v: must be 1 to %d", s.SpikeFactor, MaxSpikeFactor)
	case s.SpikeVUs < 0 || s.SpikeVUs > MaxVUs:
		return fmt.Errorf("set virtual users of a spike to %d: must be 0 to %d", s.SpikeVUs, MaxVUs)
	}
	if !s.Mix.IsZero() {
		if err := s.Mix.Validate(); err != nil {
			return fmt.Errorf("set channel mix: %w", err)
		}
	}
	for brand, w := range s.BrandMix {
		if err := w.Validate(); err != nil {
			return fmt.Errorf("set channel mix of brand %s: %w", brand, err)
		}
	}
	return nil
}

// Open reports whether the settings select the open model.
func (s Settings) Open() bool { return s.Rate > 0 }

// WantedVUs is the closed model's target, the spike included.
func (s Settings) WantedVUs() int {
	if s.Open() {
		return 0
	}
	if s.Spike && s.SpikeVUs > 0 {
		return s.SpikeVUs
	}
	if s.Spike {
		return min(int(math.Round(float64(s.VUs)*s.SpikeFactor)), MaxVUs)
	}
	return s.VUs
}

// WantedRate is the open model's target in arrivals per second, the spike included.
func (s Settings) WantedRate() float64 {
	if s.Spike {
		return min(s.Rate*s.SpikeFactor, MaxRate)
	}
	return s.Rate
}
