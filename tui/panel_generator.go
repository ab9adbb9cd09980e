package tui

// generatorPanel shows how well squall itself does: whether its numbers can be believed.
type generatorPanel struct{ sheet }

// Title is the rule's word.
func (p *generatorPanel) Title() string { return "GENERATOR" }

// Sync draws lag, processor, missed sends and connections.
func (p *generatorPanel) Sync(s *scene) {
	p.g.Clear()
	w, st := p.g.Width(), s.styles
	l := &s.calm.Load
	style, word := st.good, "✓ ok"
	if l.Health.Saturated {
		style, word = st.accent, "! saturated"
	}
	if len(l.Windows) == 0 {
		style, word = st.dim, "? not yet"
	}
	rows := []struct{ name, value string }{
		{"state", word},
		{"lag p95", formatDuration(l.Health.Lag)},
		{"processor", wholePercent(l.Health.CPU, len(l.Windows) > 0)},
		{"in flight", formatInt(l.InFlight)},
		{"connections", formatInt(l.Conns)},
		{"missed", formatCount(l.Missed) + " sends"},
		{"saturated", "for " + formatInt(l.SaturatedWindows) + " s"},
	}
	for y, row := range rows {
		p.g.Text(0, y, 11, row.name, st.dim)
		if y > 0 {
			style = st.text
		}
		p.g.Text(12, y, w-12, row.value, style)
	}
}
