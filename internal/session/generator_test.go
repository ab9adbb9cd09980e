package session

import (
	"errors"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/load"
)

// stubborn is a generator that takes no new settings.
type stubborn struct{ *load.Generator }

func (stubborn) Apply(load.Settings) error { return errors.New("apply settings: no") }

// The session drives whatever generator it is given, and a refusal of it is the command's.
func TestSessionDrivesTheGeneratorThatItIsGiven(t *testing.T) {
	c := config(t, platform(t))
	c.NewGenerator = func(o load.Options) (Generator, error) {
		g, err := load.New(o)
		return stubborn{g}, err
	}
	s := start(t, c)
	until(t, "requests", func() bool { return s.Snapshot().Load.Sent > 5 })
	if err := give(s, command.SetVUs{VUs: 7}); err == nil || !strings.Contains(err.Error(), "apply settings: no") {
		t.Errorf("error %v", err)
	}
	if got := s.Snapshot().Load.Settings.VUs; got == 7 {
		t.Error("the settings have changed")
	}
	finish(s)
	<-s.Done()
}

func TestGeneratorThatCannotBeMadeStartsNothing(t *testing.T) {
	c := config(t, platform(t))
	c.NewGenerator = func(load.Options) (Generator, error) { return nil, errors.New("no agent answers") }
	if _, err := Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no agent answers") {
		t.Errorf("error %v", err)
	}
}
