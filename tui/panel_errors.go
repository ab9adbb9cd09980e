package tui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// errorsPanel shows errors by class: in the last seconds, and since the start with an example.
type errorsPanel struct{ sheet }

// Title is the rule's word.
func (p *errorsPanel) Title() string { return "ERRORS BY CLASS" }

// errorRow is one class (and HTTP status) over all series.
type errorRow struct {
	name   string
	class  load.ErrorClass
	total  uint64
	sample string
}

// Sync draws the classes that occurred, most first.
func (p *errorsPanel) Sync(s *scene) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.styles
	rows := errorRows(s)
	now := lately(&s.calm, load.RecentWindows)
	if len(rows) == 0 {
		p.g.Text(0, 0, w, "none so far", st.dim)
		return
	}
	const name, count = 12, 9
	p.g.TextRight(name+count, 0, count, strconv.Itoa(load.RecentWindows)+" s", st.dim)
	p.g.TextRight(name+2*count, 0, count, "total", st.dim)
	seen := [load.NumErrorClasses]bool{}
	for y, row := range rows {
		if y+1 >= h {
			break
		}
		p.g.Text(0, y+1, name-1, row.name, st.text)
		if !seen[row.class] { // windows count classes, not statuses
			p.g.TextRight(name+count, y+1, count, formatCount(now.errors[row.class]), st.strong)
			seen[row.class] = true
		}
		p.g.TextRight(name+2*count, y+1, count, formatCount(row.total), st.text)
		p.g.Text(name+2*count+2, y+1, w-name-2*count-2, row.sample, st.dim)
	}
}

// errorRows sums the error table over the series.
func errorRows(s *scene) (rows []errorRow) {
	for _, e := range s.calm.Load.Errors {
		name := s.tables.classes[e.Class]
		if e.Status != 0 {
			name += " " + strconv.Itoa(e.Status)
		}
		i := slices.IndexFunc(rows, func(r errorRow) bool { return r.name == name })
		if i < 0 {
			rows = append(rows, errorRow{name: name, class: e.Class})
			i = len(rows) - 1
		}
		rows[i].total += e.Count
		if rows[i].sample == "" {
			rows[i].sample = e.Sample
			if rows[i].sample == "" {
				rows[i].sample = "first from " + e.Series.String()
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b errorRow) int { return cmp.Compare(b.total, a.total) })
	return rows
}

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
	now := lately(&s.calm, load.RecentWindows)
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
