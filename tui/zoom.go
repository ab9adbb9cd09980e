package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/view"
)

// zoomView is one latency chart over the whole body with its channels under it; header, timeline
// and footer stay.
type zoomView struct {
	header   panel.Panel
	chart    *panel.Latency
	channels *panel.Channels
	timeline panel.Panel
	footer   panel.Panel
	rows     int // of the table
	areas    []area
}

// zoom opens the detail view of the picked chart, or closes it.
func (m *Model) zoom() tea.Cmd {
	if m.zoomed != nil {
		m.zoomed = nil
		return nil
	}
	m.openFocus()
	return nil
}

// nextChart opens the detail view, or moves it to the next chart.
func (m *Model) nextChart() tea.Cmd {
	if m.zoomed != nil {
		m.state.Chart = (m.state.Chart + 1) % len(view.LatencyRows())
	}
	m.openFocus()
	return nil
}

// toggleHeatmap turns the latency charts into heatmaps and back. A screen that has no room for three of them shows one.
func (m *Model) toggleHeatmap() tea.Cmd {
	if m.zoomed == nil && m.layout == compact {
		m.state.Heatmap = true
		m.openFocus()
	} else {
		m.state.Heatmap = !m.state.Heatmap
	}
	if m.state.Heatmap {
		m.Say("heatmap: how many requests took how long", false)
	} else {
		m.Say("charts show percentiles", false)
	}
	return nil
}

func (m *Model) openFocus() {
	row := view.LatencyRows()[m.state.Chart]
	m.zoomed = &zoomView{
		header:   &panel.Header{},
		chart:    panel.NewLatency(row),
		channels: panel.NewChannelsOf(row),
		timeline: &panel.Timeline{},
		footer:   panel.NewFooter(footerKeys(m.keys)),
	}
	m.zoomed.resize(m.state.Width, m.state.Height)
}

// fit gives the table as many rows as it has lines, up to half of the screen.
func (f *zoomView) fit(m *Model) {
	if rows := min(f.channels.Lines(&m.state), m.state.Height/2-4); rows != f.rows {
		f.rows = rows
		f.resize(m.state.Width, m.state.Height)
	}
}

// fewestChartRows is the height of a chart that still shows something beside its figures, axis and spans.
const fewestChartRows = 10

// resize gives the chart what the table and the other parts leave.
func (f *zoomView) resize(w, h int) {
	table, events := max(f.rows, 2), 3
	chart := h - 3 - 1 - (table + 1) - (events + 1) - 1
	if chart < fewestChartRows { // the chart is what was asked for; the timeline is one key away
		chart, events = chart+events+1, 0
	}
	inner := w - 2*margin
	y := 3
	f.areas = f.areas[:0]
	place := func(p panel.Panel, rows int, ruled bool) {
		if ruled {
			y++
		}
		p.SetSize(inner, rows)
		f.areas = append(f.areas, area{panel: p, x: margin, y: y, w: inner, h: rows, ruled: ruled})
		y += rows
	}
	f.header.SetSize(inner, 3)
	f.areas = append(f.areas, area{panel: f.header, x: margin, y: 0, w: inner, h: 3})
	place(f.chart, chart, true)
	place(f.channels, table, true)
	if events > 0 {
		place(f.timeline, events, true)
	}
	place(f.footer, 1, false)
}
