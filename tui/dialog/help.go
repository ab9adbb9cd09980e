package dialog

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Help is the full help screen, made from the keymap.
type Help struct{ lines []HelpLine }

// NewHelp returns the help screen of a keymap.
func NewHelp(lines []HelpLine) *Help { return &Help{lines} }

// Update closes the help with any key.
func (d *Help) Update(msg tea.Msg, _ Console) (Dialog, tea.Cmd) {
	if k, isKey := msg.(tea.KeyMsg); isKey && !k.Paste {
		return nil, nil
	}
	return d, nil
}

// Keys are any.
func (*Help) Keys(*view.State) []Hint { return []Hint{{"any key", "close"}, {"x", "HALT"}} }

// Typing is never on.
func (*Help) Typing() bool { return false }

// View lists the keys by group in two columns.
func (d *Help) View(frame *grid.Grid, s *view.State) {
	st := s.Styles
	ground := st.Sheet.Bg
	second := d.second()
	rows := max(second, len(d.lines)-second)
	const width, key = 78, 10
	x, y, w, _ := middleBox(frame, st, width, rows+5, "Keys")
	each := (w - 2) / 2
	for i, line := range d.lines {
		at, row := x, y+i
		if i >= second {
			at, row = x+each+2, y+i-second
		}
		if line.Key == "" {
			frame.Text(at, row, each, line.Text, st.Accent.On(ground))
			continue
		}
		frame.Text(at, row, key, line.Key, st.Strong.On(ground))
		frame.Text(at+key, row, each-key, line.Text, st.Text.On(ground))
	}
	frame.Text(x, y+rows+1, w, "A chart column shows its worst second; an empty column is a gap.", st.Dim.On(ground))
	frame.Text(x, y+rows+2, w, "Times are "+s.Zone.String()+". Any key closes this.", st.Dim.On(ground))
}

// second is the line that the second column begins with: a group, such that the columns are as equal as they can be.
func (d *Help) second() int {
	best := len(d.lines)
	for i, line := range d.lines {
		if line.Key == "" && max(i, len(d.lines)-i) < max(best, len(d.lines)-best) {
			best = i
		}
	}
	return best
}

// HelpLine is a key and what it does; without a key it is a group's title, without a text a blank.
type HelpLine struct{ Key, Text string }
