package tui

import (
	"strconv"
	"strings"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// chartKey tells whether a chart would look the same again.
type chartKey struct {
	version, events, judged, w, h, flows int
	span                                 timeRange
}

// newChartKey is the key of what a panel of a size shows now.
func newChartKey(s *scene, w, h int) chartKey {
	return chartKey{s.history.version, s.story.read, s.judged, w, h, flowsOn(s), s.span}
}

// largeFrom is the height from which a latency panel has room for large digits.
const largeFrom = 15

// latencyPanel is one latency chart with its figures.
type latencyPanel struct {
	sheet
	pic   picture
	title string
	key   chartKey
	extra int // rows of spans beyond the first
}

func newLatencyPanel(row chartRow) *latencyPanel {
	return &latencyPanel{pic: picture{row: row}, title: row.title}
}

// Title is the metric's name.
func (p *latencyPanel) Title() string { return p.title }

// columns is how many history columns the panel can show.
func (p *latencyPanel) columns() int { return max(p.g.Width()-gutter-beat, 1) }

// SetSize gives the panel its size; the next Sync draws anew.
func (p *latencyPanel) SetSize(w, h int) {
	p.sheet.SetSize(w, h)
	p.key = chartKey{}
}

// Sync draws the chart again when a second has closed or something has happened; in between only the
// cell of the open second moves.
func (p *latencyPanel) Sync(s *scene) {
	h := p.g.Height()
	key := newChartKey(s, p.g.Width(), h)
	if key != p.key {
		p.key = key
		p.g.Clear()
		top := 2
		if h >= largeFrom {
			top = bigRows + 1
			p.large(s)
		} else {
			p.figures(s)
		}
		most := 2
		if h >= largeFrom {
			most = 3
		}
		placed, lanes := s.story.lanes(s.history.axis, most)
		p.extra = max(lanes-1, 0)
		p.pic.draw(&p.g, 0, top, p.g.Width(), h-3-top-p.extra, s)
		drawSpans(&p.g, gutter, h-2-p.extra, s, placed)
		drawTimes(&p.g, gutter, h-1, s)
	}
	drawAxis(&p.g, gutter, h-3-p.extra, s)
}

// figures writes the two rows above the picture; the signs before p50 and p99 are its legend.
func (p *latencyPanel) figures(s *scene) {
	st := s.styles
	now := p.pic.row.recent(&s.calm.Load)
	look := st.strong
	if p.pic.row.trouble(s).found {
		look = st.dim
	}
	x := drawLegend(&p.g, 0, 0, st, inkP95, "p95", formatDuration(now.p95), look)
	drawVerdict(&p.g, x+2, 0, p.g.Width()-x-2, st, p.pic.row, s)
	x = drawLegend(&p.g, 0, 1, st, inkP50, "p50", formatDuration(now.p50), st.text)
	x = drawLegend(&p.g, x+2, 1, st, inkP99, "p99", formatDuration(now.p99), st.text)
	p.g.TextRight(p.g.Width(), 1, p.g.Width()-x-1, p.rate(s), st.dim)
}

// large writes the figures over three rows with p95 in large digits, or the share that fails.
func (p *latencyPanel) large(s *scene) {
	st, w := s.styles, p.g.Width()
	now := p.pic.row.recent(&s.calm.Load)
	style := st.strong
	if verdict, has := p.pic.row.objective(s.calm.Live); has && verdict.State == load.Fail {
		style = st.bad
	}
	number, unit, _ := strings.Cut(formatDuration(now.p95), " ")
	name, lately := "p95", ", last "+strconv.Itoa(load.RecentWindows)+" s"
	bad := p.pic.row.trouble(s)
	if bad.found {
		number, unit = bad.figure()
		name, style = "failed", st.bad
	}
	x := drawBig(&p.g, 0, 0, number, unit, style, st.dim) + 3
	n := x
	if !bad.found {
		n = drawSign(&p.g, x, 0, st, inkP95)
	}
	p.g.Text(n, 0, w-n, name+lately, st.dim)
	drawLegend(&p.g, x, 1, st, inkP50, "p50", formatDuration(now.p50), st.text)
	n = drawLegend(&p.g, x, 2, st, inkP99, "p99", formatDuration(now.p99), st.text)
	drawVerdict(&p.g, n, 0, w-n, st, p.pic.row, s)
	p.g.TextRight(w, 2, w-n-1, p.rate(s), st.dim)
}

func (p *latencyPanel) rate(s *scene) string {
	return formatFlowRate(s.lately(load.RecentWindows).flowRate(p.pic.row.flows))
}

// drawLegend writes "█ p95  412 ms" and returns the column after it.
func drawLegend(g *grid.Grid, x, y int, st *styles, ink grid.Ink, name, value string, style grid.Style) int {
	g.Text(drawSign(g, x, y, st, ink), y, 3, name, st.dim)
	g.TextRight(x+6+durationWidth, y, durationWidth, value, style)
	return x + 6 + durationWidth
}

// drawSign writes what stands for a percentile in the chart and returns the column of its name.
func drawSign(g *grid.Grid, x, y int, st *styles, ink grid.Ink) int {
	sign := '█'
	if st.mono {
		sign = map[grid.Ink]rune{inkP50: '█', inkP95: '░', inkP99: '⠒'}[ink]
	}
	g.Set(x, y, sign, grid.Style{Fg: ink})
	return x + 2
}

// drawVerdict writes at the right what the objective says: a sign, a word and the bound. Where
// requests fail that comes first, and the latency of those that were answered is no good news.
func drawVerdict(g *grid.Grid, x, y, width int, st *styles, row chartRow, s *scene) {
	bad := row.trouble(s)
	if bad.found {
		width -= bad.draw(g, x+width, y, width, st) + 2
	}
	verdict, has := row.objective(s.calm.Live)
	switch {
	case bad.found && width < verdictWidth:
		return
	case !has && !s.began():
		g.TextRight(x+width, y, width, "waiting", st.dim)
		return
	case !has:
		g.TextRight(x+width, y, width, "no objective", st.dim)
		return
	}
	style, text := st.state(verdict.State)
	long := text + " " + verdict.Objective.Aggregate + " " + verdict.Objective.Operator + " " + formatBound(bound(verdict.Objective))
	if verdict.Objective.Aggregate == "p(95)" {
		long = text + " " + verdict.Objective.Operator + " " + formatBound(bound(verdict.Objective))
	}
	if grid.Width(long) <= width {
		text = long
	}
	if bad.found && verdict.State == load.Pass {
		style = st.dim
	}
	g.TextRight(x+width, y, width, text, style)
}

// verdictWidth is the least that a verdict takes: "✓ pass".
const verdictWidth = 6

// state is how an objective's state looks: a sign and a word, and then a colour.
func (s *styles) state(state load.State) (grid.Style, string) {
	switch state {
	case load.Pass:
		return s.good, "✓ pass"
	case load.Fail:
		return s.bad, "✗ fail"
	default:
		return s.unknown, "? unknown"
	}
}

// flowRate is the requests per second of some flows.
func (r recent) flowRate(flows []load.Flow) float64 {
	var n uint64
	for _, f := range flows {
		n += r.flows[f]
	}
	return r.perSecond(n)
}

// flowsOn counts the flows that run, to notice a change.
func flowsOn(s *scene) (n int) {
	for _, f := range s.now.Flows {
		if f.On {
			n++
		}
	}
	return n
}
