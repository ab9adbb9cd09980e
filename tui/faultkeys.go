package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/session"
)

// FaultKey is a fault's own key: it reverts at once what is on, and asks before anything else. The
// dialog from stays open unless the key opens another.
func (m *Model) FaultKey(i int, from dialog) (dialog, tea.Cmd) {
	faults := m.scene.now.Faults
	switch {
	case m.scene.now.Started.IsZero():
		m.Say("faults are not known yet", false)
	case len(faults) == 0:
		m.Say("no faults: no Toxiproxy or Kubernetes configured", false)
	case i >= len(faults):
		m.Say("key "+faultKeyName(i)+" has no fault; there are "+formatInt(len(faults)), false)
	case faults[i].State == chaos.Idle || faults[i].State == chaos.Stuck:
		return m.faultDialog(&faults[i], nil)
	default:
		return from, m.Revert(&faults[i])
	}
	return from, nil
}

// faultDialog opens a fault.
func (m *Model) faultDialog(f *session.FaultState, from dialog) (dialog, tea.Cmd) {
	m.fault = f.Info.ID
	return newFaultDialog(f, from, m.session, m.lull)
}

// faultList opens the list of all faults, at the one that was looked at last.
func (m *Model) faultList() (dialog, tea.Cmd) {
	if len(m.scene.now.Faults) == 0 {
		return m.FaultKey(0, nil)
	}
	_, place := m.scene.findFault(m.fault)
	return &faultListDialog{picked: max(place, 0), open: m.faultDialog}, nil
}

// Revert takes a fault back. It never asks: reverting is safe.
func (m *Model) Revert(f *session.FaultState) tea.Cmd {
	id, now := f.Info.ID, m.options.Clock()
	if f.State == chaos.Reverting || now.Before(m.asked.reverted[id]) {
		m.Say(f.Info.Title+" is being reverted already", false)
		return nil
	}
	if m.asked.reverted == nil {
		m.asked.reverted = map[string]time.Time{}
	}
	m.asked.reverted[id] = now.Add(intentTime)
	return m.Send("reverting "+f.Info.Title, request{ask: command.Revert{Fault: id}})
}
