package tui

import (
	"slices"
	"strconv"
	"time"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// channelsPanel is the latency of every series since the start. In the open model it has both times:
// from when a send was due, and from when it was really sent.
type channelsPanel struct {
	sheet
	flows  []load.Flow // nil: all
	title  string
	lately bool // also the flows' last seconds
}

// Title is the rule's word.
func (p *channelsPanel) Title() string { return p.title }

// statColumn is one column of the table, dropped from the right when there is no room.
type statColumn struct {
	head  string
	width int
	value func(load.Stats) string
}

func statColumns() []statColumn {
	lat := func(pick func(load.Stats) time.Duration) func(load.Stats) string {
		return func(s load.Stats) string { return formatDuration(pick(s)) }
	}
	return []statColumn{
		{"requests", 10, func(s load.Stats) string { return formatCount(s.Count) }},
		{"failed", 9, func(s load.Stats) string { return formatCount(s.Failed) }},
		{"p50", 9, lat(func(s load.Stats) time.Duration { return s.P50 })},
		{"p90", 9, lat(func(s load.Stats) time.Duration { return s.P90 })},
		{"p95", 9, lat(func(s load.Stats) time.Duration { return s.P95 })},
		{"p99", 9, lat(func(s load.Stats) time.Duration { return s.P99 })},
		{"max", 9, lat(func(s load.Stats) time.Duration { return s.Max })},
		{"mean", 9, lat(func(s load.Stats) time.Duration { return s.Mean })},
	}
}

// Sync draws the table.
func (p *channelsPanel) Sync(s *scene) {
	p.g.Clear()
	st := s.styles
	const name = 22
	fits := p.fitting(name)
	p.head(0, name, fits, st)
	y := 1
	for _, f := range p.flows {
		if recent := s.calm.Load.Recent[f]; p.lately && recent.Count > 0 {
			p.row(y, name, f.String()+", last "+strconv.Itoa(load.RecentWindows)+" s", recent, fits, st, st.accent)
			y++
		}
	}
	for _, total := range s.calm.Load.Totals {
		if !p.has(total.Series.Flow) {
			continue
		}
		if y >= p.g.Height() {
			return
		}
		p.row(y, name, total.Series.String(), total.Latency, fits, st, st.text)
		y++
		if s.now.Load.Settings.Open() && total.Service != total.Latency && y < p.g.Height() {
			p.row(y, name, "  service time", total.Service, fits, st, st.dim)
			y++
		}
	}
	if len(s.calm.Load.Totals) == 0 {
		p.g.Text(0, 1, p.g.Width(), "no requests yet", st.dim)
	}
}

// lines is how many rows the table would fill.
func (p *channelsPanel) lines(s *scene) int {
	n := 1
	for _, f := range p.flows {
		if p.lately && s.calm.Load.Recent[f].Count > 0 {
			n++
		}
	}
	for _, total := range s.calm.Load.Totals {
		if p.has(total.Series.Flow) {
			n++
			if s.now.Load.Settings.Open() && total.Service != total.Latency {
				n++
			}
		}
	}
	return n
}

func (p *channelsPanel) has(f load.Flow) bool {
	return p.flows == nil || slices.Contains(p.flows, f)
}

func (p *channelsPanel) fitting(name int) []statColumn {
	columns, used := statColumns(), name
	for i, c := range columns {
		if used += c.width; used > p.g.Width() {
			return columns[:i]
		}
	}
	return columns
}

func (p *channelsPanel) head(y, name int, columns []statColumn, st *styles) {
	p.g.Text(0, y, name, "since the start", st.dim)
	x := name
	for _, c := range columns {
		x += c.width
		p.g.TextRight(x, y, c.width, c.head, st.dim)
	}
}

func (p *channelsPanel) row(y, name int, title string, stats load.Stats, columns []statColumn, st *styles, style grid.Style) {
	p.g.Text(0, y, name, title, style)
	x := name
	for _, c := range columns {
		x += c.width
		look := style
		if c.head == "p95" && style == st.text {
			look = st.strong
		}
		p.g.TextRight(x, y, c.width-1, c.value(stats), look)
	}
}
