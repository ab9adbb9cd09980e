package panel

import (
	"cmp"
	"slices"
	"strconv"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/view"
)

// Errors shows errors by class: in the last seconds, and since the start with what most of them say.
type Errors struct{ base }

// Title is the rule's word.
func (p *Errors) Title() string { return "ERRORS BY CLASS" }

// errorRow is one class (and HTTP status) over all series.
type errorRow struct {
	name  string
	class metric.ErrorClass
	total uint64
	said  metric.Texts
	from  string // series of the first
}

// Sync draws the classes that occurred, most first.
func (p *Errors) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	rows := errorRows(s)
	now := s.SumRecent(metric.RecentWindows)
	if len(rows) == 0 {
		p.g.Text(0, 0, w, "none so far", st.Dim)
		return
	}
	const name, count = 12, 9
	p.g.TextRight(name+count, 0, count, strconv.Itoa(metric.RecentWindows)+" s", st.Dim)
	p.g.TextRight(name+2*count, 0, count, "total", st.Dim)
	seen := [metric.NumErrorClasses]bool{}
	for y, row := range rows {
		if y+1 >= h {
			break
		}
		p.g.Text(0, y+1, name-1, row.name, st.Text)
		if !seen[row.class] { // windows count classes, not statuses
			p.g.TextRight(name+count, y+1, count, units.CountShort(now.Errors[row.class]), st.Strong)
			seen[row.class] = true
		}
		p.g.TextRight(name+2*count, y+1, count, units.CountShort(row.total), st.Text)
		p.g.Text(name+2*count+2, y+1, w-name-2*count-2, cmp.Or(row.said.Most().Text, "first from "+row.from), st.Dim)
	}
}

// errorRows sums the error table over the series.
func errorRows(s *view.State) (rows []errorRow) {
	for _, e := range s.LastSecond.Load.Errors {
		name := e.Class.String()
		if e.Status != 0 {
			name += " " + strconv.Itoa(e.Status)
		}
		i := slices.IndexFunc(rows, func(r errorRow) bool { return r.name == name })
		if i < 0 {
			rows = append(rows, errorRow{name: name, class: e.Class, from: e.Series.String()})
			i = len(rows) - 1
		}
		rows[i].total += e.Count
		rows[i].said.Add(e.Most.Text, e.Most.Count)
	}
	slices.SortStableFunc(rows, func(a, b errorRow) int { return cmp.Compare(b.total, a.total) })
	return rows
}
