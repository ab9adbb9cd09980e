package panel

import (
	"cmp"
	"strconv"

	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Sources says which sources of the platform's own numbers give nothing, since when, why, and what would help.
type Sources struct{ base }

// Title is the rule's word.
func (p *Sources) Title() string { return "SOURCES" }

// Sync draws what is missing.
func (p *Sources) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	var open []timeline.Gap
	for _, g := range s.Now.Timeline.Gaps {
		if g.To == timeline.Open {
			open = append(open, g)
		}
	}
	y := 0
	for i, g := range open {
		rest, room := len(open)-i, h
		if rest > 1 {
			room = h - 1 // the last row says how many more there are
		}
		if y >= room {
			p.g.Text(0, h-1, w, "and "+strconv.Itoa(rest)+" more", st.Dim)
			return
		}
		about := cmp.Or(g.Title, g.Panel, g.Source) + " since " + clockAt(s, g.From) + ": " + g.Reason
		p.g.Text(0, y, 1, "!", st.Accent)
		for _, part := range []struct {
			text  string
			style grid.Style
		}{{about, st.Text}, {g.Remedy, st.Dim}} {
			for _, line := range grid.Wrap(part.text, w-2) {
				if part.text != "" && y < room {
					p.g.Text(2, y, w-2, line, part.style)
					y++
				}
			}
		}
	}
	unread := 0
	for i := range s.Now.Panels {
		if len(s.Now.Panels[i].Points) == 0 {
			unread++
		}
	}
	switch {
	case y > 0:
	case len(s.Now.Panels) == 0 && !s.Now.Alerts:
		p.g.Text(0, 0, w, "none is read", st.Dim)
	case unread > 0:
		p.g.Text(0, 0, w, "waiting for the first reading of "+units.Counted(uint64(unread), "panel", "panels"), st.Dim)
	default:
		p.g.Text(0, 0, 1, "✓", st.Good)
		p.g.Text(2, 0, w-2, "all give numbers", st.Text)
	}
}
