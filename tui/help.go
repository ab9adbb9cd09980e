package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/tui/grid"
)

// helpMode is the full help screen, made from the keymap.
type helpMode struct{}

func (m *Model) openHelp() tea.Cmd {
	m.mode = helpMode{}
	return nil
}

// key closes the help with any key; HALT also halts.
func (helpMode) key(m *Model, k tea.KeyMsg) tea.Cmd {
	m.mode = nil
	if k.String() == "x" || k.String() == "X" {
		return m.halt()
	}
	return nil
}

// draw lists the keys by group, in two columns where they fit.
func (helpMode) draw(m *Model, frame *grid.Grid) {
	st := m.scene.styles
	lines := helpLines(m.keys)
	const width = 118
	columns := 1
	if len(lines) > frame.Height()-4 || frame.Width() >= width+4 {
		columns = 2
	}
	rows := (len(lines) + columns - 1) / columns
	// A group's title never stands alone at the foot of a column.
	if columns == 2 && rows < len(lines) && lines[rows-1].key == "" {
		rows++
	}
	x, y, w, h := middleBox(frame, st, width, rows+4, "Keys")
	each := (w - 2) / columns
	ground := st.sheet.Bg
	for i, line := range lines {
		at, row := x+i/rows*(each+2), y+1+i%rows
		if line.key == "" {
			frame.Text(at, row, each, line.text, st.accent.On(ground))
			continue
		}
		frame.Text(at, row, 11, line.key, st.strong.On(ground))
		frame.Text(at+11, row, each-11, line.text, st.text.On(ground))
	}
	frame.Text(x, y+h-1, w, "Times are "+m.options.Location.String()+". A chart column shows its worst second; an empty one is a gap. Any key closes.", st.dim.On(ground))
}

// helpLine is a key and what it does; without a key it is a group's title, without a text a blank.
type helpLine struct{ key, text string }

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
