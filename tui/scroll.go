package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
)

// scrollMode is a panel over the whole screen whose rows can be scrolled.
type scrollMode struct {
	title, opener, hint string
	panel               panel
	back                *int             // rows scrolled back, the panel's own
	rows                func(*scene) int // that there are
	size                func(*Model) (w, h int)
}

func (m *Model) openLog() tea.Cmd {
	p := &timelinePanel{}
	m.mode = &scrollMode{
		title: "Timeline", opener: "l", hint: "↑ ↓ PgUp PgDn scroll, Esc closes", panel: p, back: &p.back,
		rows: func(s *scene) int { return len(s.story.events) },
		size: func(m *Model) (w, h int) { return m.width - 4, m.height - 2 },
	}
	return nil
}

func (m *Model) openPhases() tea.Cmd {
	p := &phasesPanel{}
	m.mode = &scrollMode{
		title: "Phases", opener: "p", hint: "Each from its own merged histograms. ↑ ↓ scroll, Esc closes", panel: p, back: &p.back,
		rows: func(s *scene) int { return len(s.calm.Phases) },
		size: func(m *Model) (w, h int) { return min(m.width-4, 130), min(len(m.scene.calm.Phases)+6, m.height-2) },
	}
	return nil
}

// key scrolls; Esc closes, and so does the key that opened it.
func (l *scrollMode) key(m *Model, k tea.KeyMsg) tea.Cmd {
	page := max(m.height-8, 1)
	moves := map[string]int{"up": 1, "k": 1, "down": -1, "j": -1, "pgup": page, "pgdown": -page, "home": 1 << 20, "end": -1 << 20}
	switch s := k.String(); s {
	case "esc", "q", l.opener:
		m.mode = nil
	case "x", "X":
		return m.halt()
	default:
		*l.back = min(max(*l.back+moves[s], 0), max(l.rows(&m.scene)-1, 0))
	}
	return nil
}

// draw shows as many rows as fit.
func (l *scrollMode) draw(m *Model, frame *grid.Grid) {
	st := m.scene.styles
	w, h := l.size(m)
	x, y, w, h := middleBox(frame, st, w, h, l.title)
	l.panel.SetSize(w, h-1)
	l.panel.Sync(&m.scene)
	frame.Blit(x, y, l.panel.View())
	frame.Restyle(x, y, w, h-1, func(s grid.Style) grid.Style {
		if s.Bg == 0 {
			s.Bg = st.sheet.Bg
		}
		return s
	})
	frame.Text(x, y+h-1, w, l.hint, st.dim.On(st.sheet.Bg))
}
