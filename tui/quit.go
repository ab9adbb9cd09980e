package tui

import (
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
)

// quitDialog asks once before the run ends, and says what is active.
type quitDialog struct{ active []string }

func newQuitDialog(s *scene) *quitDialog {
	set := s.now.Load.Settings
	d := &quitDialog{}
	add := func(on bool, text string) {
		if on {
			d.active = append(d.active, text)
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
	if len(d.active) == 0 {
		d.active = []string{"nothing is being sent"}
	}
	return d
}

// Update takes the answer.
func (d *quitDialog) Update(msg tea.Msg, c commander) (dialog, tea.Cmd) {
	k, isKey := msg.(tea.KeyMsg)
	if !isKey || k.Paste {
		return d, nil
	}
	switch confirmation(k) {
	case answerYes:
		return nil, c.Finish()
	case answerNo:
		return nil, nil
	case noAnswer:
	}
	return d, nil
}

// Keys are those of the question.
func (d *quitDialog) Keys(*scene) []hint { return confirmationKeys("stop", "go on") }

// Typing is never on.
func (d *quitDialog) Typing() bool { return false }

// View shows the question.
func (d *quitDialog) View(frame *grid.Grid, s *scene) {
	st := s.styles
	x, y, w, _ := bottomBox(frame, st, 66, len(d.active)+4, "Stop the run and write the report?")
	for i, text := range d.active {
		frame.Text(x, y+i, w, "● "+text, st.text.On(st.sheet.Bg))
	}
	n := frame.Text(x, y+len(d.active)+1, w, " y ", st.badgeActive)
	n += frame.Text(x+n, y+len(d.active)+1, w, " stop    ", st.text.On(st.sheet.Bg))
	n += frame.Text(x+n, y+len(d.active)+1, w, " n ", st.badge)
	frame.Text(x+n, y+len(d.active)+1, w, " go on", st.text.On(st.sheet.Bg))
}
