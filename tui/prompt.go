package tui

import (
	"strconv"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// promptRow is a question for one value.
type promptRow struct {
	title   string
	accepts string
	limit   int                                           // longest input in characters
	current func(*Model) string                           // shown beside the title; "" shows nothing
	take    func(*Model, string) (cmd tea.Cmd, err error) // reads the input and sends the command
}

type promptID uint8

const (
	promptUsers promptID = iota
	promptRate
	promptThink
	promptRamp
	promptFactor
	promptNote
	numPrompts = iota
)

func promptTable() [numPrompts]promptRow {
	set := func(m *Model) load.Settings { return m.scene.now.Load.Settings }
	return [numPrompts]promptRow{
		promptUsers: {
			"Virtual users", acceptsUsers, 12,
			func(m *Model) string { return formatInt(set(m).VUs) },
			func(m *Model, s string) (tea.Cmd, error) {
				n, err := parseUsers(s)
				if err != nil {
					return nil, err
				}
				return m.setVUs(set(m).VUs, n), nil
			},
		},
		promptRate: {
			"Arrival rate", acceptsRate, 14,
			func(m *Model) string {
				if !set(m).Open() {
					return "closed model"
				}
				return formatNumber(set(m).Rate) + "/s"
			},
			func(m *Model, s string) (tea.Cmd, error) {
				v, err := parseRate(s)
				if err != nil {
					return nil, err
				}
				echo := "rate " + formatNumber(v) + "/s: latency now counts from the time a send was due"
				if v == 0 {
					echo = "back to virtual users"
				}
				m.intent = intent{}
				return m.send(echo, request{kind: kindLevel, ask: command.SetRate{PerSecond: v}}), nil
			},
		},
		promptThink: {
			"Think time", acceptsThink, 24,
			func(m *Model) string { return thinkText(set(m).Think) },
			func(m *Model, s string) (tea.Cmd, error) {
				t, err := parseThink(s)
				if err != nil {
					return nil, err
				}
				return m.send("think time "+thinkText(t), request{ask: command.SetThink{Min: command.Duration(t.Min), Max: command.Duration(t.Max)}}), nil
			},
		},
		promptRamp: {
			"Ramp time", acceptsRamp, 12,
			func(m *Model) string { return formatSpan(set(m).Ramp) },
			func(m *Model, s string) (tea.Cmd, error) {
				d, err := parseRamp(s)
				if err != nil {
					return nil, err
				}
				return m.send("ramp time "+formatSpan(d), request{ask: command.SetRamp{Over: command.Duration(d)}}), nil
			},
		},
		promptFactor: {
			"Spike multiplier", acceptsFactor, 8,
			func(m *Model) string { return strconv.FormatFloat(set(m).SpikeFactor, 'g', 4, 64) + "×" },
			func(m *Model, s string) (tea.Cmd, error) {
				f, err := parseFactor(s)
				if err != nil {
					return nil, err
				}
				echo := "spike multiplier " + strconv.FormatFloat(f, 'g', 4, 64) + "×"
				return m.send(echo, request{ask: command.SetSpikeFactor{Factor: f}}), nil
			},
		},
		promptNote: {
			"Note", acceptsNote, command.MaxNote,
			func(*Model) string { return "" },
			func(m *Model, s string) (tea.Cmd, error) {
				text, err := parseNote(s)
				if err != nil {
					return nil, err
				}
				return m.send("noted", request{ask: command.Note{Text: text}}), nil
			},
		},
	}
}

// promptMode asks for one value over the screen.
type promptMode struct {
	row   promptRow
	input textinput.Model
	err   error
}

func openPrompt(id promptID) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		row := promptTable()[id]
		m.mode = &promptMode{row: row, input: newInput(row.limit)}
		return nil
	}
}

func newInput(limit int) textinput.Model {
	input := textinput.New()
	input.CharLimit = limit
	input.Focus()
	return input
}

// key edits the input. A bad input stays, with a message that names what is accepted.
func (p *promptMode) key(m *Model, k tea.KeyMsg) tea.Cmd {
	switch k.Type {
	case tea.KeyEsc:
		m.mode = nil
		return nil
	case tea.KeyEnter:
		cmd, err := p.row.take(m, p.input.Value())
		if p.err = err; err == nil {
			m.mode = nil
		}
		return cmd
	}
	p.err = nil
	p.input, _ = p.input.Update(k)
	return nil
}

// paste adds pasted text to the input.
func (p *promptMode) paste(k tea.KeyMsg) {
	p.err = nil
	p.input, _ = p.input.Update(k)
}

// draw shows the question, what is accepted, and what was wrong.
func (p *promptMode) draw(m *Model, frame *grid.Grid) {
	st := m.scene.styles
	x, y, w, _ := bottomBox(frame, st, 78, 6, p.row.title)
	ground := st.sheet.Bg
	at := x
	if now := p.row.current(m); now != "" {
		at += frame.Text(x, y, w, now+" → ", st.dim.On(ground))
	}
	drawInput(frame, at, y, x+w-at, p.input, st)
	if p.err != nil {
		drawWrapped(frame, x, y+1, w, 3, "✗ "+p.err.Error(), st.bad.On(ground))
		return
	}
	drawWrapped(frame, x, y+1, w, 2, p.row.accepts, st.dim.On(ground))
	frame.Text(x, y+3, w, "Enter sets it, Esc leaves it", st.dim.On(ground))
}

// drawInput draws a line being edited with its cursor, scrolled so that the cursor is in view.
func drawInput(frame *grid.Grid, x, y, w int, input textinput.Model, st *styles) {
	text := []rune(input.Value())
	at := min(input.Position(), len(text))
	first := 0
	for first < at && grid.Width(string(text[first:at])) >= w {
		first++
	}
	style := st.strong.On(st.sheet.Bg)
	frame.Text(x, y, w, string(text[first:]), style)
	cursor := x + grid.Width(string(text[first:at]))
	if frame.At(cursor, y).Rune == 0 || at == len(text) {
		frame.Set(cursor, y, ' ', style)
	}
	frame.Restyle(cursor, y, 1, 1, func(s grid.Style) grid.Style { return s.With(grid.Reverse) })
}

// drawWrapped writes a sentence over at most rows rows, broken at blanks.
func drawWrapped(frame *grid.Grid, x, y, w, rows int, text string, style grid.Style) {
	for row := range rows {
		line, rest := breakLine(text, w)
		if row == rows-1 {
			line = text
		}
		frame.Text(x, y+row, w, line, style)
		if text = rest; text == "" {
			return
		}
	}
}

// breakLine splits a sentence at the last blank that fits.
func breakLine(text string, w int) (line, rest string) {
	if grid.Width(text) <= w {
		return text, ""
	}
	cut, used := -1, 0
	for i, r := range text {
		if r == ' ' {
			cut = i
		}
		if used += grid.Width(string(r)); used > w {
			break
		}
	}
	if cut <= 0 {
		return text, ""
	}
	return text[:cut], text[cut+1:]
}
