package dialog

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/view"
)

// Quit asks once before the run ends, and says what is active.
type Quit struct{ active []string }

// NewQuit asks whether to end the run, with what is active now.
func NewQuit(s *view.State) *Quit {
	set := s.Now.Load.Settings
	d := &Quit{}
	add := func(on bool, text string) {
		if on {
			d.active = append(d.active, text)
		}
	}
	for i := range s.Now.Faults {
		f := &s.Now.Faults[i]
		add(f.State == chaos.NotReverted, f.Info.Title+" is not reverted: it will be tried again, and told in the report")
		add(f.On() && f.State != chaos.NotReverted, f.Info.Title+" is "+panel.ActiveWord(f.State)+": it will be reverted")
	}
	add(set.Spike, "a spike of "+units.Factor(set.SpikeFactor)+" is on")
	add(s.Now.Status == session.Halted, "the run is halted")
	add(set.Paused, "the run is paused")
	add(set.Hold, "the level is held")
	add(set.Open(), units.Number(set.WantedRate())+" requests per second are being sent")
	add(!set.Open() && s.Now.Load.VUs > 0, units.Int(s.Now.Load.VUs)+" virtual users are running")
	add(s.Now.Duration > s.Now.Elapsed, units.Clock(s.Now.Duration-s.Now.Elapsed.Truncate(time.Second))+" of the run are left")
	if len(d.active) == 0 {
		d.active = []string{"nothing is being sent"}
	}
	return d
}

// Update takes the answer.
func (d *Quit) Update(msg tea.Msg, c Console) (Dialog, tea.Cmd) {
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
func (d *Quit) Keys(*view.State) []Hint { return confirmationKeys("stop", "go on") }

// Typing is never on.
func (d *Quit) Typing() bool { return false }

// View shows the question.
func (d *Quit) View(frame *grid.Grid, s *view.State) {
	st := s.Styles
	x, y, w, _ := bottomBox(frame, st, 66, len(d.active)+4, "Stop the run and write the report?")
	for i, text := range d.active {
		frame.Text(x, y+i, w, "● "+text, st.Text.On(st.Sheet.Bg))
	}
	n := frame.Text(x, y+len(d.active)+1, w, " y ", st.BadgeActive)
	n += frame.Text(x+n, y+len(d.active)+1, w, " stop    ", st.Text.On(st.Sheet.Bg))
	n += frame.Text(x+n, y+len(d.active)+1, w, " n ", st.Badge)
	frame.Text(x+n, y+len(d.active)+1, w, " go on", st.Text.On(st.Sheet.Bg))
}
