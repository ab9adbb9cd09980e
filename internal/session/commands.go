package session

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// Errors of commands that came at the wrong time.
var (
	ErrEnded  = errors.New("the run is ending")
	ErrHalted = errors.New("halted: release first")
)

// MaxNote is the longest note, in bytes.
const MaxNote = 500

// change carries out one change of the settings and writes it down. tell says what changed, from
// the settings before and after; "" means that nothing did.
func (s *Session) change(kind rundir.Kind, by string, edit func(*load.Settings), tell func(from, to load.Settings) (string, rundir.Change)) error {
	s.commands.Lock()
	defer s.commands.Unlock()
	if s.ended() {
		return ErrEnded
	}
	next := s.settings
	edit(&next)
	if err := s.gen.Apply(next); err != nil {
		return err
	}
	from := s.settings
	s.settings = next
	if text, data := tell(from, next); text != "" {
		s.say(kind, by, text, data)
	}
	return nil
}

func (s *Session) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.phase == Draining || s.view.phase == Finished
}

func (s *Session) halted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.halted
}

// SetVUs sets the number of virtual users, before the spike multiplier.
func (s *Session) SetVUs(n int) error {
	return s.change(rundir.SetVUs, operator,
		func(next *load.Settings) { next.VUs = n },
		func(from, to load.Settings) (string, rundir.Change) {
			if from.VUs == to.VUs {
				return "", rundir.Change{}
			}
			return fmt.Sprintf("VUs %s → %s", count(from.VUs), count(to.VUs)), rundir.Change{From: from.VUs, To: to.VUs}
		})
}

// SetRate sets the arrival rate per second and with it the open model; 0 goes back to the closed
// model.
func (s *Session) SetRate(perSecond float64) error {
	return s.change(rundir.SetRate, operator,
		func(next *load.Settings) { next.Rate = perSecond },
		func(from, to load.Settings) (string, rundir.Change) {
			change := rundir.Change{From: from.Rate, To: to.Rate}
			switch {
			case from.Rate == to.Rate:
				return "", change
			case to.Rate == 0:
				return fmt.Sprintf("Arrival rate off, back to %s VUs", count(to.VUs)), change
			case from.Rate == 0:
				return fmt.Sprintf("Arrival rate %s/s in place of VUs", number(to.Rate)), change
			}
			return fmt.Sprintf("Arrival rate %s/s → %s/s", number(from.Rate), number(to.Rate)), change
		})
}

// SetThink sets the think time of the closed model.
func (s *Session) SetThink(t load.Think) error {
	return s.change(rundir.SetThink, operator,
		func(next *load.Settings) { next.Think = t },
		func(from, to load.Settings) (string, rundir.Change) {
			return fmt.Sprintf("Think time %s → %s", from.Think, to.Think),
				rundir.Change{From: from.Think.String(), To: to.Think.String()}
		})
}

// SetRamp sets how long later changes of VUs or rate take to arrive.
func (s *Session) SetRamp(d time.Duration) error {
	return s.change(rundir.SetRamp, operator,
		func(next *load.Settings) { next.Ramp = d },
		func(from, to load.Settings) (string, rundir.Change) {
			return fmt.Sprintf("Ramp time %s → %s", duration(from.Ramp), duration(to.Ramp)),
				rundir.Change{From: from.Ramp.String(), To: to.Ramp.String()}
		})
}

// SetSpikeFactor sets what a spike multiplies VUs or rate by.
func (s *Session) SetSpikeFactor(f float64) error {
	return s.change(rundir.SetFactor, operator,
		func(next *load.Settings) { next.SpikeFactor = f },
		func(from, to load.Settings) (string, rundir.Change) {
			return fmt.Sprintf("Spike multiplier %g× → %g×", from.SpikeFactor, to.SpikeFactor),
				rundir.Change{From: from.SpikeFactor, To: to.SpikeFactor}
		})
}

// SetMix sets the channel weights of the whole run; the zero value goes back to each brand's own.
func (s *Session) SetMix(w load.Weights) error {
	return s.change(rundir.SetMix, operator,
		func(next *load.Settings) { next.Mix = w },
		func(from, to load.Settings) (string, rundir.Change) {
			change := rundir.Change{From: weights(from.Mix), To: weights(to.Mix)}
			if w.IsZero() {
				return "Channel mix back to the workload's", change
			}
			return "Channel mix " + shares(w), change
		})
}

// SetBrandMix sets the channel weights of one brand; the zero value goes back to the run's.
func (s *Session) SetBrandMix(brandID string, w load.Weights) error {
	name := ""
	for _, b := range s.config.brands() {
		if b.BrandID == brandID {
			name = b.Name
		}
	}
	if name == "" {
		return fmt.Errorf("set channel mix of brand %s: the workload has no such brand", brandID)
	}
	return s.change(rundir.SetMix, operator,
		func(next *load.Settings) {
			mix := maps.Clone(next.BrandMix)
			if mix == nil {
				mix = map[string]load.Weights{}
			}
			mix[brandID] = w
			if w.IsZero() {
				delete(mix, brandID)
			}
			next.BrandMix = mix
		},
		func(from, to load.Settings) (string, rundir.Change) {
			change := rundir.Change{From: weights(from.BrandMix[brandID]), To: weights(to.BrandMix[brandID])}
			if w.IsZero() {
				return fmt.Sprintf("Channel mix of %s back to the run's", name), change
			}
			return fmt.Sprintf("Channel mix of %s %s", name, shares(w)), change
		})
}

