package panel

import (
	"strings"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// nothingRead says what is missing when the platform's own metrics are not read, and what to do.
const nothingRead = "Nothing of the platform's own metrics is read: start squall with --prometheus URL, or with --scrape NAME=URL."

// Platform charts one of the panels of the platform's own metrics on the time axis of the other charts.
type Platform struct {
	base
	place int    // of the panel
	title string // of the panel that is shown
	key   platformKey
	extra int // rows of spans beyond the first
}

// platformKey reports whether the chart would look the same again.
type platformKey struct {
	chartKey
	newest float64 // time of the newest reading
}

// NewPlatform returns the chart of the panel at a place.
func NewPlatform(place int) *Platform { return &Platform{place: place} }

// Title is the panel's, once there is one.
func (p *Platform) Title() string { return p.title }

// Columns is how many columns of the time axis fit.
func (p *Platform) Columns() int { return max(p.g.Width()-chart.Gutter-chart.ProgressColumn, 1) }

// SetSize sets the size of the panel; the next Sync draws anew.
func (p *Platform) SetSize(w, h int) {
	p.base.SetSize(w, h)
	p.key = platformKey{}
}

// Sync draws the chart again when a second has closed, something has happened or the panel was read.
func (p *Platform) Sync(s *view.State) {
	if p.place >= len(s.Now.Panels) {
		p.absent(s)
		return
	}
	state := &s.Now.Panels[p.place]
	key := platformKey{chartKey: newChartKey(s, p.g.Width(), p.g.Height())}
	if n := len(state.Points); n > 0 {
		key.newest = state.Points[n-1].At
	}
	h := p.g.Height()
	timesRow := 0
	if h >= platformTimesFrom {
		timesRow = 1
	}
	if key != p.key {
		p.key = key
		p.g.Clear()
		p.title = strings.ToUpper(state.Title)
		placed, lanes := s.Marks.Lanes(s.History.Axis, min(2, 1+max(0, h-platformTimesFrom)))
		p.extra = max(lanes-1, 0)
		p.draw(state, s, h-3-timesRow-p.extra)
		chart.DrawSpans(&p.g, chart.Gutter, h-1-timesRow-p.extra, s, placed)
		chart.DrawTimes(&p.g, chart.Gutter, h-1, s)
	}
	chart.DrawAxis(&p.g, chart.Gutter, h-2-timesRow-p.extra, s)
}

// platformTimesFrom is the height from which times have a row of their own under the spans.
const platformTimesFrom = 7

// absent says in the first place why there is nothing.
func (p *Platform) absent(s *view.State) {
	p.g.Clear()
	p.key, p.title = platformKey{}, ""
	if p.place > 0 || s.Now.Started.IsZero() {
		return
	}
	p.title = "PLATFORM"
	for y, line := range grid.Wrap(nothingRead, p.g.Width()) {
		p.g.Text(0, y, p.g.Width(), line, s.Styles.Dim)
	}
}

// panelValue writes a value of the panel in its unit.
func panelValue(p *session.PanelState, v float64) string {
	switch p.Unit {
	case evidence.Seconds:
		if v <= 0 {
			return "0 ms"
		}
		return units.Latency(time.Duration(v * float64(time.Second)))
	case evidence.PerSecond:
		return units.Rate(v) + "/s"
	case evidence.Count:
	}
	return units.Number(v)
}

// axisValue writes a value of the panel for its scale.
func axisValue(p *session.PanelState, v float64) string {
	switch {
	case p.Unit == evidence.Seconds && v > 0:
		return units.LatencyBound(time.Duration(v * float64(time.Second)))
	case p.Unit == evidence.PerSecond:
		return units.AxisRate(v)
	}
	return units.Number(v)
}

// draw fills the row of the value and the rows of the picture.
func (p *Platform) draw(state *session.PanelState, s *view.State, rows int) {
	st, w := s.Styles, p.g.Width()
	read := s.History.Readings(state, s.Now.Timeline.Gaps)
	gap, broken := view.OpenGap(state.Name, s.Now.Timeline.Gaps)
	switch n := len(state.Points); {
	case broken:
		p.g.Text(0, 0, w, "– no value since "+clockAt(s, gap.From)+": "+gap.Reason, st.Accent)
	case n == 0:
		p.g.Text(0, 0, w, "waiting for the first reading", st.Dim)
	default:
		p.g.Set(0, 0, '█', grid.Style{Fg: theme.InkTrend})
		x := 2 + p.g.Text(2, 0, w-2, padLeft(panelValue(state, state.Points[n-1].Value), 9), st.Strong)
		p.g.TextRight(w, 0, w-x-2, lineTexts(state), st.Dim)
	}
	pl := chart.Plot{Grid: &p.g, X: chart.Gutter, Y: 1, W: w - chart.Gutter - chart.ProgressColumn, H: rows, Mono: st.Mono}
	if pl.W <= 0 || rows <= 0 {
		return
	}
	var top float64
	for x, v := range read.Values {
		if read.Known[x] {
			top = max(top, v)
		}
	}
	highest := top
	for _, l := range state.Lines {
		if limit := l.Value * 1.15; limit > top && (highest == 0 || limit <= highest*8) {
			top = limit
		}
	}
	pl.Top = chart.NiceTop(top * 1.02)
	p.bars(pl, read)
	for _, m := range s.Marks.Marks {
		if m.Guide {
			pl.Guide(s.History.Axis.Place(m.At), st.Faint)
		}
	}
	p.axis(pl, state, st)
}

// bars draws the readings. A value of zero is a line at the foot, so that it is no gap.
func (p *Platform) bars(pl chart.Plot, read view.Readings) {
	for x := range min(pl.W, len(read.Values)) {
		switch v := read.Values[x]; {
		case !read.Known[x]:
		case v <= 0:
			p.g.Set(pl.X+x, pl.Y+pl.H-1, '▁', grid.Style{Fg: theme.InkTrend})
		default:
			pl.Bar(x, v, v, v, -1, trendInks)
		}
	}
}

// axis labels the scale, and the lines that matter on the panel.
func (p *Platform) axis(pl chart.Plot, state *session.PanelState, st *theme.Styles) {
	if pl.Top <= 0 {
		return
	}
	taken := map[int]bool{}
	for _, l := range state.Lines {
		row, inside := pl.Row(l.Value)
		if !inside || taken[row] {
			continue
		}
		taken[row] = true
		pl.Level(row, '╌', grid.Style{Fg: theme.InkLine})
		p.g.TextRight(chart.Gutter-1, row, chart.Gutter-1, axisValue(state, l.Value), grid.Style{Fg: theme.InkLine})
	}
	for _, part := range append(chart.AxisParts(pl.H), 0) {
		if row, _ := pl.Row(pl.Top * part); !taken[row] {
			taken[row] = true
			p.g.TextRight(chart.Gutter-1, row, chart.Gutter-1, axisValue(state, pl.Top*part), st.Dim)
		}
	}
}

// lineTexts are the lines that matter in words: "target 1.2 s, page 1.5 s".
func lineTexts(state *session.PanelState) string {
	texts := make([]string, 0, len(state.Lines))
	for _, l := range state.Lines {
		texts = append(texts, l.Text+" "+axisValue(state, l.Value))
	}
	return strings.Join(texts, ", ")
}

// clockAt is a moment of the run by the clock on the screen.
func clockAt(s *view.State, seconds float64) string {
	return s.Now.Started.Add(view.Since(seconds)).In(s.Zone).Format("15:04:05")
}
