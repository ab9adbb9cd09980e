package session

import (
	"fmt"
	"slices"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
)

// stageRotations makes the embedded platform rotate when it is time.
func (s *Session) stageRotations() {
	for _, staged := range s.config.Rotation.Staged {
		s.work.Go(func() {
			timer := time.NewTimer(staged.At)
			defer timer.Stop()
			select {
			case <-timer.C:
				_ = s.Do(s.ctx, scheduled, command.StageRotation{Kind: staged.Kind}) // what is refused is in the journal
			case <-s.ctx.Done():
			}
		})
	}
}

func (s *Session) armRotation(by event.Actor, _ command.ArmRotation) error {
	return s.rotations.arm(by)
}

func (s *Session) disarmRotation(by event.Actor, _ command.DisarmRotation) error {
	if !s.rotations.disarm(by) {
		return errNotArmed
	}
	s.saveProbes()
	return nil
}

func (s *Session) setSigning(by event.Actor, c command.SetSigning) error {
	switch {
	case !s.rotations.has(c.Channel):
		return fmt.Errorf("%s: no secret of that channel can be rotated", command.Title(c))
	case c.With != event.SignOld && !s.rotations.state().Armed:
		return fmt.Errorf("%s: %w: arm it first", command.Title(c), errNotArmed)
	}
	s.rotations.sign(by, c)
	return nil
}

func (s *Session) giveSecret(by event.Actor, c command.GiveSecret) error {
	if !s.rotations.has(c.Channel) {
		return fmt.Errorf("%s: no secret of that channel can be rotated", command.Title(c))
	}
	s.rotations.give(by, "typed", rotation.Secret{Channel: c.Channel, Value: c.Secret.Reveal()})
	return nil
}

// stageRotation lets the embedded platform rotate, watched: a rotation is armed for it, and the traffic follows it unless another
// way of signing was chosen.
func (s *Session) stageRotation(by event.Actor, c command.StageRotation) error {
	if s.config.Rotation.Stage == nil {
		return fmt.Errorf("%s: this is no demo", command.Title(c))
	}
	if s.rotations.over() { // this is another one
		s.rotations.disarm(by)
		s.saveProbes()
	}
	if !s.rotations.state().Armed {
		if err := s.rotations.arm(by); err != nil {
			return err
		}
	}
	return s.config.Rotation.Stage(c.Kind)
}

// has reports whether the secret of a channel can be rotated; "" is any.
func (r *rotations) has(channel string) bool {
	return len(r.channels) > 0 && (channel == "" || slices.Contains(r.names(), channel))
}

// saveProbes writes probes into the run directory.
func (s *Session) saveProbes() {
	unsaved := s.rotations.takeUnsaved()
	if len(unsaved) == 0 {
		return
	}
	if err := s.journal.writer.Probes(unsaved); err != nil {
		s.reportInternal(fmt.Errorf("write probes: %w", err))
	}
}

// forgedGrace is how long a run goes on that has found such a gateway.
const forgedGrace = 2 * time.Second

// forgedAccepted stops a run that has found a gateway which checks no signatures.
func (s *Session) forgedAccepted(d event.ForgedAccepted) {
	if s.config.Rotation.TolerateForged || s.ended() {
		return
	}
	s.work.Go(func() {
		select {
		case <-time.After(forgedGrace): // the other channels have their say, too
		case <-s.ctx.Done():
		}
		if s.ended() {
			return
		}
		s.stopFor(event.StopRuleMet{Rule: "forged signature accepted", Title: "a wrong or missing signature is accepted", Measured: d.Text()})
	})
}
