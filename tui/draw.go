package tui

import (
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/dialog"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/panel"
)

// View is the frame that the last message led to.
func (m *Model) View() string {
	if m.quitting || m.state.Width == 0 {
		return ""
	}
	return m.last
}

// render draws the frame anew when it no longer shows what is.
func (m *Model) render() {
	if !m.stale || m.quitting || m.state.Width == 0 {
		return
	}
	m.stale = false
	m.draw()
	m.text = m.frame.Encode(m.text[:0], m.state.Styles.Palette)
	m.last = string(m.text)
}

// timeAxisPanel is a panel that shows the history.
type timeAxisPanel interface{ Columns() int }

// draw draws everything on the frame.
func (m *Model) draw() {
	m.frame.Clear()
	m.state.Typing = m.dialog != nil && m.dialog.Typing()
	if !m.fits {
		m.tooSmall()
		return
	}
	slots := m.areas
	if m.zoomed != nil {
		m.zoomed.fit(m)
		slots = m.zoomed.areas
	}
	m.syncHistory(slots)
	told := false // the time range, beside the first charts
	for _, s := range slots {
		s.panel.Sync(&m.state)
		if s.ruled {
			told = m.rule(s, !told) || told
		}
		m.frame.Blit(s.x, s.y, s.panel.View())
	}
	if m.dialog != nil {
		m.dialog.View(&m.frame, &m.state)
	}
}

// syncHistory brings the charts' columns up to date: as many as the narrowest chart shows, so that
// all charts share one time axis.
func (m *Model) syncHistory(slots []area) {
	columns := 0
	for _, s := range slots {
		if c, ok := s.panel.(timeAxisPanel); ok && (columns == 0 || c.Columns() < columns) {
			columns = c.Columns()
		}
	}
	s := &m.state
	s.History.Sync(s.LastSecond.Started, s.LastSecond.Load.Windows, s.TimeRange, columns)
	s.Marks.Sync(s.Now.Events, s.Now.Timeline)
}

// rule draws the line above a panel with its title; the line runs on through the gaps. At the right
// of the charts it tells their time range, if asked, and whether it did.
func (m *Model) rule(s area, tell bool) bool {
	y, st := s.y-1, m.state.Styles
	if s.x == margin {
		m.frame.Fill(margin, y, m.state.Width-2*margin, 1, '─', st.Rule)
	}
	title := s.panel.Title()
	n := m.frame.Text(s.x, y, s.w-2, title, st.Title)
	m.frame.Set(s.x-1, y, ' ', st.Rule)
	m.frame.Set(s.x+n, y, ' ', st.Rule)
	if _, ok := s.panel.(timeAxisPanel); ok && tell && s.x+s.w >= m.state.Width-margin {
		span := m.state.TimeRange.Name
		columns := span + ", " + units.Duration(m.state.History.Axis.Length) + " columns"
		texts := []string{columns, span}
		if m.zoomed != nil {
			texts = []string{"Tab next chart, Esc back   " + columns, columns, span}
		}
		for _, text := range texts { // the first that fits
			if grid.Width(text)+2 <= s.w-n-3 {
				m.frame.TextRight(s.x+s.w-1, y, s.w-n-3, " "+text+" ", st.Dim)
				break
			}
		}
		return true
	}
	return false
}

// tooSmall says what is needed, and keeps in sight what may be needed at once: the load goes on.
func (m *Model) tooSmall() {
	st, w, h := m.state.Styles, m.state.Width, m.state.Height
	size := units.Int(w) + "x" + units.Int(h)
	lines := [][]string{ // the first text that fits
		{"The console needs 80x24; this terminal is " + size + ".", "Needs 80x24, is " + size, "80x24!"},
		{string(m.state.Now.Status) + ": the load goes on, " + units.VUs(m.state.Now.Load.VUs) + ".", units.VUs(m.state.Now.Load.VUs)},
		{"x HALT   q quit", "x HALT"},
	}
	if on := panel.CountFaults(m.state.Now.Faults).On; on > 0 {
		lines[1] = append([]string{lines[1][0] + " " + panel.FaultCount(on) + " on.", units.VUs(m.state.Now.Load.VUs) + ", " + panel.FaultCount(on) + " on"}, panel.FaultCount(on)+" on")
	}
	switch m.dialog.(type) {
	case nil:
	case *dialog.Quit:
		lines[2] = []string{"Stop and report?   y yes   Esc no", "Stop? y, Esc"}
	default:
		lines[2] = []string{"Ctrl+X HALT   q quit   Esc closes what is open", "Ctrl+X HALT   q quit", "Ctrl+X HALT"}
	}
	y := max(0, (h-len(lines))/2)
	for i, texts := range lines {
		style := st.Text
		if i == len(lines)-1 {
			style = st.Strong
		}
		for _, text := range texts {
			if n := grid.Width(text); n <= w {
				m.frame.Text((w-n)/2, y+i, n, text, style)
				break
			}
		}
	}
}
