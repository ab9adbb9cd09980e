package panel

import (
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Stack is the three latency charts one above the other with their figures at the left: what
// fits a small terminal.
type Stack struct {
	base
	pics  []chart.LatencyChart
	key   chartKey
	extra int // rows of spans beyond the first
}

// stackText is the width of the figures at the left.
const stackText = 29

// NewStack returns the charts of the rows, one above the other.
func NewStack(rows []view.LatencyRow) *Stack {
	p := &Stack{}
	for _, row := range rows {
		p.pics = append(p.pics, chart.LatencyChart{Row: row})
	}
	return p
}

// Title is empty: each chart has its own.
func (p *Stack) Title() string { return "" }

// Columns is how many columns of the time axis fit.
func (p *Stack) Columns() int { return max(p.g.Width()-stackText-chart.Gutter-chart.ProgressColumn, 1) }

// SetSize sets the size of the panel; the next Sync draws anew.
func (p *Stack) SetSize(w, h int) {
	p.base.SetSize(w, h)
	p.key = chartKey{}
}

// Sync draws the charts again when a second has closed or something has happened.
func (p *Stack) Sync(s *view.State) {
	h := p.g.Height()
	key := newChartKey(s, p.g.Width(), h)
	x := stackText + chart.Gutter
	if key != p.key {
		p.key = key
		p.g.Clear()
		most := 1 // spans and times share a row
		if h >= 11 {
			most = 2
		}
		placed, lanes := s.Marks.Lanes(s.History.Axis, most)
		p.extra = max(lanes-1, 0)
		rows := h - 2 - p.extra
		each, extra := rows/len(p.pics), rows%len(p.pics)
		y := 0
		for i := range p.pics {
			rows := each
			if i < extra {
				rows++
			}
			p.figures(&p.pics[i], y, rows, s)
			p.pics[i].Draw(&p.g, stackText, y, p.g.Width()-stackText, rows, s)
			y += rows
		}
		chart.DrawSpans(&p.g, x, h-1-p.extra, s, placed)
		chart.DrawTimes(&p.g, x, h-1, s)
		p.g.Text(0, h-2-p.extra, stackText, s.TimeRange.Name+", "+units.Duration(s.History.Axis.Length)+" columns", s.Styles.Dim)
	}
	chart.DrawAxis(&p.g, x, h-2-p.extra, s)
}

// figures writes one chart's name, verdict and percentiles in up to three rows.
func (p *Stack) figures(pic *chart.LatencyChart, y, rows int, s *view.State) {
	st := s.Styles
	now := pic.Row.Recent(&s.LastSecond.Load)
	n := p.g.Text(0, y, stackText, pic.Row.Title, st.Title)
	drawVerdict(&p.g, n+1, y, stackText-n-2, st, pic.Row, s)
	look := st.Strong
	if pic.Row.Outage(s).Found {
		look = st.Dim
	}
	if rows > 1 {
		x := drawLegend(&p.g, 0, y+1, st, theme.InkP95, "p95", recently(now.P95, now.Count), look)
		rate := units.FlowRate(s.SumRecent(metric.RecentWindows).FlowRate(pic.Row.Flows))
		p.g.TextRight(stackText-1, y+1, stackText-x-2, rate, st.Dim)
	}
	if rows > 2 {
		x := drawLegend(&p.g, 0, y+2, st, theme.InkP50, "p50", recently(now.P50, now.Count), st.Text)
		drawLegend(&p.g, x+2, y+2, st, theme.InkP99, "p99", recently(now.P99, now.Count), st.Text)
	}
}
