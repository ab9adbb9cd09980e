package tui

import (
	"xinbot.ir/squall/load"
)

// stackPanel is the three latency charts one above the other with their figures at the left: what
// fits a small terminal.
type stackPanel struct {
	sheet
	pics  []picture
	key   chartKey
	extra int // rows of spans beyond the first
}

// stackText is the width of the figures at the left.
const stackText = 29

func newStackPanel(rows []chartRow) *stackPanel {
	p := &stackPanel{}
	for _, row := range rows {
		p.pics = append(p.pics, picture{row: row})
	}
	return p
}

// Title is empty: each chart has its own.
func (p *stackPanel) Title() string { return "" }

func (p *stackPanel) columns() int { return max(p.g.Width()-stackText-gutter-beat, 1) }

// SetSize gives the panel its size; the next Sync draws anew.
func (p *stackPanel) SetSize(w, h int) {
	p.sheet.SetSize(w, h)
	p.key = chartKey{}
}

// Sync draws the charts again when a second has closed or something has happened.
func (p *stackPanel) Sync(s *scene) {
	h := p.g.Height()
	key := newChartKey(s, p.g.Width(), h)
	x := stackText + gutter
	if key != p.key {
		p.key = key
		p.g.Clear()
		most := 1 // spans and times share a row
		if h >= 11 {
			most = 2
		}
		placed, lanes := s.story.lanes(s.history.axis, most)
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
			p.pics[i].draw(&p.g, stackText, y, p.g.Width()-stackText, rows, s)
			y += rows
		}
		drawSpans(&p.g, x, h-1-p.extra, s, placed)
		drawTimes(&p.g, x, h-1, s)
		p.g.Text(0, h-2-p.extra, stackText, s.span.name+", "+formatSpan(s.history.axis.length)+" columns", s.styles.dim)
	}
	drawAxis(&p.g, x, h-2-p.extra, s)
}

// figures writes one chart's name, verdict and percentiles in up to three rows.
func (p *stackPanel) figures(pic *picture, y, rows int, s *scene) {
	st := s.styles
	now := pic.row.recent(&s.calm.Load)
	n := p.g.Text(0, y, stackText, pic.row.title, st.title)
	drawVerdict(&p.g, n+1, y, stackText-n-2, st, pic.row, s)
	look := st.strong
	if pic.row.trouble(s).found {
		look = st.dim
	}
	if rows > 1 {
		x := drawLegend(&p.g, 0, y+1, st, inkP95, "p95", formatDuration(now.p95), look)
		rate := formatFlowRate(s.lately(load.RecentWindows).flowRate(pic.row.flows))
		p.g.TextRight(stackText-1, y+1, stackText-x-2, rate, st.dim)
	}
	if rows > 2 {
		x := drawLegend(&p.g, 0, y+2, st, inkP50, "p50", formatDuration(now.p50), st.text)
		drawLegend(&p.g, x+2, y+2, st, inkP99, "p99", formatDuration(now.p99), st.text)
	}
}
