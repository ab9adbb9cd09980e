package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
)

// Errors of commands that came at the wrong time.
var (
	ErrEnded  = errors.New("the run is ending")
	ErrHalted = errors.New("halted: release first")
)

// handler carries out one kind of command.
type handler struct {
	late bool // also when the run is ending
	run  func(s *Session, by event.Actor, c command.Command) error
}

// on makes the handler of commands of type C.
func on[C command.Command](run func(s *Session, by event.Actor, c C) error) (reflect.Type, handler) {
	return reflect.TypeFor[C](), handler{run: func(s *Session, by event.Actor, c command.Command) error { return run(s, by, c.(C)) }}
}

// handlers has what carries out each kind of command.
var handlers = func() map[reflect.Type]handler {
	table := map[reflect.Type]handler{}
	add := func(kind reflect.Type, h handler) { table[kind] = h }
	late := func(kind reflect.Type, h handler) { h.late = true; table[kind] = h }
	add(on((*Session).setVUs))
	add(on((*Session).setRate))
	add(on((*Session).setThink))
	add(on((*Session).setRamp))
	add(on((*Session).setSpikeFactor))
	add(on((*Session).setMix))
	add(on((*Session).setSpike))
	add(on((*Session).setPause))
	add(on((*Session).setHold))
	add(on((*Session).recycle))
	add(on((*Session).note))
	add(on((*Session).inject))
	add(on((*Session).adjust))
	late(on((*Session).revert))
	late(on((*Session).decide))
	add(on((*Session).halt))
	add(on((*Session).releaseHalt))
	add(on((*Session).armRotation))
	add(on((*Session).disarmRotation))
	add(on((*Session).setSigning))
	add(on((*Session).giveSecret))
	add(on((*Session).stageRotation))
	late(on((*Session).export))
	late(on((*Session).finish))
	return table
}()

// Do carries out a command. It may be called from any goroutine and returns when the command is carried out, or
// has begun: what becomes of a fault follows as events. A command that
// is refused is in the journal with the reason, like everything else that was decided.
func (s *Session) Do(_ context.Context, by event.Actor, c command.Command) error {
	err := s.execute(by, c)
	if err == nil {
		return nil
	}
	s.refused(by, c, err)
	return err
}

func (s *Session) execute(by event.Actor, c command.Command) error {
	h, ok := handlers[reflect.TypeOf(c)]
	if !ok {
		return fmt.Errorf("%s: a session cannot do this", command.Title(c))
	}
	if err := command.Check(c); err != nil {
		return err
	}
	if !h.late && s.ended() {
		return ErrEnded
	}
	return h.run(s, by, c)
}

// refused writes down that a command was not carried out. Once the run has ended there is nothing to
// write to, and nothing was decided any more.
func (s *Session) refused(by event.Actor, c command.Command, why error) {
	s.commands.Lock()
	defer s.commands.Unlock()
	if s.closed {
		return
	}
	params, err := json.Marshal(c)
	if err != nil {
		s.reportInternal(err)
		return
	}
	s.emit(by, event.CommandRefused{Command: string(command.KindOf(c)), Title: command.Title(c), Params: json.RawMessage(params), Reason: why.Error()})
}

func (s *Session) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.status == Draining || s.view.status == Finished
}

func (s *Session) halted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.halted
}
