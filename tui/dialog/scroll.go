package dialog

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/view"
)

// Scroll is a panel over the whole screen whose rows can be scrolled.
type Scroll struct {
	title, opener, hint string
	panel               panel.Panel
	back                *int                  // rows scrolled back, the panel's own
	rows                func(*view.State) int // that there are
	size                func(*view.State) (w, h int)
}

// NewTimeline shows everything that happened.
func NewTimeline() *Scroll {
	p := &panel.Timeline{Whole: true}
	return &Scroll{
		title: "Timeline", opener: "l", hint: "↑ ↓ PgUp PgDn scroll, Esc closes", panel: p, back: &p.Back,
		rows: func(s *view.State) int { return len(s.Marks.Events) },
		size: func(s *view.State) (w, h int) { return s.Width - 4, s.Height - 2 },
	}
}

// NewPhases shows the figures of each phase.
func NewPhases() *Scroll {
	p := &panel.Phases{Whole: true}
	return &Scroll{
		title: "Phases", opener: "p", hint: "Each from its own merged histograms. ↑ ↓ scroll, Esc closes", panel: p, back: &p.Back,
		rows: func(s *view.State) int { return len(s.LastSecond.Phases) },
		size: func(s *view.State) (w, h int) {
			rows := len(s.LastSecond.Phases)
			if s.Width < 100 { // long names take several lines
				rows *= 2
			}
			return min(s.Width-4, 130), min(rows+6, s.Height-2)
		},
	}
}

// Update scrolls; Esc closes, and so does the key that opened it. The panel follows the session.
func (d *Scroll) Update(msg tea.Msg, c Console) (Dialog, tea.Cmd) {
	s := c.State()
	if k, isKey := msg.(tea.KeyMsg); isKey && !k.Paste {
		page := max(s.Height-8, 1)
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
func (d *Scroll) Keys(*view.State) []Hint {
	return []Hint{{"↑ ↓ PgUp PgDn", "scroll"}, {"x", "HALT"}, {"Esc", "close"}}
}

// Typing is never on.
func (d *Scroll) Typing() bool { return false }

// box is the rectangle inside of the frame.
func (d *Scroll) box(s *view.State) (x, y, w, h int) {
	w, h = d.size(s)
	return middleRectangle(s.Width, s.Height, w, h)
}

// View shows as many rows as fit.
func (d *Scroll) View(frame *grid.Grid, s *view.State) {
	st := s.Styles
	w, h := d.size(s)
	x, y, w, h := middleBox(frame, st, w, h, d.title)
	frame.Blit(x, y, d.panel.View())
	frame.Restyle(x, y, w, h-1, func(s grid.Style) grid.Style {
		if s.Bg == 0 {
			s.Bg = st.Sheet.Bg
		}
		return s
	})
	frame.Text(x, y+h-1, w, d.hint, st.Dim.On(st.Sheet.Bg))
}
