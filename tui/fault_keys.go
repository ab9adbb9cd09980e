package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/dialog"
	"xinbot.ir/squall/tui/panel"
)

// FaultKey is a fault's own key: it reverts at once what is on, and asks before anything else. The
// dialog from stays open unless the key opens another.
func (m *Model) FaultKey(i int, from dialog.Dialog) (dialog.Dialog, tea.Cmd) {
	faults := m.state.Now.Faults
	switch {
	case m.state.Now.Started.IsZero():
		m.Say("faults are not known yet", false)
	case len(faults) == 0:
		m.Say("no faults: no Toxiproxy or Kubernetes configured", false)
	case i >= len(faults):
		m.Say("key "+panel.FaultKeyName(i)+" has no fault; there are "+units.Int(len(faults)), false)
	case faults[i].State == chaos.Idle || faults[i].State == chaos.NotReverted:
		return m.faultDialog(&faults[i], nil)
	default:
		return from, m.Revert(&faults[i])
	}
	return from, nil
}

// faultDialog opens a fault.
func (m *Model) faultDialog(f *session.FaultState, from dialog.Dialog) (dialog.Dialog, tea.Cmd) {
	m.fault = f.Info.ID
	return dialog.NewFault(f, from, m.session, m.debounce)
}

// faultList opens the list of all faults, at the one that was looked at last.
func (m *Model) faultList() (dialog.Dialog, tea.Cmd) {
	if len(m.state.Now.Faults) == 0 {
		return m.FaultKey(0, nil)
	}
	_, place := m.state.FindFault(m.fault)
	return dialog.NewFaultList(max(place, 0), m.faultDialog), nil
}

// Revert reverts a fault. It never asks: reverting is safe.
func (m *Model) Revert(f *session.FaultState) tea.Cmd {
	id, now := f.Info.ID, m.options.Clock()
	if f.State == chaos.Reverting || now.Before(m.pendingToggles.reverted[id]) {
		m.Say(f.Info.Title+" is being reverted already", false)
		return nil
	}
	if m.pendingToggles.reverted == nil {
		m.pendingToggles.reverted = map[string]time.Time{}
	}
	m.pendingToggles.reverted[id] = now.Add(intentTime)
	return m.Send("reverting "+f.Info.Title, dialog.Request{Command: command.Revert{Fault: id}})
}