func weights(w load.Weights) map[string]float64 {
	if w.IsZero() {
		return nil
	}
	m := map[string]float64{}
	for c, v := range w {
		m[load.Channel(c).String()] = v
	}
	return m
}

func shares(w load.Weights) string {
	var parts []string
	for c, v := range w.Normalised() {
		if v > 0 {
			parts = append(parts, fmt.Sprintf("%s %.0f %%", load.Channel(c), v*100))
		}
	}
	return strings.Join(parts, ", ")
}

// Spike turns the spike on or off. After a halt it is refused until Release.
func (s *Session) Spike(on bool) error {
	switch {
	case on && s.halted():
		return fmt.Errorf("start spike: %w", ErrHalted)
	case s.spiking():
		return errors.New("change spike: the channel spike is on as a fault: take it back there")
	}
	return s.spike(on, operator)
}

func (s *Session) spike(on bool, by string) error {
	kind := rundir.SpikeOff
	if on {
		kind = rundir.SpikeOn
	}
	return s.change(kind, by,
		func(next *load.Settings) { next.Spike = on },
		func(from, to load.Settings) (string, rundir.Change) {
			change := rundir.Change{From: from.Spike, To: to.Spike}
			if from.Spike == to.Spike {
				return "", change
			}
			word := "ends"
			if on {
				word = "begins"
				s.mu.Lock()
				s.view.chaos++
				s.mu.Unlock()
			}
			return spikeText(word, from, to), change
		})
}

// Pause stops the sending, or lets it go on. Virtual users stay.
func (s *Session) Pause(on bool) error {
	kind, text := rundir.Resumed, "Load goes on"
	if on {
		kind, text = rundir.Paused, "Load paused"
	}
	return s.change(kind, operator,
		func(next *load.Settings) { next.Paused = on },
		func(from, to load.Settings) (string, rundir.Change) {
			if from.Paused == to.Paused {
				return "", rundir.Change{}
			}
			return text, rundir.Change{From: from.Paused, To: to.Paused}
		})
}

// Hold freezes a ramp at the level it has reached, or lets it go on.
func (s *Session) Hold(on bool) error {
	kind, text := rundir.Released, "Ramp goes on"
	if on {
		kind, text = rundir.Held, "Held at the level reached"
	}
	return s.change(kind, operator,
		func(next *load.Settings) { next.Hold = on },
		func(from, to load.Settings) (string, rundir.Change) {
			if from.Hold == to.Hold {
				return "", rundir.Change{}
			}
			return text, rundir.Change{From: from.Hold, To: to.Hold}
		})
}

// RecycleConnections makes every virtual user open new connections.
func (s *Session) RecycleConnections() error {
	s.commands.Lock()
	defer s.commands.Unlock()
	if s.ended() {
		return ErrEnded
	}
	if err := s.gen.Recycle(); err != nil {
		return err
	}
	s.say(rundir.Recycled, operator, "Connections recycled", nil)
	return nil
}

// Note writes a line of the operator's into the timeline.
func (s *Session) Note(text string) error {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case text == "":
		return errors.New("write note: it is empty")
	case len(text) > MaxNote:
		return fmt.Errorf("write note: %d bytes long, at most %d", len(text), MaxNote)
	case s.ended():
		return ErrEnded
	}
	return s.record(rundir.Note, operator, text, nil, true)
}

// Halt takes everything back to the baseline at once: faults are taken back, the spike ends, VUs,
// rate, think time and mix are as started, toggled rules are put back. New spikes and faults are
// refused until Release. It returns at once; the timeline says when each fault is back.
func (s *Session) Halt() error { return s.halt(operator) }

func (s *Session) halt(by string) error {
	s.mu.Lock()
	s.view.halted = true
	s.mu.Unlock()
	s.engine.Halt(by)
	return s.change(rundir.Halted, by,
		func(next *load.Settings) {
			paused := next.Paused
			*next = s.config.Settings
			next.Ramp, next.QuietRules, next.Paused = 0, true, paused
		},
		func(from, to load.Settings) (string, rundir.Change) {
			return "HALT: everything back to the baseline, new spikes and faults blocked", rundir.Change{From: from.WantedVUs(), To: to.WantedVUs()}
		})
}

// Release lets spikes and faults happen again after a halt.
func (s *Session) Release() error {
	if !s.halted() {
		return nil
	}
	err := s.change(rundir.Unblocked, operator,
		func(next *load.Settings) { next.QuietRules, next.Ramp = false, s.config.Settings.Ramp },
		func(load.Settings, load.Settings) (string, rundir.Change) {
			return "Released: spikes and faults are possible again", rundir.Change{}
		})
	if err != nil {
		return err
	}
	s.engine.Release()
	s.mu.Lock()
	s.view.halted = false
	s.mu.Unlock()
	return nil
}

// Export writes the report of the run so far and returns its path.
func (s *Session) Export() (string, error) {
	path, err := s.config.Report(s.config.Dir)
	if err != nil {
		return "", fmt.Errorf("export report: %w", err)
	}
	s.mu.Lock()
	s.view.report = path
	s.mu.Unlock()
	s.say(rundir.Exported, operator, "Report written to "+path, nil)
	return path, nil
}
