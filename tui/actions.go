package tui

import (
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/dialog"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/view"
)

// intentTime is how long a value that was asked for counts before a snapshot shows it.
const intentTime = time.Second

// step moves virtual users, or the rate in the open model, by small steps; ten of them are a large one.
func (m *Model) step(steps int) tea.Cmd {
	set := m.state.Now.Load.Settings
	fresh := m.options.Clock().Before(m.pendingLevel.expiry)
	if set.Open() || fresh && m.pendingLevel.open {
		from := set.Rate
		if fresh && m.pendingLevel.open {
			from = m.pendingLevel.rate
		}
		return m.setRate(from, float64(stepped(int(from), steps, load.MaxRate)))
	}
	from := set.VUs
	if fresh {
		from = m.pendingLevel.vus
	}
	return m.setVUs(from, stepped(from, steps, load.MaxVUs))
}

// stepped moves n by steps that grow with it: 1 below 10, 10 below 1,000, 100 below 10,000, and so
// on. Going down uses the step that went up.
func stepped(n, steps, most int) int {
	size := func(n int) int {
		switch {
		case n < 10:
			return 1
		case n < 1000:
			return 10
		case n < 10_000:
			return 100
		default:
			return 1000
		}
	}
	if steps < 0 {
		return max(n+steps*size(n-1), 0)
	}
	return min(n+steps*size(n), most)
}

func (m *Model) setVUs(from, to int) tea.Cmd {
	if from == to {
		m.Say("virtual users stay at "+units.Int(to), false)
		return nil
	}
	return m.Send("virtual users "+units.Int(from)+" → "+units.Int(to), dialog.Request{Kind: dialog.KindLevel, Command: command.SetVUs{VUs: to}})
}

func (m *Model) setRate(from, to float64) tea.Cmd {
	if to == 0 && from > 0 {
		to = 1 // keys never leave the open model by accident; typing 0 does
	}
	if from == to {
		m.Say("rate stays at "+units.Number(to)+"/s", false)
		return nil
	}
	return m.Send("rate "+units.Number(from)+" → "+units.Number(to)+"/s", dialog.Request{Kind: dialog.KindLevel, Command: command.SetRate{PerSecond: to}})
}

// flip turns an on-off the other way from what was last asked for, or shown, and returns its new state.
func (m *Model) flip(t *pendingToggle, shown bool) bool {
	now := m.options.Clock()
	*t = pendingToggle{on: !t.now(now, shown), expiry: now.Add(intentTime)}
	return t.on
}

func (m *Model) toggleSpike() tea.Cmd {
	set := m.state.Now.Load.Settings
	on := m.flip(&m.pendingToggles.spike, set.Spike)
	if on && m.state.Now.Status == session.Halted {
		m.pendingToggles.spike = pendingToggle{}
		m.Say("spikes are blocked since the halt; press u to release", true)
		return nil
	}
	echo := "spike off"
	if on {
		echo = "spike on: " + strconv.FormatFloat(set.SpikeFactor, 'g', 4, 64) + " times the load"
	}
	return m.Send(echo, dialog.Request{Kind: dialog.KindSpike, Command: command.Spike{On: on}})
}

func (m *Model) togglePause() tea.Cmd {
	on := m.flip(&m.pendingToggles.pause, m.state.Now.Load.Settings.Paused)
	echo := "resumed"
	if on {
		echo = "paused: nothing is sent"
	}
	return m.Send(echo, dialog.Request{Kind: dialog.KindPause, Command: command.Pause{On: on}})
}

func (m *Model) toggleHold() tea.Cmd {
	on := m.flip(&m.pendingToggles.hold, m.state.Now.Load.Settings.Hold)
	echo := "hold released"
	if on {
		echo = "holding the level reached"
	}
	return m.Send(echo, dialog.Request{Kind: dialog.KindHold, Command: command.Hold{On: on}})
}

// halt never asks and waits for nothing: it passes whatever is queued.
func (m *Model) halt() tea.Cmd {
	m.queue.drop()
	m.pendingLevel, m.pendingToggles = pendingLevel{}, pendingToggles{}
	m.close()
	echo, then := "HALT: everything back to the baseline", "halted: load back to the baseline; spikes and faults blocked until u"
	if on := panel.CountFaults(m.state.Now.Faults).On; on > 0 {
		echo += ", " + panel.FaultCount(on) + " reverted"
		then = "halted: load back to the baseline, " + panel.FaultCount(on) + " being reverted; spikes and faults blocked until u"
	}
	m.Say(echo, true)
	return m.queue.perform(dialog.Request{Command: command.Halt{}, Then: then}, false)
}

// ReleaseHalt allows spikes and faults again after a halt.
func (m *Model) ReleaseHalt() tea.Cmd {
	if m.state.Now.Status != session.Halted {
		m.Say("nothing is halted", false)
		return nil
	}
	return m.Send("halt released", dialog.Request{Command: command.ReleaseHalt{}})
}

// export writes the report beside the queue: it takes a moment and must not hold up a spike.
func (m *Model) export() tea.Cmd {
	if m.exporting {
		m.Say("the report is being written already", false)
		return nil
	}
	m.exporting = true
	m.Say("writing the report", false)
	return m.queue.perform(dialog.Request{Command: command.Export{}, Kind: dialog.KindExport}, false)
}

func (m *Model) moveRange(by int) tea.Cmd {
	ranges := view.TimeRanges()
	for i, r := range ranges {
		if r == m.state.TimeRange {
			m.state.TimeRange = ranges[min(max(i+by, 0), len(ranges)-1)]
			break
		}
	}
	m.Say("charts show "+m.state.TimeRange.Name, false)
	return nil
}

// nextPage goes round the pages.
func (m *Model) nextPage() tea.Cmd {
	m.zoomed = nil
	m.page = (m.page + 1) % len(m.pages)
	m.resize(m.state.Width, m.state.Height)
	m.Say("page: "+m.pages[m.page].name, false)
	return nil
}

func (m *Model) escape() tea.Cmd {
	m.zoomed = nil
	m.state.Message = view.FooterMessage{}
	return nil
}

// interrupt is Ctrl+C: first as q, then out at once. The report is still written.
func (m *Model) interrupt() tea.Cmd {
	if m.ending {
		return m.quit()
	}
	if _, asking := m.dialog.(*dialog.Quit); asking {
		if err := m.do(command.Finish{}); err != nil {
			m.Say(err.Error(), true)
		}
		return m.quit()
	}
	return m.askQuit()
}

// askQuit asks once while a run is going on.
func (m *Model) askQuit() tea.Cmd {
	if m.ending {
		m.Say("draining; the report is on its way (Ctrl+C leaves now)", false)
		return nil
	}
	return m.open(dialog.NewQuit(&m.state), nil)
}

// Finish ends the run; the console leaves when the report is on disk.
func (m *Model) Finish() tea.Cmd {
	m.ending = true
	m.Say("stopping: draining, then the report", false)
	m.queue.drop()
	return m.queue.perform(dialog.Request{Command: command.Finish{}}, false)
}
