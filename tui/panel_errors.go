package tui

import (
	"cmp"
	"slices"
	"strconv"

	"xinbot.ir/squall/load"
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
	now := s.lately(load.RecentWindows)
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
