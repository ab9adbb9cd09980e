package tui

import (
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
)

// confirmMode asks once before the run ends, and says what is active.
type confirmMode struct{ active []string }

func newConfirm(s *scene) *confirmMode {
	set := s.now.Load.Settings
	c := &confirmMode{}
	add := func(on bool, text string) {
		if on {
			c.active = append(c.active, text)
		}
	}
	for i := range s.now.Faults {
		f := &s.now.Faults[i]
		add(f.State == chaos.Stuck, f.Info.Title+" is not reverted: it will be tried again, and told in the report")
		add(f.On() && f.State != chaos.Stuck, f.Info.Title+" is "+activeWord(f.State)+": it will be reverted")
	}
	add(set.Spike, "a spike of "+strconv.FormatFloat(set.SpikeFactor, 'g', 4, 64)+"× is on")
	add(s.now.Status == session.Halted, "the run is halted")
	add(set.Paused, "the run is paused")
	add(set.Hold, "the level is held")
	add(set.Open(), formatNumber(set.WantedRate())+" requests per second are being sent")
	add(!set.Open() && s.now.Load.VUs > 0, formatInt(s.now.Load.VUs)+" virtual users are running")
	add(s.now.Duration > s.now.Elapsed, formatClock(s.now.Duration-s.now.Elapsed.Truncate(time.Second))+" of the run are left")
	if len(c.active) == 0 {
		c.active = []string{"nothing is being sent"}
	}
	return c
}

// key takes y or n; Enter is no answer, so that a stray one ends nothing.
func (c *confirmMode) key(m *Model, k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "y", "Y":
		return m.finish()
	case "n", "N", "esc", "q":
		m.mode = nil
	case "x", "X":
		return m.halt()
	}
	return nil
}

// draw shows the question.
func (c *confirmMode) draw(m *Model, frame *grid.Grid) {
	st := m.scene.styles
	x, y, w, _ := bottomBox(frame, st, 66, len(c.active)+4, "Stop the run and write the report?")
	for i, text := range c.active {
		frame.Text(x, y+i, w, "● "+text, st.text.On(st.sheet.Bg))
	}
	n := frame.Text(x, y+len(c.active)+1, w, " y ", st.badgeActive)
	n += frame.Text(x+n, y+len(c.active)+1, w, " stop    ", st.text.On(st.sheet.Bg))
	n += frame.Text(x+n, y+len(c.active)+1, w, " n ", st.badge)
	frame.Text(x+n, y+len(c.active)+1, w, " go on", st.text.On(st.sheet.Bg))
}
