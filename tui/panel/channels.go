package panel

import (
	"slices"
	"strconv"
	"time"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Channels is the latency of every series since the start. In the open model it has both times:
// from when a send was due, and from when it was really sent.
type Channels struct {
	base
	flows  []*metric.Flow // nil: all
	title  string
	recent bool // also the flows' last seconds
}

// NewChannels returns the table of all series.
func NewChannels() *Channels { return &Channels{title: "LATENCY BY CHANNEL"} }

// NewChannelsOf returns the table of the series that a latency chart shows.
func NewChannelsOf(row view.LatencyRow) *Channels {
	return &Channels{flows: row.Flows, title: row.Title + " BY CHANNEL", recent: true}
}

// Title is the rule's word.
func (p *Channels) Title() string { return p.title }

// statColumn is one column of the table, dropped from the right when there is no room.
type statColumn struct {
	head  string
	width int
	value func(metric.Stats) string
}

var statColumns = []statColumn{
	{"requests", 10, func(s metric.Stats) string { return units.CountShort(s.Count) }},
	{"failed", 9, func(s metric.Stats) string { return units.CountShort(s.Failed) }},
	{"p50", 9, latencyColumn(50, func(s metric.Stats) time.Duration { return s.P50 })},
	{"p90", 9, latencyColumn(90, func(s metric.Stats) time.Duration { return s.P90 })},
	{"p95", 9, latencyColumn(95, func(s metric.Stats) time.Duration { return s.P95 })},
	{"p99", 9, latencyColumn(99, func(s metric.Stats) time.Duration { return s.P99 })},
	{"max", 9, latencyColumn(0, func(s metric.Stats) time.Duration { return s.Max })},
	{"mean", 9, latencyColumn(0, func(s metric.Stats) time.Duration { return s.Mean })},
}

func latencyColumn(p float64, pick func(metric.Stats) time.Duration) func(metric.Stats) string {
	return func(s metric.Stats) string { return percentile(p, pick(s), s.Count) }
}

// percentile writes one of so many samples; of too few it would be the maximum by another name, and is a dash as in
// the report.
func percentile(p float64, value time.Duration, samples uint64) string {
	if samples < metric.FewestSamples(p) {
		return units.None
	}
	return units.Latency(value)
}

// recently writes a percentile of the last seconds. A slow flow has few samples in them, of which one alone is no
// distribution.
func recently(value time.Duration, samples uint64) string {
	if samples < 2 {
		return units.None
	}
	return units.Latency(value)
}

// Sync draws the table.
func (p *Channels) Sync(s *view.State) {
	p.g.Clear()
	st := s.Styles
	const name = 22
	fits := p.fitting(name)
	p.head(0, name, fits, st)
	y := 1
	for _, f := range p.flows {
		if recent := s.LastSecond.Load.RecentOf(f); p.recent && recent.Count > 0 {
			p.row(y, name, f.String()+", last "+strconv.Itoa(metric.RecentWindows)+" s", recent, fits, st, st.Accent)
			y++
		}
	}
	for _, total := range s.LastSecond.Load.Totals {
		if !p.has(total.Series.Flow) {
			continue
		}
		if y >= p.g.Height() {
			return
		}
		p.row(y, name, total.Series.String(), total.Latency, fits, st, st.Text)
		y++
		if s.Now.Load.Settings.Open() && total.Service != total.Latency && y < p.g.Height() {
			p.row(y, name, "  service time", total.Service, fits, st, st.Dim)
			y++
		}
	}
	if len(s.LastSecond.Load.Totals) == 0 {
		p.g.Text(0, 1, p.g.Width(), "no requests yet", st.Dim)
	}
}

// Lines is how many rows the table would fill.
func (p *Channels) Lines(s *view.State) int {
	n := 1
	for _, f := range p.flows {
		if p.recent && s.LastSecond.Load.RecentOf(f).Count > 0 {
			n++
		}
	}
	for _, total := range s.LastSecond.Load.Totals {
		if p.has(total.Series.Flow) {
			n++
			if s.Now.Load.Settings.Open() && total.Service != total.Latency {
				n++
			}
		}
	}
	return n
}

func (p *Channels) has(f *metric.Flow) bool {
	return p.flows == nil || slices.Contains(p.flows, f)
}

func (p *Channels) fitting(name int) []statColumn {
	columns, used := statColumns, name
	for i, c := range columns {
		if used += c.width; used > p.g.Width() {
			return columns[:i]
		}
	}
	return columns
}

func (p *Channels) head(y, name int, columns []statColumn, st *theme.Styles) {
	p.g.Text(0, y, name, "since the start", st.Dim)
	x := name
	for _, c := range columns {
		x += c.width
		p.g.TextRight(x, y, c.width, c.head, st.Dim)
	}
}

func (p *Channels) row(y, name int, title string, stats metric.Stats, columns []statColumn, st *theme.Styles, style grid.Style) {
	p.g.Text(0, y, name, title, style)
	x := name
	for _, c := range columns {
		x += c.width
		look := style
		if c.head == "p95" && style == st.Text {
			look = st.Strong
		}
		p.g.TextRight(x, y, c.width-1, c.value(stats), look)
	}
}
