package tui

import (
	"strconv"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/tui/dialog"
	"xinbot.ir/squall/tui/panel"
)

// keyRow is one key: what it is called, where it stands in the help, and what it does. The help
// line and the help screen are made from these rows.
type keyRow struct {
	binding key.Binding
	group   string
	short   string // in the help line; "" leaves it out
	rank    int    // the lower, the sooner it gets room in the help line
	do      func(*Model) tea.Cmd
}

func (r keyRow) matches(k tea.KeyMsg) bool { return key.Matches(k, r.binding) }

// bind makes a row. The first key is what the help shows unless label says otherwise.
func bind(group, label, help, short string, rank int, do func(*Model) tea.Cmd, keys ...string) keyRow {
	return keyRow{
		binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, help)),
		group:   group, short: short, rank: rank, do: do,
	}
}

// Groups of the help screen.
const (
	groupLoad   = "Load"
	groupFaults = "Faults"
	groupShape  = "Shape of the load"
	groupView   = "View"
	groupRun    = "Run"
)

// keymap is every key of the console.
func keymap() []keyRow {
	rows := []keyRow{
		bind(groupLoad, "↑ ↓", "VUs (open model: rate)", "VUs", 1, nil),
		bind(groupLoad, "↑", "", "", 0, func(m *Model) tea.Cmd { return m.step(+1) }, "up"),
		bind(groupLoad, "↓", "", "", 0, func(m *Model) tea.Cmd { return m.step(-1) }, "down"),
		bind(groupLoad, "PgUp PgDn", "in large steps", "", 0, nil),
		bind(groupLoad, "PgUp", "", "", 0, func(m *Model) tea.Cmd { return m.step(+10) }, "pgup", "shift+up"),
		bind(groupLoad, "PgDn", "", "", 0, func(m *Model) tea.Cmd { return m.step(-10) }, "pgdown", "shift+down"),
		bind(groupLoad, "v", "exact number of VUs", "exact", 5, asks(dialog.PromptUsers), "v"),
		bind(groupLoad, "r", "arrival rate, open model", "", 0, asks(dialog.PromptRate), "r"),
		bind(groupLoad, "s", "spike on, off", "spike", 1, (*Model).toggleSpike, "s"),
		bind(groupLoad, "space", "pause, resume", "pause", 2, (*Model).togglePause, " "),
		bind(groupLoad, "h", "hold this level, go on", "hold", 5, (*Model).toggleHold, "h"),

		bind(groupFaults, "1-9", "fault: ask, or revert", "faults", 1, nil),
		bind(groupFaults, "F", "all faults: look, change", "", 0, opens((*Model).faultList), "F"),

		bind(groupFaults, "k", "secrets: rotate, sign", "", 0, opens(func(*Model) (dialog.Dialog, tea.Cmd) { return dialog.NewRotation(), nil }), "k"),

		bind(groupShape, "m", "mix, by run or by brand", "mix", 3, opens(func(m *Model) (dialog.Dialog, tea.Cmd) { return dialog.NewMix(&m.state), nil }), "m"),
		bind(groupShape, "t", "think time", "", 0, asks(dialog.PromptThink), "t"),
		bind(groupShape, "R", "ramp time of a change", "", 0, asks(dialog.PromptRamp), "R"),
		bind(groupShape, "S", "spike multiplier", "", 0, asks(dialog.PromptFactor), "S"),
		bind(groupShape, "c", "renew the connections", "", 0, sends("closing connections; the next requests open new ones", command.RecycleConnections{}), "c"),

		bind(groupView, "g", "next page", "page", 2, (*Model).nextPage, "g"),
		bind(groupView, "f Tab", "zoom a chart, the next one", "", 0, nil),
		bind(groupView, "f", "", "zoom", 3, (*Model).zoom, "f", "enter"),
		bind(groupView, "Tab", "", "", 0, (*Model).nextChart, "tab"),
		bind(groupView, "d", "heatmap: time by latency", "heatmap", 4, (*Model).toggleHeatmap, "d"),
		bind(groupView, "[ ]", "time range of the charts", "range", 4, nil),
		bind(groupView, "[", "", "", 0, func(m *Model) tea.Cmd { return m.moveRange(-1) }, "["),
		bind(groupView, "]", "", "", 0, func(m *Model) tea.Cmd { return m.moveRange(+1) }, "]"),
		bind(groupView, "p", "figures of each phase", "phases", 4, opens(func(*Model) (dialog.Dialog, tea.Cmd) { return dialog.NewPhases(), nil }), "p"),
		bind(groupView, "l", "the whole timeline", "", 0, opens(func(*Model) (dialog.Dialog, tea.Cmd) { return dialog.NewTimeline(), nil }), "l"),
		bind(groupView, "Ctrl+L", "", "", 0, func(*Model) tea.Cmd { return tea.ClearScreen }, "ctrl+l"),
		bind(groupView, "?", "this help", "help", 0, opens(func(m *Model) (dialog.Dialog, tea.Cmd) { return dialog.NewHelp(helpLines(m.keys)), nil }), "?"),

		bind(groupRun, "n", "note in the timeline", "note", 3, asks(dialog.PromptNote), "n"),
		bind(groupRun, "e", "write the report now", "report", 4, (*Model).export, "e"),
		bind(groupRun, "x", "HALT: all back to start", "HALT", 0, (*Model).halt, "x", "X"),
		bind(groupRun, "u", "release after a halt", "", 0, (*Model).ReleaseHalt, "u"),
		bind(groupRun, "q", "stop and report; asks", "quit", 0, (*Model).askQuit, "q"),
		bind(groupRun, "Ctrl+C", "as q; twice leaves now", "", 0, nil),
		bind(groupRun, "Ctrl+X", "HALT while you type", "", 0, nil),
		bind(groupRun, "Ctrl+Z", "suspend, without faults", "", 0, (*Model).suspend, "ctrl+z"),
		bind(groupRun, "Esc", "close what is open", "", 0, (*Model).escape, "esc"),
	}
	for i := range panel.NumFaultKeys {
		key := strconv.Itoa(i + 1)
		rows = append(rows, bind(groupFaults, key, "", "", 0, opens(func(m *Model) (dialog.Dialog, tea.Cmd) { return m.FaultKey(i, nil) }), key))
	}
	return rows
}

