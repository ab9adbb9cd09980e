package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/dialog"
)

// input takes what the terminal delivered at once. A busy machine or a slow line brings several
// characters in one message: each is a key of its own, in order. Pasted text is never commands.
func (m *Model) input(k tea.KeyMsg) tea.Cmd {
	if k.Paste {
		return m.paste(k)
	}
	if k.Type != tea.KeyRunes || len(k.Runes) < 2 {
		return m.key(k)
	}
	cmds := make([]tea.Cmd, 0, len(k.Runes))
	for _, r := range k.Runes {
		one := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt}
		if r == ' ' {
			one.Type = tea.KeySpace
		}
		cmds = append(cmds, m.key(one))
	}
	return tea.Batch(cmds...)
}

// paste sends pasted text to what is open; on the screen it is nothing.
func (m *Model) paste(k tea.KeyMsg) tea.Cmd { return m.tell(k) }

// key sends a key to what is open, else to the keymap. HALT is here, before anything else sees the key:
// Ctrl+X always, x where it is no letter.
func (m *Model) key(k tea.KeyMsg) tea.Cmd {
	name := k.String()
	switch {
	case k.Type == tea.KeyCtrlC:
		return m.interrupt()
	case k.Type == tea.KeyCtrlX, (name == "x" || name == "X") && (m.dialog == nil || !m.dialog.Typing()):
		return m.halt()
	case !m.fits && m.state.Width > 0: // what is typed ahead of the first frame is for what it will show
		return m.unseenKey(k)
	case m.dialog != nil:
		return m.tell(k)
	}
	for i := range m.keys {
		if m.keys[i].matches(k) {
			return m.keys[i].do(m)
		}
	}
	return nil
}

// unseenKey is a key in a terminal that is too small to show what it would do: it can end the run, which is asked for in
// one line, and close what is open. Nobody injects a fault without having seen what it hits.
func (m *Model) unseenKey(k tea.KeyMsg) tea.Cmd {
	_, asking := m.dialog.(*dialog.Quit)
	switch name := k.String(); {
	case asking, name == "esc":
		return m.tell(k)
	case name == "q":
		return m.askQuit()
	}
	return nil
}

// tell sends a message to what is open, which may close or open something else.
func (m *Model) tell(msg tea.Msg) tea.Cmd {
	if m.dialog == nil {
		return nil
	}
	next, cmd := m.dialog.Update(msg, m)
	if cmd != nil {
		cmd = guard(cmd) // what a dialog does off the screen's goroutine is guarded here
	}
	if next == m.dialog {
		return cmd
	}
	return m.open(next, cmd)
}

// open shows a dialog, nil for none, in place of what is open.
func (m *Model) open(next dialog.Dialog, cmd tea.Cmd) tea.Cmd {
	if next == m.dialog {
		return cmd
	}
	m.close()
	m.dialog = next
	return tea.Batch(cmd, m.tell(dialog.ShownMsg{}))
}

// close closes what is open.
func (m *Model) close() {
	if open, ok := m.dialog.(dialog.Closer); ok {
		open.Close()
	}
	m.dialog = nil
}

// droppedKeysMsg says how many keys came faster than a hand types.
type droppedKeysMsg int
