package panel

import (
	"strconv"
	"strings"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// chartKey reports whether a chart would look the same again.
type chartKey struct {
	version, events, judged, w, h, flows int
	span                                 view.TimeRange
	heatmap                              bool
}

// newChartKey is the key of what a panel of a size shows now.
func newChartKey(s *view.State, w, h int) chartKey {
	return chartKey{s.History.Version, s.Marks.Read, s.VerdictVersion, w, h, flowsOn(s), s.TimeRange, s.Heatmap}
}

// largeFrom is the height from which a latency panel has room for large digits.
const largeFrom = 15

// fewestPlotRows is the height of a picture that still shows how high its bars are.
const fewestPlotRows = 4

// Latency is one latency chart with its figures.
type Latency struct {
	base
	pic   chart.LatencyChart
	heat  chart.Heatmap
	title string
	key   chartKey
	extra int // rows of spans beyond the first
	strip int // rows of what the gateway accepts, while secrets are rotated

	accepted bool // it has such rows
}

// NewLatency returns the chart of a row.
func NewLatency(row view.LatencyRow) *Latency {
	return &Latency{pic: chart.LatencyChart{Row: row}, heat: chart.Heatmap{Row: row}, title: row.Title}
}

// WithAccepted adds, while webhook secrets are rotated, a row per channel under the chart that shows which ones were accepted.
func (p *Latency) WithAccepted() *Latency {
	p.accepted = true
	return p
}

// Title is the metric's name.
func (p *Latency) Title() string {
	if p.key.heatmap {
		return p.title + " HEATMAP"
	}
	return p.title
}

// Columns is how many columns of the time axis fit.
func (p *Latency) Columns() int { return max(p.g.Width()-chart.Gutter-chart.ProgressColumn, 1) }

// SetSize sets the size of the panel; the next Sync draws anew.
func (p *Latency) SetSize(w, h int) {
	p.base.SetSize(w, h)
	p.key = chartKey{}
}

// Sync draws the chart again when a second has closed or something has happened; in between only the
// cell of the open second moves.
func (p *Latency) Sync(s *view.State) {
	h := p.g.Height()
	key := newChartKey(s, p.g.Width(), h)
	if key != p.key {
		p.key = key
		p.g.Clear()
		top := 2
		if h >= largeFrom {
			top = chart.BigRows + 1
			p.large(s)
		} else {
			p.figures(s)
		}
		most := 2
		if h >= largeFrom {
			most = 3
		}
		// Rows for spans are taken from the picture, which keeps the last few.
		most = min(most, 1+max(0, h-3-top-fewestPlotRows))
		placed, lanes := s.Marks.Lanes(s.History.Axis, most)
		p.extra = max(lanes-1, 0)
		p.strip = p.stripRows(s, h-3-top-p.extra)
		draw := p.pic.Draw
		if s.Heatmap {
			draw = p.heat.Draw
		}
		draw(&p.g, 0, top, p.g.Width(), h-3-top-p.extra-p.strip, s)
		for i := range p.strip {
			drawAccepted(&p.g, h-2-p.extra-p.strip+i, &s.Now.Rotation.Channels[i], s)
		}
		chart.DrawSpans(&p.g, chart.Gutter, h-2-p.extra, s, placed)
		chart.DrawTimes(&p.g, chart.Gutter, h-1, s)
	}
	chart.DrawAxis(&p.g, chart.Gutter, h-3-p.extra-p.strip, s)
}

// stripRows is how many channels have a row of their own under a picture of so many rows.
func (p *Latency) stripRows(s *view.State, rows int) int {
	r := s.Now.Rotation
	if !p.accepted || r == nil || !r.Armed {
		return 0
	}
	return max(0, min(len(r.Channels), rows-fewestPlotRows))
}

// figures writes the two rows above the picture; the signs before p50 and p99 are its legend.
func (p *Latency) figures(s *view.State) {
	st := s.Styles
	now := p.pic.Row.Recent(&s.LastSecond.Load)
	look := st.Strong
	if p.pic.Row.Outage(s).Found {
		look = st.Dim
	}
	x := drawLegend(&p.g, 0, 0, st, p.sign(theme.InkP95, s), "p95", recently(now.P95, now.Count), look)
	drawVerdict(&p.g, x+2, 0, p.g.Width()-x-2, st, p.pic.Row, s)
	x = drawLegend(&p.g, 0, 1, st, p.sign(theme.InkP50, s), "p50", recently(now.P50, now.Count), st.Text)
	x = drawLegend(&p.g, x+2, 1, st, p.sign(theme.InkP99, s), "p99", recently(now.P99, now.Count), st.Text)
	p.g.TextRight(p.g.Width(), 1, p.g.Width()-x-1, p.rate(s), st.Dim)
}

// large writes the figures over three rows with p95 in large digits, or the share that fails.
func (p *Latency) large(s *view.State) {
	st, w := s.Styles, p.g.Width()
	now := p.pic.Row.Recent(&s.LastSecond.Load)
	style := st.Strong
	if verdict, has := p.pic.Row.Objective(s.LastSecond.Live); has && verdict.State == slo.Fail {
		style = st.Bad
	}
	number, unit, _ := strings.Cut(recently(now.P95, now.Count), " ")
	name, lately := "p95", ", last "+strconv.Itoa(metric.RecentWindows)+" s"
	bad := p.pic.Row.Outage(s)
	if bad.Found {
		number, unit = bad.Figure()
		name, style = "failed", st.Bad
	}
	x := chart.DrawBig(&p.g, 0, 0, number, unit, style, st.Dim) + 3
	n := x
	if !bad.Found {
		n = drawSign(&p.g, x, 0, st, p.sign(theme.InkP95, s))
	}
	free := w - n - len(name) - 2
	free -= drawVerdict(&p.g, w-free, 0, free, st, p.pic.Row, s)
	if len(lately) <= free {
		name += lately
	}
	p.g.Text(n, 0, len(name), name, st.Dim)
	drawLegend(&p.g, x, 1, st, p.sign(theme.InkP50, s), "p50", recently(now.P50, now.Count), st.Text)
	n = drawLegend(&p.g, x, 2, st, p.sign(theme.InkP99, s), "p99", recently(now.P99, now.Count), st.Text)
	p.g.TextRight(w, 2, w-n-1, p.rate(s), st.Dim)
}

// sign is the ink that stands for a percentile in the picture; 0 in a heatmap, which has none.
func (p *Latency) sign(ink grid.Ink, s *view.State) grid.Ink {
	if s.Heatmap {
		return 0
	}
	return ink
}

func (p *Latency) rate(s *view.State) string {
	return units.FlowRate(s.SumRecent(metric.RecentWindows).FlowRate(p.pic.Row.Flows))
}

// drawLegend writes "█ p95  412 ms" and returns the column after it.
func drawLegend(g *grid.Grid, x, y int, st *theme.Styles, ink grid.Ink, name, value string, style grid.Style) int {
	g.Text(drawSign(g, x, y, st, ink), y, 3, name, st.Dim)
	g.TextRight(x+6+units.LatencyWidth, y, units.LatencyWidth, value, style)
	return x + 6 + units.LatencyWidth
}

// drawSign writes what stands for a percentile in the chart, nothing for ink 0, and returns the column of its name.
func drawSign(g *grid.Grid, x, y int, st *theme.Styles, ink grid.Ink) int {
	sign := '█'
	switch {
	case ink == 0:
		sign = ' '
	case st.Mono:
		sign = map[grid.Ink]rune{theme.InkP50: '█', theme.InkP95: '░', theme.InkP99: '⠒'}[ink]
	}
	g.Set(x, y, sign, grid.Style{Fg: ink})
	return x + 2
}

// drawVerdict writes at the right what the objective says: a sign, a word and the bound. Where
// requests fail that comes first, and the latency of those that were answered is no good news. It
// returns the number of cells that were written.
func drawVerdict(g *grid.Grid, x, y, width int, st *theme.Styles, row view.LatencyRow, s *view.State) (used int) {
	bad := row.Outage(s)
	if bad.Found {
		used = drawTrouble(bad, g, x+width, y, width, st) + 2
		width -= used
	}
	verdict, has := row.Objective(s.Verdicts())
	switch {
	case bad.Found && width < verdictWidth:
		return used
	case !has && !s.Began():
		return used + g.TextRight(x+width, y, width, "waiting", st.Dim)
	case !has:
		return used + g.TextRight(x+width, y, width, "no objective", st.Dim)
	}
	style, text := st.Objective(verdict.State)
	if recent, _ := row.Objective(s.LastSecond.Live); recent.State != verdict.State {
		text += " overall"
	}
	long := text + " " + verdict.Objective.Aggregate + " " + verdict.Objective.Operator + " " + units.LatencyBound(view.Bound(verdict.Objective))
	if verdict.Objective.Aggregate == "p(95)" {
		long = text + " " + verdict.Objective.Operator + " " + units.LatencyBound(view.Bound(verdict.Objective))
	}
	if grid.Width(long) <= width {
		text = long
	}
	if bad.Found && verdict.State == slo.Pass {
		style = st.Dim
	}
	return used + g.TextRight(x+width, y, width, text, style)
}

// verdictWidth is the least that a verdict takes: "✓ pass".
const verdictWidth = 6

// flowsOn counts the flows that run, to notice a change.
func flowsOn(s *view.State) (n int) {
	for _, f := range s.Now.Flows {
		if f.On {
			n++
		}
	}
	return n
}
