package panel

import (
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/view"
)

// Generator shows how well squall itself does: whether its numbers can be believed.
type Generator struct{ base }

// Title is the rule's word.
func (p *Generator) Title() string { return "GENERATOR" }

// Sync draws lag, processor, missed sends and connections.
func (p *Generator) Sync(s *view.State) {
	p.g.Clear()
	w, st := p.g.Width(), s.Styles
	l := &s.LastSecond.Load
	style, word := st.Good, "✓ ok"
	switch {
	case s.AwayLately() > 0:
		style, word = st.Accent, "! away"
	case l.Health.Saturated:
		style, word = st.Accent, "! saturated"
	}
	if len(l.Windows) == 0 {
		style, word = st.Dim, "? not yet"
	}
	rows := []struct{ name, value string }{
		{"state", word},
		{"lag p95", units.Latency(l.Health.Lag)},
		{"processor", WholePercent(l.Health.CPU, len(l.Windows) > 0)},
		{"in flight", units.Int(l.InFlight)},
		{"connections", units.Int(l.Conns)},
		{"missed", units.CountShort(l.Missed) + " sends"},
		{"saturated", "for " + units.Int(l.SaturatedWindows) + " s"},
		{"away", "for " + units.Duration(l.Away)},
	}
	for y, row := range rows {
		p.g.Text(0, y, 11, row.name, st.Dim)
		if y > 0 {
			style = st.Text
		}
		p.g.Text(12, y, w-12, row.value, style)
	}
}
