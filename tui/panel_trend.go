package tui

import (
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// trendRow is a chart of something that is not a latency: a bar per column, perhaps a line over it.
type trendRow struct {
	title  string
	name   string                                    // of the bar's value
	other  string                                    // of the line's value; "" when it has none
	bar    func(*column) float64                     // per second or a level
	line   func(*scene, *column) float64             // 0: a gap
	limit  func(*scene) (limit float64, broken bool) // an objective; 0: none
	format func(float64) string
	now    func(*scene) (bar, line string)
}

func trendCharts() []trendRow {
	return []trendRow{
		{
			title: "REQUEST RATE", name: "answered", other: "intended",
			bar:    func(c *column) float64 { return float64(c.requests) / c.seconds },
			line:   func(_ *scene, c *column) float64 { return c.rate },
			format: formatAxisRate,
			now: func(s *scene) (string, string) {
				r := s.lately(1)
				if !s.now.Load.Settings.Open() {
					return formatRate(r.perSecond(r.requests)) + "/s", ""
				}
				return formatRate(r.perSecond(r.requests)) + "/s", formatRate(s.calm.Load.Rate) + "/s"
			},
		},
		{
			title: "VIRTUAL USERS", name: "running", other: "intended",
			bar:    func(c *column) float64 { return float64(c.vus) },
			line:   func(_ *scene, c *column) float64 { return float64(c.wanted) },
			format: func(v float64) string { return formatInt(int(v + 0.5)) },
			now: func(s *scene) (string, string) {
				return formatInt(s.calm.Load.VUs), formatInt(s.calm.Load.WantedVUs)
			},
		},
		{
			title: "FAILED REQUESTS", name: "failed",
			bar: func(c *column) float64 {
				if c.requests == 0 {
					return 0
				}
				return float64(c.failed) / float64(c.requests)
			},
			limit: func(s *scene) (float64, bool) {
				v, found := findFailed(s.calm.Live)
				if !found || v.Objective.Aggregate != "rate" {
					return 0, false
				}
				return v.Objective.Bound, v.State == load.Fail
			},
			format: formatPercent,
			now: func(s *scene) (string, string) {
				share, known := s.lately(load.RecentWindows).failedShare()
				if !known {
					return noValue, ""
				}
				return formatPercent(share), ""
			},
		},
	}
}

// trendPanel draws one of them on the same columns as the latency charts.
type trendPanel struct {
	sheet
	row    trendRow
	key    chartKey
	values []float64
}

func newTrendPanel(row trendRow) *trendPanel { return &trendPanel{row: row} }

// Title is the rule's word.
func (p *trendPanel) Title() string { return p.row.title }

func (p *trendPanel) columns() int { return max(p.g.Width()-gutter-beat, 1) }

// SetSize gives the panel its size; the next Sync draws anew.
func (p *trendPanel) SetSize(w, h int) {
	p.sheet.SetSize(w, h)
	p.key = chartKey{}
}

// Sync draws the chart again when a second has closed or something has happened.
func (p *trendPanel) Sync(s *scene) {
	key := newChartKey(s, p.g.Width(), p.g.Height())
	if key != p.key {
		p.key = key
		p.g.Clear()
		p.figures(s)
		p.draw(s)
	}
	drawAxis(&p.g, gutter, p.g.Height()-1, s)
}

func (p *trendPanel) figures(s *scene) {
	st := s.styles
	bar, line := p.row.now(s)
	p.g.Set(0, 0, '█', grid.Style{Fg: inkTrend})
	x := 2 + p.g.Text(2, 0, 12, p.row.name, st.dim)
	x += p.g.Text(x+1, 0, p.g.Width(), padLeft(bar, 9), st.strong) + 1
	if p.row.other != "" && line != "" {
		p.g.Set(x+2, 0, '⠒', s.styles.dim)
		x += 4 + p.g.Text(x+4, 0, 12, p.row.other, st.dim)
		p.g.Text(x+1, 0, p.g.Width(), line, st.text)
	}
}

func (p *trendPanel) draw(s *scene) {
	pl := plot{g: &p.g, x: gutter, y: 1, w: p.g.Width() - gutter - beat, h: p.g.Height() - 2, mono: s.styles.mono}
	if pl.w <= 0 || pl.h <= 0 {
		return
	}
	p.values = p.values[:0]
	var top float64
	for x := range pl.w {
		v := 0.0
		if c := s.history.at(x); c != nil {
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
	pl.top = niceTop(top * 1.02)
	limitRow := -1
	if limit > 0 {
		if row, inside := pl.row(limit); inside {
			limitRow = row
		}
	}
	for x := range pl.w {
		if c := s.history.at(x); c != nil {
			v := p.row.bar(c)
			pl.bar(x, v, v, v, limitRow, barInks{inkTrend, inkTrend, inkTrend, inkBroken95, inkBroken95})
		}
	}
	pl.line(p.values, grid.Style{Fg: inkDim}, true)
	for _, m := range s.story.marks {
		if m.guide {
			pl.guide(s.history.axis.place(m.at), s.styles.faint)
		}
	}
	p.axis(s, pl, limit, limitRow, broken)
}

func (p *trendPanel) axis(s *scene, pl plot, limit float64, limitRow int, broken bool) {
	st := s.styles
	if pl.top > 0 {
		for _, part := range append(axisParts(pl.h), 0) {
			row, _ := pl.row(pl.top * part)
			if row != limitRow {
				p.g.TextRight(gutter-1, row, gutter-1, p.row.format(pl.top*part), st.dim)
			}
		}
	}
	switch {
	case limitRow >= 0:
		style := grid.Style{Fg: inkLine}
		if broken {
			style = st.bad
		}
		pl.level(limitRow, '╌', style)
		p.g.Fill(0, limitRow, gutter, 1, ' ', grid.Style{})
		p.g.TextRight(gutter-1, limitRow, gutter-1, formatShare(limit), style)
	case limit > 0:
		p.g.Text(gutter+1, 1, pl.w-1, "objective "+formatShare(limit)+" is above the picture ↑", st.dim)
	case p.row.limit != nil && s.began():
		p.g.Text(gutter+1, 1, pl.w-1, "no objective on failed requests", st.dim)
	}
}
