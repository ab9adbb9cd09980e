package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
)

// focusView is one latency chart over the whole body with its channels under it; header, timeline
// and footer stay.
type focusView struct {
	header   panel
	chart    *latencyPanel
	channels *channelsPanel
	timeline panel
	footer   panel
	rows     int // of the table
	slots    []slot
}

// zoom opens the detail view of the picked chart, or closes it.
func (m *Model) zoom() tea.Cmd {
	if m.focus != nil {
		m.focus = nil
		return nil
	}
	m.openFocus()
	return nil
}

// nextChart opens the detail view, or moves it to the next chart.
func (m *Model) nextChart() tea.Cmd {
	if m.focus != nil {
		m.scene.picked = (m.scene.picked + 1) % len(latencyCharts())
	}
	m.openFocus()
	return nil
}

func (m *Model) openFocus() {
	row := latencyCharts()[m.scene.picked]
	m.focus = &focusView{
		header:   &headerPanel{},
		chart:    newLatencyPanel(row),
		channels: &channelsPanel{flows: row.flows, title: row.title + " BY CHANNEL", lately: true},
		timeline: &timelinePanel{},
		footer:   newFooterPanel(m.keys),
	}
	m.focus.resize(m.width, m.height)
}

// fit gives the table as many rows as it has lines, up to half of the screen.
func (f *focusView) fit(m *Model) {
	if rows := min(f.channels.lines(&m.scene), m.height/2-4); rows != f.rows {
		f.rows = rows
		f.resize(m.width, m.height)
	}
}

// resize gives the chart what the table and the other parts leave.
func (f *focusView) resize(w, h int) {
	table, events := max(f.rows, 2), 3
	inner := w - 2*margin
	y := 3
	f.slots = f.slots[:0]
	place := func(p panel, rows int, ruled bool) {
		if ruled {
			y++
		}
		p.SetSize(inner, rows)
		f.slots = append(f.slots, slot{panel: p, x: margin, y: y, w: inner, h: rows, ruled: ruled})
		y += rows
	}
	f.header.SetSize(inner, 3)
	f.slots = append(f.slots, slot{panel: f.header, x: margin, y: 0, w: inner, h: 3})
	place(f.chart, h-3-1-(table+1)-(events+1)-1, true)
	place(f.channels, table, true)
	place(f.timeline, events, true)
	place(f.footer, 1, false)
}

// logMode is the whole timeline.
type logMode struct{ panel timelinePanel }

func (m *Model) openLog() tea.Cmd {
	m.mode = &logMode{}
	return nil
}

// key scrolls; Esc closes.
func (l *logMode) key(m *Model, k tea.KeyMsg) tea.Cmd {
	page := max(m.height-8, 1)
	moves := map[string]int{"up": 1, "k": 1, "down": -1, "j": -1, "pgup": page, "pgdown": -page, "home": 1 << 20, "end": -1 << 20}
	switch s := k.String(); s {
	case "esc", "l", "q":
		m.mode = nil
	case "x", "X":
		return m.halt()
	default:
		most := max(len(m.scene.now.Events)-1, 0)
		l.panel.back = min(max(l.panel.back+moves[s], 0), most)
	}
	return nil
}

// draw shows as much of the timeline as fits.
func (l *logMode) draw(m *Model, frame *grid.Grid) {
	st := m.scene.styles
	x, y, w, h := middleBox(frame, st, m.width-4, m.height-2, "Timeline")
	l.panel.SetSize(w, h-1)
	l.panel.Sync(&m.scene)
	frame.Blit(x, y, l.panel.View())
	frame.Restyle(x, y, w, h-1, func(s grid.Style) grid.Style {
		if s.Bg == 0 {
			s.Bg = st.sheet.Bg
		}
		return s
	})
	frame.Text(x, y+h-1, w, "↑ ↓ PgUp PgDn scroll, Esc closes", st.dim.On(st.sheet.Bg))
}
