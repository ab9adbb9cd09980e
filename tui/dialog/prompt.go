package dialog

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// promptRow is a question for one value.
type promptRow struct {
	title   string
	accepts string
	limit   int                                                           // longest input in characters
	current func(*view.State) string                                      // shown beside the title; "" shows nothing
	read    func(*view.State, string) (r Request, echo string, err error) // the command for an input, and what to say
}

// PromptID names a question.
type PromptID uint8

// The questions.
const (
	PromptUsers PromptID = iota
	PromptRate
	PromptThink
	PromptRamp
	PromptFactor
	PromptNote
	numPrompts = iota
)

// prompts are the questions of the console.
var prompts = [numPrompts]promptRow{
	PromptUsers: {
		"Virtual users", acceptsUsers, 12,
		func(s *view.State) string {
			text := units.Int(s.Now.Load.Settings.VUs)
			if s.Now.Load.Settings.Spike {
				text += " without the spike"
			}
			return text
		},
		func(s *view.State, text string) (Request, string, error) {
			n, err := parseUsers(text)
			from := s.Now.Load.Settings.VUs
			if from == n {
				return Request{}, "virtual users stay at " + units.Int(n), err
			}
			return Request{Kind: KindLevel, Command: command.SetVUs{VUs: n}}, "virtual users " + units.Int(from) + " → " + units.Int(n), err
		},
	},
	PromptRate: {
		"Arrival rate", acceptsRate, 14,
		func(s *view.State) string {
			if set := s.Now.Load.Settings; set.Open() {
				return units.Number(set.Rate) + "/s"
			}
			return "closed model"
		},
		func(_ *view.State, text string) (Request, string, error) {
			v, err := parseRate(text)
			echo := "rate " + units.Number(v) + "/s: latency now counts from the time a send was due"
			if v == 0 {
				echo = "back to virtual users"
			}
			return Request{Kind: KindLevel, Command: command.SetRate{PerSecond: v}}, echo, err
		},
	},
	PromptThink: {
		"Think time", acceptsThink, 24,
		func(s *view.State) string { return s.Now.Load.Settings.Think.Text() },
		func(_ *view.State, text string) (Request, string, error) {
			t, err := parseThink(text)
			return Request{Command: command.SetThink{Min: command.Duration(t.Min), Max: command.Duration(t.Max)}}, "think time " + t.Text(), err
		},
	},
	PromptRamp: {
		"Ramp time", acceptsRamp, 12,
		func(s *view.State) string { return units.Duration(s.Now.Load.Settings.Ramp) },
		func(_ *view.State, text string) (Request, string, error) {
			d, err := parseRamp(text)
			return Request{Command: command.SetRamp{Over: command.Duration(d)}}, "ramp time " + units.Duration(d), err
		},
	},
	PromptFactor: {
		"Spike multiplier", acceptsFactor, 8,
		func(s *view.State) string { return units.Factor(s.Now.Load.Settings.SpikeFactor) },
		func(_ *view.State, text string) (Request, string, error) {
			f, err := parseFactor(text)
			return Request{Command: command.SetSpikeFactor{Factor: f}}, "spike multiplier " + units.Factor(f), err
		},
	},
	PromptNote: {
		"Note", acceptsNote, command.MaxNote,
		func(*view.State) string { return "" },
		func(_ *view.State, text string) (Request, string, error) {
			note, err := parseNote(text)
			return Request{Command: command.Note{Text: note}}, "noted", err
		},
	},
}

// Prompt asks for one value over the screen.
type Prompt struct {
	row   promptRow
	input textinput.Model
	err   error
}

// NewPrompt asks for a value.
func NewPrompt(id PromptID) *Prompt {
	row := prompts[id]
	return &Prompt{row: row, input: newInput(row.limit)}
}

func newInput(limit int) textinput.Model {
	input := textinput.New()
	input.CharLimit = limit
	input.Focus()
	return input
}

// Update edits the input. A bad input stays, with a message that names what is accepted.
func (p *Prompt) Update(msg tea.Msg, c Console) (Dialog, tea.Cmd) {
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
		if r.Command == nil {
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
func (p *Prompt) Keys(*view.State) []Hint {
	return []Hint{{"Enter", "sets it"}, {"Ctrl+X", "HALT"}, {"Esc", "leaves it"}}
}

// Typing is always on.
func (p *Prompt) Typing() bool { return true }

// View shows the question, what is accepted, and what was wrong.
func (p *Prompt) View(frame *grid.Grid, s *view.State) {
	st := s.Styles
	x, y, w, _ := bottomBox(frame, st, 78, 6, p.row.title)
	ground := st.Sheet.Bg
	at := x
	if now := p.row.current(s); now != "" {
		at += frame.Text(x, y, w, now+" → ", st.Dim.On(ground))
	}
	drawInput(frame, at, y, x+w-at, p.input, st)
	if p.err != nil {
		drawWrapped(frame, x, y+1, w, 3, "✗ "+p.err.Error(), st.Bad.On(ground))
		return
	}
	drawWrapped(frame, x, y+1, w, 2, p.row.accepts, st.Dim.On(ground))
	frame.Text(x, y+3, w, "Enter sets it, Esc leaves it", st.Dim.On(ground))
}

// drawInput draws a line being edited with its cursor, scrolled so that the cursor is in view.
func drawInput(frame *grid.Grid, x, y, w int, input textinput.Model, st *theme.Styles) {
	text := []rune(input.Value())
	at := min(input.Position(), len(text))
	first := 0
	for first < at && grid.Width(string(text[first:at])) >= w {
		first++
	}
	style := st.Strong.On(st.Sheet.Bg)
	frame.Text(x, y, w, string(text[first:]), style)
	cursor := x + grid.Width(string(text[first:at]))
	if frame.At(cursor, y).Rune == 0 || at == len(text) {
		frame.Set(cursor, y, ' ', style)
	}
	frame.Restyle(cursor, y, 1, 1, func(s grid.Style) grid.Style { return s.With(grid.Reverse) })
}

// drawWrapped writes a sentence over at most rows rows, broken at blanks; the last row has the rest, cut.
func drawWrapped(frame *grid.Grid, x, y, w, rows int, text string, style grid.Style) {
	lines := grid.Wrap(text, w)
	if len(lines) > rows {
		lines = append(lines[:rows-1], strings.Join(lines[rows-1:], " "))
	}
	for row, line := range lines {
		frame.Text(x, y+row, w, line, style)
	}
}
