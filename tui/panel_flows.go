package tui

import (
	"strings"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// flowsPanel shows which flows run, what they do, and why others do not.
type flowsPanel struct {
	sheet
	errors bool // the last row sums up the errors: on a small screen they have no panel of their own
}

// Title is the rule's word.
func (p *flowsPanel) Title() string {
	if p.errors {
		return "FLOWS AND ERRORS"
	}
	return "FLOWS"
}

// Sync draws one row per flow.
func (p *flowsPanel) Sync(s *scene) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.styles
	if p.errors {
		h--
		p.sum(h, s)
	}
	now := s.lately(load.RecentWindows)
	for y, f := range s.now.Flows {
		if y >= h {
			break
		}
		if !f.On {
			p.g.Text(0, y, 1, "○", st.dim)
			p.g.Text(2, y, 11, f.Flow.String(), st.dim)
			text := "off: " + f.Reason
			if grid.Width(text) > w-13 {
				text = f.Reason
			}
			p.g.Text(13, y, w-13, text, st.dim)
			continue
		}
		p.g.Text(0, y, 1, "●", st.good)
		p.g.Text(2, y, 11, f.Flow.String(), st.text)
		p.g.TextRight(w, y, 9, formatFlowRate(now.perSecond(now.flows[f.Flow])), st.strong)
		if grid.Width(f.Detail) <= w-13-10 {
			p.g.Text(13, y, w-13-10, f.Detail, st.dim)
		}
	}
	if len(s.now.Flows) == 0 {
		p.g.Text(0, 0, w, "not known yet", st.dim)
	}
}

// sum writes the classes of errors in one row, most first.
func (p *flowsPanel) sum(y int, s *scene) {
	rows := errorRows(s)
	if len(rows) == 0 {
		p.g.Text(0, y, p.g.Width(), "no errors so far", s.styles.dim)
		return
	}
	var text strings.Builder
	for i, row := range rows {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(strings.TrimPrefix(row.name, "status ") + " " + formatCount(row.total))
	}
	p.g.Text(0, y, 1, "!", s.styles.accent)
	p.g.Text(2, y, p.g.Width()-2, text.String(), s.styles.text)
}
