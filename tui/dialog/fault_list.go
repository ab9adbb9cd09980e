package dialog

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// FaultList is every fault with what it hits, to pick one and open it.
type FaultList struct {
	picked    int
	openFault func(f *session.FaultState, from Dialog) (Dialog, tea.Cmd)
}

// NewFaultList lists the faults with one picked; openFault makes the dialog of a fault.
func NewFaultList(picked int, openFault func(f *session.FaultState, from Dialog) (Dialog, tea.Cmd)) *FaultList {
	return &FaultList{picked, openFault}
}

// Update picks; Enter opens the fault; a fault's own key works here too.
func (l *FaultList) Update(msg tea.Msg, c Console) (Dialog, tea.Cmd) {
	k, isKey := msg.(tea.KeyMsg)
	if !isKey || k.Paste {
		return l, nil
	}
	faults := c.State().Now.Faults
	switch s := k.String(); s {
	case "esc", "F", "q":
		return nil, nil
	case "up", "k":
		l.picked = max(l.picked-1, 0)
	case "down", "j":
		l.picked = min(l.picked+1, len(faults)-1)
	case "home":
		l.picked = 0
	case "end":
		l.picked = len(faults) - 1
	case "enter":
		if l.picked < len(faults) {
			return l.openFault(&faults[l.picked], l)
		}
	default:
		if len(s) == 1 && s[0] >= '1' && s[0] <= '9' {
			l.picked = min(int(s[0]-'1'), len(faults)-1)
			return c.FaultKey(int(s[0]-'1'), l)
		}
	}
	return l, nil
}

// Keys are the list's.
func (l *FaultList) Keys(s *view.State) []Hint {
	enter := "look, then inject"
	if faults := s.Now.Faults; l.picked < len(faults) && faults[l.picked].State != chaos.Idle {
		enter = "look, change"
	}
	return []Hint{{"↑ ↓", "pick"}, {"Enter", enter}, {"1-9", "as outside"}, {"x", "HALT"}, {"Esc", "close"}}
}

// Typing is never on.
func (l *FaultList) Typing() bool { return false }

// View shows a row per fault, and more of the picked one.
func (l *FaultList) View(frame *grid.Grid, s *view.State) {
	st, faults := s.Styles, s.Now.Faults
	const below = 5
	x, y, w, h := bottomBox(frame, st, 150, min(len(faults)+below+2, s.Height-4), "Faults")
	defer setGround(frame, st, x, y, w, h)
	rows := h - below
	first := max(min(l.picked-rows/2, len(faults)-rows), 0)
	name := 0
	for i := range faults {
		name = max(name, min(grid.Width(faults[i].Info.Title), w/4))
	}
	for i := first; i < len(faults) && i < first+rows; i++ {
		f, row := &faults[i], y+i-first
		sign, look := st.Fault(f.State)
		frame.Text(x+2, row, 1, panel.FaultKeyName(i), st.Strong)
		frame.Text(x+4, row, 1, sign, look)
		frame.Text(x+6, row, name, f.Info.Title, st.Text)
		left := x + 6 + name + 2
		text, _, style := panel.FaultClock(f, s.Clock, st)
		right := x + w - frame.TextRight(x+w, row, x+w-left, text, style) - 2
		each := (right - left) / 2
		if f.Scope == "" || each < 12 {
			frame.Text(left, row, right-left, panel.FaultSummary(f), st.Dim)
		} else {
			frame.Text(left, row, each-2, panel.FaultSummary(f), st.Dim)
			frame.Text(left+each, row, each, f.Scope, st.Dim)
		}
		if i == l.picked {
			pickRow(frame, x, row, w, st)
		}
	}
	if l.picked < len(faults) {
		f := &faults[l.picked]
		drawWrapped(frame, x, y+h-below+1, w-12, 2, f.Info.Summary, st.Dim)
		panel.DrawFindings(frame, x+w, y+h-below+1, st, f)
	}
	drawHints(frame, x, y+h-1, w, st, l.Keys(s))
}

// setGround gives what was drawn inside of a box the box's background.
func setGround(frame *grid.Grid, st *theme.Styles, x, y, w, h int) {
	frame.Restyle(x, y, w, h, func(s grid.Style) grid.Style {
		if s.Bg == 0 {
			s.Bg = st.Sheet.Bg
		}
		return s
	})
}

// pickRow marks the selected row.
func pickRow(frame *grid.Grid, x, y, w int, st *theme.Styles) {
	frame.Set(x, y, '▌', st.Accent)
	frame.Restyle(x+1, y, w-1, 1, func(s grid.Style) grid.Style {
		s.Bg = st.Pick.Bg
		return s.With(st.Pick.Attr &^ grid.Bold)
	})
}

// Hint is a key and what it does, for the last line of what is open.
type Hint struct{ Key, Text string }

// drawHints writes them one after the other, as many as fit, and never a part of one.
func drawHints(frame *grid.Grid, x, y, w int, st *theme.Styles, hints []Hint) {
	for _, h := range hints {
		need := grid.Width(h.Key) + 1 + grid.Width(h.Text)
		if need > w {
			return
		}
		style := st.Strong
		if h.Text == "HALT" {
			style = st.Bad
		}
		n := frame.Text(x, y, w, h.Key, style) + 1
		frame.Text(x+n, y, w-n, h.Text, st.Dim)
		x, w = x+need+2, w-need-2
	}
}
