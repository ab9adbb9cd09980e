package tui

import (
	tea "github.com/charmbracelet/bubbletea"
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
	m.focus.resize(m.scene.width, m.scene.height)
}

// fit gives the table as many rows as it has lines, up to half of the screen.
func (f *focusView) fit(m *Model) {
	if rows := min(f.channels.lines(&m.scene), m.scene.height/2-4); rows != f.rows {
		f.rows = rows
		f.resize(m.scene.width, m.scene.height)
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
