package tui

import (
	"strconv"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/tui/grid"
)

// promptRow is a question for one value.
type promptRow struct {
	title   string
	accepts string
	limit   int                                                      // longest input in characters
	current func(*scene) string                                      // shown beside the title; "" shows nothing
	read    func(*scene, string) (r request, echo string, err error) // the command for an input, and what to say
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

// prompts are the questions of the console.
var prompts = [numPrompts]promptRow{
	promptUsers: {
		"Virtual users", acceptsUsers, 12,
		func(s *scene) string { return formatInt(s.now.Load.Settings.VUs) },
		func(s *scene, text string) (request, string, error) {
			n, err := parseUsers(text)
			from := s.now.Load.Settings.VUs
			if from == n {
				return request{}, "virtual users stay at " + formatInt(n), err
			}
			return request{kind: kindLevel, ask: command.SetVUs{VUs: n}}, "virtual users " + formatInt(from) + " → " + formatInt(n), err
		},
	},
	promptRate: {
		"Arrival rate", acceptsRate, 14,
		func(s *scene) string {
			if set := s.now.Load.Settings; set.Open() {
				return formatNumber(set.Rate) + "/s"
			}
			return "closed model"
		},
		func(_ *scene, text string) (request, string, error) {
			v, err := parseRate(text)
			echo := "rate " + formatNumber(v) + "/s: latency now counts from the time a send was due"
			if v == 0 {
				echo = "back to virtual users"
			}
			return request{kind: kindLevel, ask: command.SetRate{PerSecond: v}}, echo, err
		},
	},
	promptThink: {
		"Think time", acceptsThink, 24,
		func(s *scene) string { return thinkText(s.now.Load.Settings.Think) },
		func(_ *scene, text string) (request, string, error) {
			t, err := parseThink(text)
			return request{ask: command.SetThink{Min: command.Duration(t.Min), Max: command.Duration(t.Max)}}, "think time " + thinkText(t), err
		},
	},
	promptRamp: {
		"Ramp time", acceptsRamp, 12,
		func(s *scene) string { return formatSpan(s.now.Load.Settings.Ramp) },
		func(_ *scene, text string) (request, string, error) {
			d, err := parseRamp(text)
			return request{ask: command.SetRamp{Over: command.Duration(d)}}, "ramp time " + formatSpan(d), err
		},
	},
	promptFactor: {
		"Spike multiplier", acceptsFactor, 8,
		func(s *scene) string { return formatFactor(s.now.Load.Settings.SpikeFactor) },
		func(_ *scene, text string) (request, string, error) {
			f, err := parseFactor(text)
			return request{ask: command.SetSpikeFactor{Factor: f}}, "spike multiplier " + formatFactor(f), err
		},
	},
	promptNote: {
		"Note", acceptsNote, command.MaxNote,
		func(*scene) string { return "" },
		func(_ *scene, text string) (request, string, error) {
			note, err := parseNote(text)
			return request{ask: command.Note{Text: note}}, "noted", err
		},
	},
}

// formatFactor writes a multiplier: 5×.
func formatFactor(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) + "×" }

// promptDialog asks for one value over the screen.
type promptDialog struct {
	row   promptRow
	input textinput.Model
	err   error
}

func newPrompt(id promptID) *promptDialog {
	row := prompts[id]
	return &promptDialog{row: row, input: newInput(row.limit)}
}

func newInput(limit int) textinput.Model {
	input := textinput.New()
	input.CharLimit = limit
	input.Focus()
	return input
}

// Update edits the input. A bad input stays, with a message that names what is accepted.
func (p *promptDialog) Update(msg tea.Msg, c commander) (dialog, tea.Cmd) {
	k, isKey := msg.(tea.KeyMsg)
	if !isKey {
		return p, nil
	}
	switch {
	case k.Type == tea.KeyEsc:
		return nil, nil
	case k.Type == tea.KeyEnter && !k.Paste:
		r, echo, err := p.row.read(c.State(), p.input.Value())
		if err != nil {
			p.err = err
			return p, nil
		}
		if r.ask == nil {
			c.Say(echo, false)
			return nil, nil
		}
		return nil, c.Send(echo, r)
	}
	p.err = nil
	p.input, _ = p.input.Update(k)
	return p, nil
}

// Keys set the value or leave it.
func (p *promptDialog) Keys(*scene) []hint {
	return []hint{{"Enter", "sets it"}, {"Ctrl+X", "HALT"}, {"Esc", "leaves it"}}
}

// Typing is always on.
func (p *promptDialog) Typing() bool { return true }

// View shows the question, what is accepted, and what was wrong.
func (p *promptDialog) View(frame *grid.Grid, s *scene) {
	st := s.styles
	x, y, w, _ := bottomBox(frame, st, 78, 6, p.row.title)
	ground := st.sheet.Bg
	at := x
	if now := p.row.current(s); now != "" {
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