// opens is what a key does that opens a dialog.
func opens(build func(*Model) (dialog.Dialog, tea.Cmd)) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd { return m.open(build(m)) }
}

// asks is what a key does that asks for a value.
func asks(id dialog.PromptID) func(*Model) tea.Cmd {
	return opens(func(*Model) (dialog.Dialog, tea.Cmd) { return dialog.NewPrompt(id), nil })
}

// sends is what a key does that gives a command which is always the same; echo says so on the screen.
func sends(echo string, c command.Command) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd { return m.Send(echo, dialog.Request{Command: c}) }
}

// shown reports whether the row stands in the help screen.
func (r keyRow) shown() bool { return r.binding.Help().Desc != "" }

// footerKeys are the keys of the help line.
func footerKeys(rows []keyRow) (keys []panel.Key) {
	for _, r := range rows {
		if r.short != "" {
			keys = append(keys, panel.Key{Label: r.binding.Help().Key, Short: r.short, Rank: r.rank})
		}
	}
	return keys
}

// helpLines are the lines of a keymap.
func helpLines(keys []keyRow) (lines []dialog.HelpLine) {
	group := ""
	for _, k := range keys {
		if !k.shown() {
			continue
		}
		if k.group != group {
			group = k.group
			lines = append(lines, dialog.HelpLine{Text: group})
		}
		help := k.binding.Help()
		lines = append(lines, dialog.HelpLine{Key: help.Key, Text: help.Desc})
	}
	return lines
}
