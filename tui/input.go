package tui

import tea "github.com/charmbracelet/bubbletea"

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

// writer is a mode in which text can be typed.
type writer interface{ paste(k tea.KeyMsg) }

// paste gives pasted text to an open prompt; anywhere else it is nothing.
func (m *Model) paste(k tea.KeyMsg) tea.Cmd {
	if open, ok := m.mode.(writer); ok {
		open.paste(k)
	}
	return nil
}

// key gives a key to what is open, else to the keymap.
func (m *Model) key(k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyCtrlC:
		return m.interrupt()
	case tea.KeyCtrlX: // where x is a letter
		return m.halt()
	}
	if m.mode != nil {
		return m.mode.key(m, k)
	}
	for i := range m.keys {
		if m.keys[i].matches(k) {
			return m.keys[i].do(m)
		}
	}
	return nil
}
