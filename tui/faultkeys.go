package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/session"
)

// faultKey is a fault's own key: it reverts at once what is on, and asks before anything else.
func (m *Model) faultKey(i int) tea.Cmd {
	faults := m.scene.now.Faults
	switch {
	case m.scene.now.Started.IsZero():
		m.say("faults are not known yet", false)
		return nil
	case len(faults) == 0:
		m.say("no faults: no Toxiproxy or Kubernetes configured", false)
		return nil
	case i >= len(faults):
		m.say("key "+faultKeyName(i)+" has no fault; there are "+formatInt(len(faults)), false)
		return nil
	}
	f := &faults[i]
	switch f.State {
	case chaos.Idle, chaos.Stuck:
		return m.openSheet(f.Info.ID, nil)
	default:
		return m.revert(f)
	}
}

// revert takes a fault back. It never asks: reverting is safe.
func (m *Model) revert(f *session.FaultState) tea.Cmd {
	id, now := f.Info.ID, m.options.Clock()
	if f.State == chaos.Reverting || now.Before(m.asked.reverted[id]) {
		m.say(f.Info.Title+" is being reverted already", false)
		return nil
	}
	if m.asked.reverted == nil {
		m.asked.reverted = map[string]time.Time{}
	}
	m.asked.reverted[id] = now.Add(intentTime)
	return m.send("reverting "+f.Info.Title, request{ask: command.Revert{Fault: id}})
}

// findFault is a fault of the newest snapshot and its place; nil when there is none of that name.
func (m *Model) findFault(id string) (f *session.FaultState, place int) {
	for i := range m.scene.now.Faults {
		if f := &m.scene.now.Faults[i]; f.Info.ID == id {
			return f, i
		}
	}
	return nil, -1
}
