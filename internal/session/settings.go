package session

import (
	"fmt"
	"maps"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/load"
)

// change edits the settings and writes it down. told is the event, from the settings before and
// after; nil means that nothing changed.
func (s *Session) change(by event.Actor, edit func(*load.Settings), told func(from, to load.Settings) any) error {
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
	if data := told(from, next); data != nil {
		s.emit(by, data)
	}
	return nil
}

func (s *Session) setVUs(by event.Actor, c command.SetVUs) error {
	return s.change(by,
		func(next *load.Settings) { next.VUs = c.VUs },
		func(from, to load.Settings) any {
			return ifChanged(from.VUs, to.VUs, event.VUsSet{From: from.VUs, To: to.VUs})
		})
}

func (s *Session) setRate(by event.Actor, c command.SetRate) error {
	return s.change(by,
		func(next *load.Settings) { next.Rate = c.PerSecond },
		func(from, to load.Settings) any {
			return ifChanged(from.Rate, to.Rate, event.RateSet{From: from.Rate, To: to.Rate, VUs: to.VUs})
		})
}

func (s *Session) setThink(by event.Actor, c command.SetThink) error {
	return s.change(by,
		func(next *load.Settings) {
			next.Think = load.Think{Min: time.Duration(c.Min), Max: time.Duration(c.Max)}
		},
		func(from, to load.Settings) any {
			return ifChanged(from.Think, to.Think, event.ThinkSet{From: event.ThinkBetween(from.Think.Min, from.Think.Max), To: event.ThinkBetween(to.Think.Min, to.Think.Max)})
		})
}

func (s *Session) setRamp(by event.Actor, c command.SetRamp) error {
	return s.change(by,
		func(next *load.Settings) { next.Ramp = time.Duration(c.Over) },
		func(from, to load.Settings) any {
			return ifChanged(from.Ramp, to.Ramp, event.RampSet{From: from.Ramp.Seconds(), To: to.Ramp.Seconds()})
		})
}

// setMix sets the channel weights of the run, or of a brand.
func (s *Session) setMix(by event.Actor, c command.SetMix) error {
	mix, err := weightsOf(c.Weights)
	if err != nil {
		return fmt.Errorf("%s: %w", command.Title(c), err)
	}
	told := event.MixSet{BrandID: c.Brand, To: c.Weights}
	for channel := range load.Channel(load.NumChannels) {
		told.Order = append(told.Order, channel.String())
	}
	if c.Brand == "" {
		return s.change(by,
			func(next *load.Settings) { next.Mix = mix },
			func(from, to load.Settings) any {
				told.From = weightsByName(from.Mix)
				return ifChanged(from.Mix, to.Mix, told)
			})
	}
	if told.Brand = s.config.brandName(c.Brand); told.Brand == "" {
		return fmt.Errorf("%s: the workload has no such brand", command.Title(c))
	}
	return s.change(by,
		func(next *load.Settings) {
			brands := maps.Clone(next.BrandMix)
			if brands == nil {
				brands = map[string]load.Weights{}
			}
			brands[c.Brand] = mix
			if mix.IsZero() {
				delete(brands, c.Brand)
			}
			next.BrandMix = brands
		},
		func(from, to load.Settings) any {
			told.From = weightsByName(from.BrandMix[c.Brand])
			return ifChanged(from.BrandMix[c.Brand], to.BrandMix[c.Brand], told)
		})
}

func (s *Session) setPause(by event.Actor, c command.Pause) error {
	return s.change(by,
		func(next *load.Settings) { next.Paused = c.On },
		func(from, to load.Settings) any {
			return onOff(from.Paused, to.Paused, event.Paused{}, event.Resumed{})
		})
}

func (s *Session) setHold(by event.Actor, c command.Hold) error {
	return s.change(by,
		func(next *load.Settings) { next.Hold = c.On },
		func(from, to load.Settings) any { return onOff(from.Hold, to.Hold, event.HoldOn{}, event.HoldOff{}) })
}

// weightsOf are the weights of channels by name.
func weightsOf(byName map[string]float64) (w load.Weights, err error) {
	for name, weight := range byName {
		channel, err := load.ParseChannel(name)
		if err != nil {
			return w, err
		}
		w[channel] = weight
	}
	return w, nil
}

// weightsByName is the reverse of weightsOf; nil when no weight is set.
func weightsByName(w load.Weights) map[string]float64 {
	if w.IsZero() {
		return nil
	}
	byName := map[string]float64{}
	for channel, weight := range w {
		byName[load.Channel(channel).String()] = weight
	}
	return byName
}

// ifChanged is the event of a change, nil when there was none.
func ifChanged[T comparable](from, to T, told any) any {
	if from == to {
		return nil
	}
	return told
}

// onOff is the event of what was switched on or off, nil when it was so before.
func onOff(from, to bool, on, off any) any {
	switch {
	case from == to:
		return nil
	case to:
		return on
	}
	return off
}

func (s *Session) recycle(by event.Actor, _ command.RecycleConnections) error {
	s.commands.Lock()
	defer s.commands.Unlock()
	if s.ended() {
		return ErrEnded
	}
	if err := s.gen.Recycle(); err != nil {
		return err
	}
	s.emit(by, event.ConnectionsRecycled{})
	return nil
}

func (s *Session) note(by event.Actor, c command.Note) error {
	return s.journal.add(by, event.Noted{Note: c.Line()})
}
