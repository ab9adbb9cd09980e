package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
)

// scrollDialog is a panel over the whole screen whose rows can be scrolled.
type scrollDialog struct {
	title, opener, hint string
	panel               panel
	back                *int             // rows scrolled back, the panel's own
	rows                func(*scene) int // that there are
	size                func(*scene) (w, h int)
}

func newTimelineDialog() *scrollDialog {
	p := &timelinePanel{}
	return &scrollDialog{
		title: "Timeline", opener: "l", hint: "↑ ↓ PgUp PgDn scroll, Esc closes", panel: p, back: &p.back,
		rows: func(s *scene) int { return len(s.story.events) },
		size: func(s *scene) (w, h int) { return s.width - 4, s.height - 2 },
	}
}

func newPhasesDialog() *scrollDialog {
	p := &phasesPanel{}
	return &scrollDialog{
		title: "Phases", opener: "p", hint: "Each from its own merged histograms. ↑ ↓ scroll, Esc closes", panel: p, back: &p.back,
		rows: func(s *scene) int { return len(s.calm.Phases) },
		size: func(s *scene) (w, h int) { return min(s.width-4, 130), min(len(s.calm.Phases)+6, s.height-2) },
	}
}

// Update scrolls; Esc closes, and so does the key that opened it. The panel follows the session.
func (d *scrollDialog) Update(msg tea.Msg, c commander) (dialog, tea.Cmd) {
	s := c.State()
	if k, isKey := msg.(tea.KeyMsg); isKey && !k.Paste {
		page := max(s.height-8, 1)
		moves := map[string]int{"up": 1, "k": 1, "down": -1, "j": -1, "pgup": page, "pgdown": -page, "home": 1 << 20, "end": -1 << 20}
		switch name := k.String(); name {
		case "esc", "q", d.opener:
			return nil, nil
		default:
			*d.back = min(max(*d.back+moves[name], 0), max(d.rows(s)-1, 0))
		}
	}
	_, _, w, h := d.box(s)
	d.panel.SetSize(w, h-1)
	d.panel.Sync(s)
	return d, nil
}

// Keys scroll and close.
func (d *scrollDialog) Keys(*scene) []hint {
	return []hint{{"↑ ↓ PgUp PgDn", "scroll"}, {"x", "HALT"}, {"Esc", "close"}}
}

// Typing is never on.
func (d *scrollDialog) Typing() bool { return false }

// box is the rectangle inside of the frame.
func (d *scrollDialog) box(s *scene) (x, y, w, h int) {
	w, h = d.size(s)
	return middleRectangle(s.width, s.height, w, h)
}

// View shows as many rows as fit.
func (d *scrollDialog) View(frame *grid.Grid, s *scene) {
	st := s.styles
	w, h := d.size(s)
	x, y, w, h := middleBox(frame, st, w, h, d.title)
	frame.Blit(x, y, d.panel.View())
	frame.Restyle(x, y, w, h-1, func(s grid.Style) grid.Style {
		if s.Bg == 0 {
			s.Bg = st.sheet.Bg
		}
		return s
	})
	frame.Text(x, y+h-1, w, d.hint, st.dim.On(st.sheet.Bg))
}
