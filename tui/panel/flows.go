package panel

import (
	"strings"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Flows shows which flows run, what they do, and why others do not.
type Flows struct {
	base
	Errors bool // the last row sums up the errors: on a small screen they have no panel of their own
}

// Title is the rule's word.
func (p *Flows) Title() string {
	if p.Errors {
		return "FLOWS AND ERRORS"
	}
	return "FLOWS"
}

// Sync draws one row per flow.
func (p *Flows) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	if p.Errors {
		h--
		p.sum(h, s)
	}
	now := s.SumRecent(metric.RecentWindows)
	for y, f := range s.Now.Flows {
		if y >= h {
			break
		}
		if !f.On {
			p.g.Text(0, y, 1, "○", st.Dim)
			p.g.Text(2, y, 11, f.Flow.String(), st.Dim)
			text := "off: " + f.Reason
			if grid.Width(text) > w-13 {
				text = f.Reason
			}
			p.g.Text(13, y, w-13, text, st.Dim)
			continue
		}
		sign, look := flowSign(now.FlowFailed(f.Flow), st)
		p.g.Text(0, y, 1, sign, look)
		p.g.Text(2, y, 11, f.Flow.String(), st.Text)
		p.g.TextRight(w, y, 9, units.FlowRate(now.PerSecond(now.Flows[f.Flow.ID()])), st.Strong)
		if grid.Width(f.Detail) <= w-13-10 {
			p.g.Text(13, y, w-13-10, f.Detail, st.Dim)
		}
	}
	if len(s.Now.Flows) == 0 {
		p.g.Text(0, 0, w, "not known yet", st.Dim)
	}
}

// Shares of a flow's requests, over the last seconds, from which on it is no longer well.
const (
	someFail = 0.01 // the objective of the performance plan
	mostFail = 0.5
)

// flowSign is the sign of a flow that runs, by the share of its requests that fail.
func flowSign(failed float64, st *theme.Styles) (sign string, look grid.Style) {
	switch {
	case failed >= mostFail:
		return "✗", st.Bad
	case failed >= someFail:
		return "!", st.Accent
	}
	return "●", st.Good
}

// sum writes the classes of errors in one row, most first, and what most of the first kind say where there is room.
func (p *Flows) sum(y int, s *view.State) {
	rows := errorRows(s)
	if len(rows) == 0 {
		p.g.Text(0, y, p.g.Width(), "no errors so far", s.Styles.Dim)
		return
	}
	p.g.Text(0, y, 1, "!", s.Styles.Accent)
	p.g.Text(2, y, p.g.Width()-2, errorsInOneLine(rows, p.g.Width()-2), s.Styles.Text)
}

// errorsInOneLine is the most telling of the texts that fit: every kind and the words of the first, the first kind with its words,
// every kind.
func errorsInOneLine(rows []errorRow, width int) string {
	kinds := make([]string, len(rows))
	for i, row := range rows {
		kinds[i] = strings.TrimPrefix(row.name, "status ") + " " + units.CountShort(row.total)
	}
	all := strings.Join(kinds, ", ")
	words := rows[0].said.Most().Text
	if words == "" {
		return all
	}
	if text := strings.Join(append([]string{kinds[0] + " " + words}, kinds[1:]...), ", "); grid.Width(text) <= width {
		return text
	}
	first := kinds[0] + " " + words
	if n := len(kinds) - 1; n > 0 {
		first += ", " + units.Int(n) + " more"
	}
	if grid.Width(first) <= width {
		return first
	}
	return all
}
