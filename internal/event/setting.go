package event

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// VUsSet is another number of virtual users, before the spike multiplier.
type VUsSet struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// RateSet is another arrival rate per second; 0 is the closed model.
type RateSet struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	VUs  int     `json:"vus"` // virtual users of the closed model
}

func (d RateSet) text() string {
	switch {
	case d.To == 0:
		return fmt.Sprintf("Arrival rate off, back to %s", units.VUs(d.VUs))
	case d.From == 0:
		return fmt.Sprintf("Arrival rate %s/s in place of VUs", units.Number(d.To))
	}
	return fmt.Sprintf("Arrival rate %s/s → %s/s", units.Number(d.From), units.Number(d.To))
}

// Think is the bounds of a think time, in seconds.
type Think struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// ThinkBetween is a think time between two bounds.
func ThinkBetween(least, most time.Duration) Think { return Think{least.Seconds(), most.Seconds()} }

// String writes it for people: "0 – 1.5 s".
func (t Think) String() string { return units.DurationRange(duration(t.Min), duration(t.Max)) }

// UnmarshalJSON reads bounds, and the text that journals had before: "0s-1.5s".
func (t *Think) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		type bounds Think
		return json.Unmarshal(b, (*bounds)(t))
	}
	if text == "" {
		return nil
	}
	least, most, ranged := strings.Cut(text, "-")
	if !ranged {
		most = least
	}
	shortest, err := time.ParseDuration(least)
	if err != nil {
		return fmt.Errorf("read think time: %w", err)
	}
	longest, err := time.ParseDuration(most)
	if err != nil {
		return fmt.Errorf("read think time: %w", err)
	}
	*t = ThinkBetween(shortest, longest)
	return nil
}

// ThinkSet is another think time of the closed model.
type ThinkSet struct {
	From Think `json:"from"`
	To   Think `json:"to"`
}

// RampSet is another time that changes of the load take, in seconds.
type RampSet struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// SpikeFactorSet is another factor of later spikes.
type SpikeFactorSet struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// MixSet is another channel mix: of the whole run, or of one brand. Weights need not sum to 1; none
// at all goes back to what the workload has, or for a brand to the mix of the run.
type MixSet struct {
	BrandID string             `json:"brand_id,omitempty"`
	Brand   string             `json:"brand,omitempty"` // its name
	From    map[string]float64 `json:"from,omitempty"`  // channel -> weight
	To      map[string]float64 `json:"to,omitempty"`
	Order   []string           `json:"order,omitempty"` // channels of To, in the order of the workload
}

func (d MixSet) text() string {
	name := "Channel mix"
	if d.BrandID != "" {
		name += " of " + d.Brand
	}
	switch {
	case len(d.To) > 0:
		return name + " " + shares(d.To, d.Order)
	case d.BrandID != "":
		return name + " back to the run's"
	}
	return name + " back to the workload's"
}

// shares writes weights as percentages, those that are not zero.
func shares(weights map[string]float64, order []string) string {
	if len(order) == 0 {
		order = slices.Sorted(maps.Keys(weights))
	}
	var sum float64
	for _, w := range weights {
		sum += w
	}
	var parts []string
	for _, channel := range order {
		if w := weights[channel]; w > 0 {
			parts = append(parts, fmt.Sprintf("%s %.0f %%", channel, w/sum*100))
		}
	}
	return strings.Join(parts, ", ")
}

// Paused is a stop of all sending; virtual users stay.
type Paused struct{}

// Resumed ends a pause.
type Resumed struct{}

// HoldOn freezes a ramp at the level it has reached.
type HoldOn struct{}

// HoldOff lets the ramp go on.
type HoldOff struct{}

// ConnectionsRecycled makes every virtual user open new connections.
type ConnectionsRecycled struct{}
