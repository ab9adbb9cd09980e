package tui

import (
	"time"

	"xinbot.ir/squall/tui/grid"
)

// footerMessage is the echo of a key or an error, shown once.
type footerMessage struct {
	text  string
	bad   bool
	until time.Time
}

// messageTime is how long a message stays.
func messageTime(bad bool) time.Duration {
	if bad {
		return 8 * time.Second
	}
	return 3 * time.Second
}

// footerPanel is the help line, or what was just done, and the generator's health.
type footerPanel struct {
	sheet
	keys []keyRow
}

func newFooterPanel(keys []keyRow) *footerPanel { return &footerPanel{keys: keys} }

// Title is empty.
func (p *footerPanel) Title() string { return "" }

// Sync draws the line.
func (p *footerPanel) Sync(s *scene) {
	p.g.Clear()
	st := s.styles
	room := p.generator(s) - 2
	if m := s.message; m.text != "" && s.clock.Before(m.until) {
		style, sign := st.accent, "→ "
		if m.bad {
			style, sign = st.bad, "! "
		}
		p.g.Text(0, 0, room, sign+m.text, style)
		return
	}
	x := 0
	for _, k := range p.fitting(room) {
		style := st.strong
		if k.short == "HALT" {
			style = st.bad
		}
		x += p.g.Text(x, 0, room-x, k.binding.Help().Key, style) + 1
		x += p.g.Text(x, 0, room-x, k.short, st.dim) + 2
	}
}

// fitting picks the keys that fit the line, the important ones first, in the order of the keymap.
func (p *footerPanel) fitting(room int) (fit []keyRow) {
	most := -1
	for rank, used := 0, 0; rank <= 5; rank++ {
		for _, k := range p.keys {
			if k.short != "" && k.rank == rank {
				used += grid.Width(k.binding.Help().Key) + 1 + grid.Width(k.short) + 2
			}
		}
		if used-2 > room {
			break
		}
		most = rank
	}
	for _, k := range p.keys {
		if k.short != "" && k.rank <= most {
			fit = append(fit, k)
		}
	}
	return fit
}

// generator writes at the right whether the numbers can be believed, and returns where it begins.
func (p *footerPanel) generator(s *scene) int {
	w, st := p.g.Width(), s.styles
	health := s.calm.Load.Health
	text, style := "generator ✓ ok", st.dim
	switch {
	case len(s.calm.Load.Windows) == 0:
		text = "generator ?"
	case health.Saturated:
		text, style = "generator ! saturated", st.accent
	case w < 110:
		text = "gen ✓"
	}
	n := p.g.TextRight(w, 0, w/2, text, style)
	return w - n
}
