package tui

import (
	"xinbot.ir/squall/tui/grid"
)

// View is the frame that the last message led to.
func (m *Model) View() string {
	if m.quitting || m.scene.width == 0 {
		return ""
	}
	return m.last
}

// render draws the frame anew when it no longer shows what is.
func (m *Model) render() {
	if !m.stale || m.quitting || m.scene.width == 0 {
		return
	}
	m.stale = false
	m.draw()
	m.text = m.frame.Encode(m.text[:0], m.scene.styles.palette)
	m.last = string(m.text)
}

// charted is a panel that shows the history.
type charted interface{ columns() int }

// draw draws everything on the frame.
func (m *Model) draw() {
	m.frame.Clear()
	if !m.fits {
		m.tooSmall()
		return
	}
	slots := m.slots
	if m.focus != nil {
		m.focus.fit(m)
		slots = m.focus.slots
	}
	m.syncHistory(slots)
	told := false // the time range, beside the first charts
	for _, s := range slots {
		s.panel.Sync(&m.scene)
		if s.ruled {
			told = m.rule(s, !told) || told
		}
		m.frame.Blit(s.x, s.y, s.panel.View())
	}
	if m.dialog != nil {
		m.dialog.View(&m.frame, &m.scene)
	}
}

// syncHistory brings the charts' columns up to date: as many as the narrowest chart shows, so that
// all charts share one time axis.
func (m *Model) syncHistory(slots []slot) {
	columns := 0
	for _, s := range slots {
		if c, ok := s.panel.(charted); ok && (columns == 0 || c.columns() < columns) {
			columns = c.columns()
		}
	}
	s := &m.scene
	s.history.sync(s.calm.Started, s.calm.Load.Windows, s.span, columns)
	s.story.sync(s.now.Events, s.now.Timeline)
}

// rule draws the line above a panel with its title; the line runs on through the gaps. At the right
// of the charts it tells their time range, if asked, and whether it did.
func (m *Model) rule(s slot, tell bool) bool {
	y, st := s.y-1, m.scene.styles
	if s.x == margin {
		m.frame.Fill(margin, y, m.scene.width-2*margin, 1, '─', st.rule)
	}
	title := s.panel.Title()
	n := m.frame.Text(s.x, y, s.w-2, title, st.title)
	m.frame.Set(s.x-1, y, ' ', st.rule)
	m.frame.Set(s.x+n, y, ' ', st.rule)
	if _, ok := s.panel.(charted); ok && tell && s.x+s.w >= m.scene.width-margin {
		text := " "
		if m.focus != nil {
			text += "Tab next chart, Esc back   "
		}
		text += m.scene.span.name + ", " + formatSpan(m.scene.history.axis.length) + " columns "
		m.frame.TextRight(s.x+s.w-1, y, s.w-n-3, text, st.dim)
		return true
	}
	return false
}

// tooSmall says in one sentence what is needed.
func (m *Model) tooSmall() {
	text := "The console needs 80x24; this terminal is " + formatInt(m.scene.width) + "x" + formatInt(m.scene.height) + "."
	w := min(grid.Width(text), m.scene.width)
	if w < grid.Width(text) {
		m.frame.Text(0, m.scene.height/2, m.scene.width, "Needs 80x24, is "+formatInt(m.scene.width)+"x"+formatInt(m.scene.height), m.scene.styles.text)
		return
	}
	m.frame.Text((m.scene.width-w)/2, m.scene.height/2, w, text, m.scene.styles.text)
}
