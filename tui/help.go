package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
)

// helpDialog is the full help screen, made from the keymap.
type helpDialog struct{ lines []helpLine }

// Update closes the help with any key.
func (d *helpDialog) Update(msg tea.Msg, _ commander) (dialog, tea.Cmd) {
	if k, isKey := msg.(tea.KeyMsg); isKey && !k.Paste {
		return nil, nil
	}
	return d, nil
}

// Keys are any.
func (*helpDialog) Keys(*scene) []hint { return []hint{{"any key", "close"}, {"x", "HALT"}} }

// Typing is never on.
func (*helpDialog) Typing() bool { return false }

// View lists the keys by group in two columns.
func (d *helpDialog) View(frame *grid.Grid, s *scene) {
	st := s.styles
	ground := st.sheet.Bg
	rows := (len(d.lines) + 1) / 2
	for rows < len(d.lines) && d.lines[rows].key != "" { // the second column begins with a group
		rows++
	}
	const width, key = 78, 10
	x, y, w, _ := middleBox(frame, st, width, rows+6, "Keys")
	each := (w - 2) / 2
	for i, line := range d.lines {
		at, row := x+i/rows*(each+2), y+1+i%rows
		if line.key == "" {
			frame.Text(at, row, each, line.text, st.accent.On(ground))
			continue
		}
		frame.Text(at, row, key, line.key, st.strong.On(ground))
		frame.Text(at+key, row, each-key, line.text, st.text.On(ground))
	}
	frame.Text(x, y+rows+2, w, "A chart column shows its worst second; an empty column is a gap.", st.dim.On(ground))
	frame.Text(x, y+rows+3, w, "Times are "+s.zone.String()+". Any key closes this.", st.dim.On(ground))
}

// helpLine is a key and what it does; without a key it is a group's title, without a text a blank.
type helpLine struct{ key, text string }

// helpLines are the lines of a keymap.
func helpLines(keys []keyRow) (lines []helpLine) {
	group := ""
	for _, k := range keys {
		if !k.shown() {
			continue
		}
		if k.group != group {
			group = k.group
			lines = append(lines, helpLine{"", group})
		}
		help := k.binding.Help()
		lines = append(lines, helpLine{help.Key, help.Desc})
	}
	return lines
}
