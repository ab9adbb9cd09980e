package tui

import (
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
)

// Kinds of command; a waiting one is replaced by a newer one of its kind.
const (
	kindLevel  = "level"
	kindMix    = "mix"
	kindSpike  = "spike"
	kindPause  = "pause"
	kindHold   = "hold"
	kindExport = "export"
)

// intentTime is how long a value that was asked for counts before a snapshot shows it.
const intentTime = time.Second

// step moves virtual users, or the rate in the open model, by small steps; ten of them are a large one.
func (m *Model) step(steps int) tea.Cmd {
	set := m.scene.now.Load.Settings
	fresh := m.options.Clock().Before(m.intent.expiry)
	if set.Open() || fresh && m.intent.open {
		from := set.Rate
		if fresh && m.intent.open {
			from = m.intent.rate
		}
		return m.setRate(from, float64(stepped(int(from), steps, load.MaxRate)))
	}
	from := set.VUs
	if fresh {
		from = m.intent.vus
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
		m.Say("virtual users stay at "+formatInt(to), false)
		return nil
	}
	return m.Send("virtual users "+formatInt(from)+" → "+formatInt(to), request{kind: kindLevel, ask: command.SetVUs{VUs: to}})
}

func (m *Model) setRate(from, to float64) tea.Cmd {
	if to == 0 && from > 0 {
		to = 1 // keys never leave the open model by accident; typing 0 does
	}
	if from == to {
		m.Say("rate stays at "+formatNumber(to)+"/s", false)
		return nil
	}
	return m.Send("rate "+formatNumber(from)+" → "+formatNumber(to)+"/s", request{kind: kindLevel, ask: command.SetRate{PerSecond: to}})
}

// flip turns an on-off the other way from what was last asked for, or shown, and returns its new state.
func (m *Model) flip(t *toggle, shown bool) bool {
	now := m.options.Clock()
	*t = toggle{on: !t.now(now, shown), expiry: now.Add(intentTime)}
	return t.on
}

func (m *Model) toggleSpike() tea.Cmd {
	set := m.scene.now.Load.Settings
	on := m.flip(&m.asked.spike, set.Spike)
	if on && m.scene.now.Status == session.Halted {
		m.asked.spike = toggle{}
		m.Say("spikes are blocked since the halt; press u to release", true)
		return nil
	}
	echo := "spike off"
	if on {
		echo = "spike on: " + strconv.FormatFloat(set.SpikeFactor, 'g', 4, 64) + " times the load"
	}
	return m.Send(echo, request{kind: kindSpike, ask: command.Spike{On: on}})
}

func (m *Model) togglePause() tea.Cmd {
	on := m.flip(&m.asked.pause, m.scene.now.Load.Settings.Paused)
	echo := "resumed"
	if on {
		echo = "paused: nothing is sent"
	}
	return m.Send(echo, request{kind: kindPause, ask: command.Pause{On: on}})
}

func (m *Model) toggleHold() tea.Cmd {
	on := m.flip(&m.asked.hold, m.scene.now.Load.Settings.Hold)
	echo := "hold released"
	if on {
		echo = "holding the level reached"
	}
	return m.Send(echo, request{kind: kindHold, ask: command.Hold{On: on}})
}

func (m *Model) recycle() tea.Cmd {
	return m.Send("closing connections; the next requests open new ones", request{ask: command.RecycleConnections{}})
}

// halt never asks and waits for nothing: it passes whatever is queued.
func (m *Model) halt() tea.Cmd {
	m.queue.drop()
	m.intent, m.asked = intent{}, toggles{}
	m.close()
	echo, then := "HALT: everything back to the baseline", "halted: load back to the baseline; spikes and faults blocked until u"
	if on := countFaults(m.scene.now.Faults).on; on > 0 {
		echo += ", " + faultCount(on) + " reverted"
		then = "halted: load back to the baseline, " + faultCount(on) + " being reverted; spikes and faults blocked until u"
	}
	m.Say(echo, true)
	return m.queue.perform(request{ask: command.Halt{}, then: then}, false)
}

// ReleaseHalt allows spikes and faults again after a halt.
func (m *Model) ReleaseHalt() tea.Cmd {
	if m.scene.now.Status != session.Halted {
		m.Say("nothing is halted", false)
		return nil
	}
	return m.Send("halt released", request{ask: command.ReleaseHalt{}})
}

// export writes the report beside the queue: it takes a moment and must not hold up a spike.
func (m *Model) export() tea.Cmd {
	if m.exporting {
		m.Say("the report is being written already", false)
		return nil
	}
	m.exporting = true
	m.Say("writing the report", false)
	return m.queue.perform(request{ask: command.Export{}, kind: kindExport}, false)
}

func (m *Model) moveRange(by int) tea.Cmd {
	ranges := timeRanges()
	for i, r := range ranges {
		if r == m.scene.span {
			m.scene.span = ranges[min(max(i+by, 0), len(ranges)-1)]
			break
		}
	}
	m.Say("charts show "+m.scene.span.name, false)
	return nil
}

func (m *Model) escape() tea.Cmd {
	m.focus = nil
	m.scene.message = footerMessage{}
	return nil
}

// interrupt is Ctrl+C: first as q, then out at once. The report is still written.
func (m *Model) interrupt() tea.Cmd {
	if m.ending {
		return m.quit()
	}
	if _, asking := m.dialog.(*quitDialog); asking {
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
	return m.open(newQuitDialog(&m.scene), nil)
}

// Finish ends the run; the console leaves when the report is on disk.
func (m *Model) Finish() tea.Cmd {
	m.ending = true
	m.Say("stopping: draining, then the report", false)
	m.queue.drop()
	return m.queue.perform(request{ask: command.Finish{}}, false)
}
