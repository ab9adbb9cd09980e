package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// keyRow is one key: what it is called, where it stands in the help, and what it does. The help
// line and the help screen are made from these rows.
type keyRow struct {
	binding key.Binding
	group   string
	short   string // in the help line; "" leaves it out
	do      func(*Model) tea.Cmd
}

func (r keyRow) matches(k tea.KeyMsg) bool { return key.Matches(k, r.binding) }

// bind makes a row. The first key is what the help shows unless label says otherwise.
func bind(group, label, help, short string, do func(*Model) tea.Cmd, keys ...string) keyRow {
	return keyRow{
		binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, help)),
		group:   group, short: short, do: do,
	}
}

// Groups of the help screen.
const (
	groupLoad  = "Load"
	groupShape = "Shape of the load"
	groupView  = "View"
	groupRun   = "Run"
)

// keymap is every key of the console. 1 to 4 are kept free for faults.
func keymap() []keyRow {
	return []keyRow{
		bind(groupLoad, "↑ ↓", "more, fewer virtual users (rate in the open model)", "VUs", nil),
		bind(groupLoad, "↑", "", "", func(m *Model) tea.Cmd { return m.step(+1) }, "up", "k"),
		bind(groupLoad, "↓", "", "", func(m *Model) tea.Cmd { return m.step(-1) }, "down", "j"),
		bind(groupLoad, "PgUp PgDn", "the same in large steps (also Shift+↑ ↓)", "", nil),
		bind(groupLoad, "PgUp", "", "", func(m *Model) tea.Cmd { return m.step(+10) }, "pgup", "shift+up", "K"),
		bind(groupLoad, "PgDn", "", "", func(m *Model) tea.Cmd { return m.step(-10) }, "pgdown", "shift+down", "J"),
		bind(groupLoad, "v", "type a number of virtual users", "exact", openPrompt(promptUsers), "v"),
		bind(groupLoad, "r", "type an arrival rate (open model); 0 goes back", "", openPrompt(promptRate), "r"),
		bind(groupLoad, "s", "spike on or off", "spike", (*Model).toggleSpike, "s"),
		bind(groupLoad, "space", "pause, resume", "pause", (*Model).togglePause, " "),
		bind(groupLoad, "h", "hold the level reached, go on", "hold", (*Model).toggleHold, "h"),

		bind(groupShape, "m", "channel mix: per run or per brand", "mix", (*Model).openMix, "m"),
		bind(groupShape, "t", "type a think time", "", openPrompt(promptThink), "t"),
		bind(groupShape, "R", "type how long a change takes to arrive", "", openPrompt(promptRamp), "R"),
		bind(groupShape, "S", "type the spike multiplier", "", openPrompt(promptFactor), "S"),
		bind(groupShape, "c", "close and reopen connections", "", (*Model).recycle, "c"),

		bind(groupView, "f", "zoom a chart; Esc closes", "zoom", (*Model).zoom, "f", "enter"),
		bind(groupView, "Tab", "zoom the next chart", "", (*Model).nextChart, "tab"),
		bind(groupView, "[ ]", "shorter, longer time range: 1, 5, 15 min, all", "range", nil),
		bind(groupView, "[", "", "", func(m *Model) tea.Cmd { return m.moveRange(-1) }, "["),
		bind(groupView, "]", "", "", func(m *Model) tea.Cmd { return m.moveRange(+1) }, "]"),
		bind(groupView, "l", "the whole timeline", "", (*Model).openLog, "l"),
		bind(groupView, "?", "this help", "help", (*Model).openHelp, "?"),

		bind(groupRun, "n", "write a note into the timeline", "note", openPrompt(promptNote), "n"),
		bind(groupRun, "e", "write the report now", "report", (*Model).export, "e"),
		bind(groupRun, "x", "HALT: everything back to the start at once", "HALT", (*Model).halt, "x", "X"),
		bind(groupRun, "u", "release after a halt", "", (*Model).release, "u"),
		bind(groupRun, "q", "stop the run and write the report; asks once", "quit", (*Model).askQuit, "q"),
		bind(groupRun, "Ctrl+C", "the same; twice leaves at once", "", nil),
		bind(groupRun, "Esc", "close what is open", "", (*Model).escape, "esc"),
	}
}

// shown tells whether the row stands in the help screen.
func (r keyRow) shown() bool { return r.binding.Help().Desc != "" }
