package panel

import (
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// trendRow is a chart of something that is not a latency: a bar per column, perhaps a line over it.
type trendRow struct {
	title  string
	name   string                                         // of the bar's value
	other  string                                         // of the line's value; "" when it has none
	bar    func(*view.Column) float64                     // per second or a level
	line   func(*view.State, *view.Column) float64        // 0: a gap
	limit  func(*view.State) (limit float64, broken bool) // an objective; 0: none
	format func(float64) string
	now    func(*view.State) (bar, line string)
}

// The colours of bars that are one value: without a limit, with one, and for pods, whose pale part is
// what is wanted.
var (
	trendInks = chart.BarInks{Pale: theme.InkTrend, Outer: theme.InkTrend, Inner: theme.InkTrend, OuterBroken: theme.InkTrend, InnerBroken: theme.InkTrend}
	limitInks = chart.BarInks{Pale: theme.InkTrend, Outer: theme.InkTrend, Inner: theme.InkTrend, OuterBroken: theme.InkBroken95, InnerBroken: theme.InkBroken95}
	podInks   = chart.BarInks{Pale: theme.InkP99, Outer: theme.InkTrend, Inner: theme.InkTrend, OuterBroken: theme.InkTrend, InnerBroken: theme.InkTrend}
)

var trends = [...]trendRow{
	{
		title: "REQUEST RATE", name: "answered", other: "intended",
		bar:    func(c *view.Column) float64 { return float64(c.Requests) / c.Seconds },
		line:   func(_ *view.State, c *view.Column) float64 { return c.Rate },
		format: units.AxisRate,
		now: func(s *view.State) (string, string) {
			r := s.SumRecent(1)
			if !s.Now.Load.Settings.Open() {
				return units.Rate(r.PerSecond(r.Requests)) + "/s", ""
			}
			return units.Rate(r.PerSecond(r.Requests)) + "/s", units.Rate(s.LastSecond.Load.Rate) + "/s"
		},
	},
	{
		title: "VIRTUAL USERS", name: "running", other: "intended",
		bar:    func(c *view.Column) float64 { return float64(c.VUs) },
		line:   func(_ *view.State, c *view.Column) float64 { return float64(c.Wanted) },
		format: func(v float64) string { return units.Int(int(v + 0.5)) },
		now: func(s *view.State) (string, string) {
			return units.Int(s.LastSecond.Load.VUs), units.Int(s.LastSecond.Load.WantedVUs)
		},
	},
	{
		title: "FAILED REQUESTS", name: "failed",
		bar: func(c *view.Column) float64 {
			if c.Requests == 0 {
				return 0
			}
			return float64(c.Failed) / float64(c.Requests)
		},
		limit: func(s *view.State) (float64, bool) {
			v, found := view.FindFailed(s.LastSecond.Live)
			if !found || v.Objective.Aggregate != "rate" {
				return 0, false
			}
			return v.Objective.Bound, v.State == slo.Fail
		},
		format: units.Percent,
		now: func(s *view.State) (string, string) {
			share, known := s.SumRecent(metric.RecentWindows).FailedShare()
			if !known {
				return units.None, ""
			}
			return units.Percent(share), ""
		},
	},
}

// Trend draws one of them on the same columns as the latency charts.
type Trend struct {
	base
	row    trendRow
	key    chartKey
	values []float64
}

// NewRequestRate returns the chart of requests per second.
func NewRequestRate() *Trend { return &Trend{row: trends[0]} }

// NewVirtualUsers returns the chart of virtual users.
func NewVirtualUsers() *Trend { return &Trend{row: trends[1]} }

// NewFailedRequests returns the chart of the share of requests that failed.
func NewFailedRequests() *Trend { return &Trend{row: trends[2]} }

// Title is the rule's word.
func (p *Trend) Title() string { return p.row.title }

// Columns is how many columns of the time axis fit.
func (p *Trend) Columns() int { return max(p.g.Width()-chart.Gutter-chart.ProgressColumn, 1) }

// SetSize sets the size of the panel; the next Sync draws anew.
func (p *Trend) SetSize(w, h int) {
	p.base.SetSize(w, h)
	p.key = chartKey{}
}

// Sync draws the chart again when a second has closed or something has happened.
func (p *Trend) Sync(s *view.State) {
	key := newChartKey(s, p.g.Width(), p.g.Height())
	if key != p.key {
		p.key = key
		p.g.Clear()
		p.figures(s)
		p.draw(s)
	}
	chart.DrawAxis(&p.g, chart.Gutter, p.g.Height()-1, s)
}

func (p *Trend) figures(s *view.State) {
	st := s.Styles
	bar, line := p.row.now(s)
	p.g.Set(0, 0, '█', grid.Style{Fg: theme.InkTrend})
	x := 2 + p.g.Text(2, 0, 12, p.row.name, st.Dim)
	x += p.g.Text(x+1, 0, p.g.Width(), padLeft(bar, 9), st.Strong) + 1
	if p.row.other != "" && line != "" {
		p.g.Set(x+2, 0, '⠒', s.Styles.Dim)
		x += 4 + p.g.Text(x+4, 0, 12, p.row.other, st.Dim)
		p.g.Text(x+1, 0, p.g.Width(), line, st.Text)
	}
}

func (p *Trend) draw(s *view.State) {
	pl := chart.Plot{Grid: &p.g, X: chart.Gutter, Y: 1, W: p.g.Width() - chart.Gutter - chart.ProgressColumn, H: p.g.Height() - 2, Mono: s.Styles.Mono}
	if pl.W <= 0 || pl.H <= 0 {
		return
	}
	p.values = p.values[:0]
	var top float64
	for x := range pl.W {
		v := 0.0
		if c := s.History.At(x); c != nil {
			top = max(top, p.row.bar(c))
			if p.row.line != nil {
				v = p.row.line(s, c)
			}
		}
		top = max(top, v)
		p.values = append(p.values, v)
	}
	limit, broken := 0.0, false
	if p.row.limit != nil {
		limit, broken = p.row.limit(s)
		if limit*1.15 > top && (top == 0 || limit <= top*8) {
			top = limit * 1.15
		}
	}
	pl.Top = chart.NiceTop(top * 1.02)
	limitRow := -1
	if limit > 0 {
		if row, inside := pl.Row(limit); inside {
			limitRow = row
		}
	}
	for x := range pl.W {
		if c := s.History.At(x); c != nil {
			v := p.row.bar(c)
			pl.Bar(x, v, v, v, limitRow, limitInks)
		}
	}
	pl.Line(p.values, grid.Style{Fg: theme.InkDim}, true)
	for _, m := range s.Marks.Marks {
		if m.Guide {
			pl.Guide(s.History.Axis.Place(m.At), s.Styles.Faint)
		}
	}
	p.axis(s, pl, limit, limitRow, broken)
}

func (p *Trend) axis(s *view.State, pl chart.Plot, limit float64, limitRow int, broken bool) {
	st := s.Styles
	if pl.Top > 0 {
		for _, part := range append(chart.AxisParts(pl.H), 0) {
			row, _ := pl.Row(pl.Top * part)
			if row != limitRow {
				p.g.TextRight(chart.Gutter-1, row, chart.Gutter-1, p.row.format(pl.Top*part), st.Dim)
			}
		}
	}
	switch {
	case limitRow >= 0:
		style := grid.Style{Fg: theme.InkLine}
		if broken {
			style = st.Bad
		}
		pl.Level(limitRow, '╌', style)
		p.g.Fill(0, limitRow, chart.Gutter, 1, ' ', grid.Style{})
		p.g.TextRight(chart.Gutter-1, limitRow, chart.Gutter-1, units.Share(limit), style)
	case limit > 0:
		p.g.Text(chart.Gutter+1, 1, pl.W-1, "↑ objective at "+units.Share(limit), st.Dim)
	case p.row.limit != nil && s.Began():
		p.g.Text(chart.Gutter+1, 1, pl.W-1, "no objective on failed requests", st.Dim)
	}
}
