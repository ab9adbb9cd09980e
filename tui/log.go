package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
)

// logMode is the whole timeline.
type logMode struct{ panel timelinePanel }

func (m *Model) openLog() tea.Cmd {
	m.mode = &logMode{}
	return nil
}

// key scrolls; Esc closes.
func (l *logMode) key(m *Model, k tea.KeyMsg) tea.Cmd {
	page := max(m.height-8, 1)
	moves := map[string]int{"up": 1, "k": 1, "down": -1, "j": -1, "pgup": page, "pgdown": -page, "home": 1 << 20, "end": -1 << 20}
	switch s := k.String(); s {
	case "esc", "l", "q":
		m.mode = nil
	case "x", "X":
		return m.halt()
	default:
		most := max(len(m.scene.now.Events)-1, 0)
		l.panel.back = min(max(l.panel.back+moves[s], 0), most)
	}
	return nil
}

// draw shows as much of the timeline as fits.
func (l *logMode) draw(m *Model, frame *grid.Grid) {
	st := m.scene.styles
	x, y, w, h := middleBox(frame, st, m.width-4, m.height-2, "Timeline")
	l.panel.SetSize(w, h-1)
	l.panel.Sync(&m.scene)
	frame.Blit(x, y, l.panel.View())
	frame.Restyle(x, y, w, h-1, func(s grid.Style) grid.Style {
		if s.Bg == 0 {
			s.Bg = st.sheet.Bg
		}
		return s
	})
	frame.Text(x, y+h-1, w, "↑ ↓ PgUp PgDn scroll, Esc closes", st.dim.On(st.sheet.Bg))
}
