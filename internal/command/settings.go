package command

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SetVUs sets the number of virtual users, before the spike multiplier.
type SetVUs struct {
	VUs int `json:"vus"`
}

func (c SetVUs) title() string { return "set virtual users to " + strconv.Itoa(c.VUs) }
func (c SetVUs) check() error  { return checkVUs("virtual users", c.VUs) }

// SetRate sets the arrival rate and with it the open model; 0 goes back to the closed model.
type SetRate struct {
	PerSecond float64 `json:"per_second"`
}

func (c SetRate) title() string { return fmt.Sprintf("set rate to %v per second", c.PerSecond) }

func (c SetRate) check() error {
	if c.PerSecond < 0 || c.PerSecond > MaxRate || math.IsNaN(c.PerSecond) {
		return fmt.Errorf("%s: must be 0 to %d", c.title(), MaxRate)
	}
	return nil
}

// SetThink sets the think time of the closed model, uniform between Min and Max.
type SetThink struct {
	Min Duration `json:"min"`
	Max Duration `json:"max"`
}

func (c SetThink) title() string { return fmt.Sprintf("set think time to %s-%s", c.Min, c.Max) }

func (c SetThink) check() error {
	if c.Min < 0 || c.Max < c.Min || c.Max > Duration(MaxThink) {
		return fmt.Errorf("%s: must be MIN-MAX with 0 <= MIN <= MAX <= %s", c.title(), MaxThink)
	}
	return nil
}

// SetRamp sets how long later changes of VUs or rate take to arrive.
type SetRamp struct {
	Over Duration `json:"over"`
}

func (c SetRamp) title() string { return "set ramp time to " + c.Over.String() }

func (c SetRamp) check() error {
	if c.Over < 0 {
		return fmt.Errorf("%s: must be 0s or more", c.title())
	}
	return nil
}

// SetSpikeFactor sets what a spike multiplies VUs or rate by.
type SetSpikeFactor struct {
	Factor float64 `json:"factor"`
}

func (c SetSpikeFactor) title() string { return fmt.Sprintf("set spike multiplier to %v", c.Factor) }

func (c SetSpikeFactor) check() error {
	if c.Factor < 1 || c.Factor > MaxSpikeFactor || math.IsNaN(c.Factor) {
		return fmt.Errorf("%s: must be 1 to %d", c.title(), MaxSpikeFactor)
	}
	return nil
}

// SetMix sets the channel weights of the whole run, or of one brand. Weights need not sum to 1; none
// goes back to what the workload has, or for a brand to the mix of the run.
type SetMix struct {
	Brand   string             `json:"brand,omitempty"` // id; "" is the whole run
	Weights map[string]float64 `json:"weights,omitempty"`
}

func (c SetMix) title() string {
	if c.Brand != "" {
		return "set channel mix of brand " + c.Brand
	}
	return "set channel mix"
}

func (c SetMix) check() error {
	if err := checkWeights(c.Weights); err != nil {
		return fmt.Errorf("%s: %w", c.title(), err)
	}
	return nil
}

// Spike starts or ends a spike of the load.
type Spike struct {
	On bool `json:"on"`
}

func (c Spike) title() string { return startEnd(c.On, "spike") }
func (c Spike) check() error  { return nil }

// Pause stops the sending, or lets it go on. Virtual users stay.
type Pause struct {
	On bool `json:"on"`
}

func (c Pause) title() string { return startEnd(c.On, "pause") }
func (c Pause) check() error  { return nil }

// Hold freezes a ramp at the level it has reached, or lets it go on.
type Hold struct {
	On bool `json:"on"`
}

func (c Hold) title() string { return startEnd(c.On, "hold") }
func (c Hold) check() error  { return nil }

func startEnd(on bool, what string) string {
	if on {
		return "start " + what
	}
	return "end " + what
}

// RecycleConnections makes every virtual user open new connections.
type RecycleConnections struct{}

func (RecycleConnections) title() string { return "recycle connections" }
func (RecycleConnections) check() error  { return nil }

// Note writes a line into the journal.
type Note struct {
	Text string `json:"text"`
}

// Line is the text in one line, without spaces at its ends.
func (c Note) Line() string { return strings.Join(strings.Fields(c.Text), " ") }

func (c Note) title() string { return "write note" }

func (c Note) check() error {
	switch n := utf8.RuneCountInString(c.Line()); {
	case n == 0:
		return errors.New("write note: it is empty")
	case n > MaxNote:
		return fmt.Errorf("write note: %d characters long, at most %d", n, MaxNote)
	}
	return nil
}

// Halt reverts everything at once: faults, spikes, settings. New spikes and faults are refused until
// ReleaseHalt.
type Halt struct{}

func (Halt) title() string { return "halt" }
func (Halt) check() error  { return nil }

// ReleaseHalt allows spikes and faults again.
type ReleaseHalt struct{}

func (ReleaseHalt) title() string { return "release halt" }
func (ReleaseHalt) check() error  { return nil }

// Export writes the report of the run so far.
type Export struct{}

func (Export) title() string { return "export report" }
func (Export) check() error  { return nil }

// Finish ends the run: requests under way may come to their end, faults are reverted, the report is
// written.
type Finish struct{}

func (Finish) title() string { return "end run" }
func (Finish) check() error  { return nil }
