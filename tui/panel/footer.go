package panel

import (
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Key is a key of the help line: the lower its rank, the sooner it gets room.
type Key struct {
	Label, Short string
	Rank         int
}

// Footer is the help line, or what was just done, and the generator's health.
type Footer struct {
	base
	keys []Key
}

// NewFooter returns a footer with the keys of the help line, in their order.
func NewFooter(keys []Key) *Footer { return &Footer{keys: keys} }

// Title is empty.
func (p *Footer) Title() string { return "" }

// Sync draws the line.
func (p *Footer) Sync(s *view.State) {
	p.g.Clear()
	st := s.Styles
	room := p.generator(s) - 2
	if m := s.Message; m.Text != "" && s.Clock.Before(m.Until) {
		style, sign := st.Accent, "→ "
		if m.Bad {
			style, sign = st.Bad, "! "
		}
		p.g.Text(0, 0, room, sign+m.Text, style)
		return
	}
	if s.Typing { // the letters are text
		x := p.g.Text(0, 0, room, "Ctrl+X", st.Strong) + 1
		x += p.g.Text(x, 0, room-x, "HALT", st.Bad) + 2
		x += p.g.Text(x, 0, room-x, "Esc", st.Strong) + 1
		p.g.Text(x, 0, room-x, "close", st.Dim)
		return
	}
	x := 0
	for _, k := range p.fitting(room) {
		style := st.Strong
		if k.Short == "HALT" {
			style = st.Bad
		}
		x += p.g.Text(x, 0, room-x, k.Label, style) + 1
		x += p.g.Text(x, 0, room-x, k.Short, st.Dim) + 2
	}
}

// fitting picks the keys that fit the line, the important ones first, in the order of the keymap.
func (p *Footer) fitting(room int) (fit []Key) {
	most := -1
	for rank, used := 0, 0; rank <= 5; rank++ {
		for _, k := range p.keys {
			if k.Rank == rank {
				used += grid.Width(k.Label) + 1 + grid.Width(k.Short) + 2
			}
		}
		if used-2 > room {
			break
		}
		most = rank
	}
	for _, k := range p.keys {
		if k.Rank <= most {
			fit = append(fit, k)
		}
	}
	return fit
}

// generator writes at the right whether the numbers can be believed, and returns where it begins.
func (p *Footer) generator(s *view.State) int {
	w, st := p.g.Width(), s.Styles
	health := s.LastSecond.Load.Health
	text, style := "generator ✓ ok", st.Dim
	switch {
	case len(s.LastSecond.Load.Windows) == 0:
		text = "generator ?"
	case s.AwayLately() > 0:
		text, style = "generator ! away", st.Accent
	case health.Saturated:
		text, style = "generator ! saturated", st.Accent
	case w < 110:
		text = "gen ✓"
	}
	n := p.g.TextRight(w, 0, w/2, text, style)
	return w - n
}
