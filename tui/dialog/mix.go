package dialog

import (
	"strconv"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Mix edits the channel weights of the run or of one brand. Each change is sent at once.
type Mix struct {
	keys    []mixKey
	scope   int // 0: the run; else brand scope-1
	channel int
	weights load.Weights // as shown, in hundredths of the run
	typing  bool
	input   textinput.Model
	err     error
}

// mixKey is one key of the editor.
type mixKey struct {
	binding key.Binding
	do      func(*Mix, Console) tea.Cmd
}

// mixKeys is the editor's keymap; its help line is made from it.
var mixKeys = []mixKey{
	bindMix("↑ ↓", "channel", func(e *Mix, _ Console) tea.Cmd { return e.move(-1) }, "up", "k"),
	bindMix("", "", func(e *Mix, _ Console) tea.Cmd { return e.move(+1) }, "down", "j"),
	bindMix("← →", "weight", raiseWeight(-1), "left"),
	bindMix("", "", raiseWeight(+1), "right"),
	bindMix("", "", raiseWeight(-10), "shift+left"),
	bindMix("", "", raiseWeight(+10), "shift+right"),
	bindMix("0-9", "type it", nil),
	bindMix("Tab", "run or brand", func(e *Mix, c Console) tea.Cmd { return e.turn(c, +1) }, "tab"),
	bindMix("", "", func(e *Mix, c Console) tea.Cmd { return e.turn(c, -1) }, "shift+tab"),
	bindMix("r", "reset", func(e *Mix, c Console) tea.Cmd { return e.reset(c) }, "r"),
	bindMix("Esc", "close", nil, "esc", "m", "enter"),
}

func bindMix(label, help string, do func(*Mix, Console) tea.Cmd, keys ...string) mixKey {
	return mixKey{key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, help)), do}
}

func raiseWeight(by float64) func(*Mix, Console) tea.Cmd {
	return func(e *Mix, c Console) tea.Cmd { return e.set(c, e.weights[e.channel]+by) }
}

// NewMix opens the editor at the mix of the whole run.
func NewMix(s *view.State) *Mix {
	e := &Mix{keys: mixKeys, input: newInput(8)}
	e.load(s)
	return e
}

// load takes the weights of the scope as they are wanted now.
func (e *Mix) load(s *view.State) {
	set := s.Now.Load.Settings
	w := s.Now.Mix
	if e.scope == 0 && !set.Mix.IsZero() {
		w = set.Mix
	}
	if e.scope > 0 {
		brand := s.Now.Brands[e.scope-1]
		w = brand.Channels
		if !set.Mix.IsZero() {
			w = set.Mix
		}
		if own, ok := set.BrandMix[brand.BrandID]; ok && !own.IsZero() {
			w = own
		}
	}
	e.weights = percent(w.Normalised())
}

// percent scales shares to hundredths, rounded so that weights read well.
func percent(w load.Weights) load.Weights {
	for c := range w {
		w[c] = float64(int(w[c]*1000+0.5)) / 10
	}
	return w
}

func (e *Mix) move(by int) tea.Cmd {
	e.channel = (e.channel + by + load.NumChannels) % load.NumChannels
	return nil
}

// turn goes to the next scope: the run, then each brand.
func (e *Mix) turn(c Console, by int) tea.Cmd {
	scopes := len(c.State().Now.Brands) + 1
	e.scope = (e.scope + by + scopes) % scopes
	e.err = nil
	e.load(c.State())
	return nil
}

// set gives the selected channel a weight and sends the mix.
func (e *Mix) set(c Console, weight float64) tea.Cmd {
	changed := e.weights
	changed[e.channel] = min(max(weight, 0), maxWeight)
	if err := changed.Validate(); err != nil {
		e.err = err
		return nil
	}
	e.err = nil
	e.weights = changed
	for channel := range changed {
		changed[channel] /= 100
	}
	text := load.Channel(e.channel).String() + " weight " + weightText(e.weights[e.channel])
	return e.send(c, text, changed)
}

// reset goes back to the workload's weights.
func (e *Mix) reset(c Console) tea.Cmd {
	e.err = nil
	s := c.State()
	if e.scope == 0 {
		e.weights = percent(overall(s.Now.Brands, s.Now.Mix))
	} else {
		w := s.Now.Brands[e.scope-1].Channels
		if mix := s.Now.Load.Settings.Mix; !mix.IsZero() {
			w = mix
		}
		e.weights = percent(w.Normalised())
	}
	return e.send(c, "mix of "+e.name(s)+" reset", load.Weights{})
}

// overall is the run's mix when every brand sends alike: the mean of the brands' shares.
func overall(brands []load.Brand, otherwise load.Weights) (sum load.Weights) {
	if len(brands) == 0 {
		return otherwise
	}
	for _, b := range brands {
		for c, share := range b.Channels.Normalised() {
			sum[c] += share
		}
	}
	return sum.Normalised()
}

func (e *Mix) send(c Console, echo string, w load.Weights) tea.Cmd {
	r := Request{Kind: kindMix, Command: command.SetMix{Weights: weightsByName(w)}}
	if e.scope > 0 {
		id := c.State().Now.Brands[e.scope-1].BrandID
		r.Kind += id
		r.Command = command.SetMix{Brand: id, Weights: weightsByName(w)}
	}
	return c.Send(echo, r)
}

// weightsByName are weights as a command has them; none when no weight is set.
func weightsByName(w load.Weights) map[string]float64 {
	if w.IsZero() {
		return nil
	}
	byName := map[string]float64{}
	for channel, weight := range w {
		byName[load.Channel(channel).String()] = weight
	}
	return byName
}

// name is the scope in words.
func (e *Mix) name(s *view.State) string {
	if e.scope == 0 {
		return "the whole run"
	}
	return s.Now.Brands[e.scope-1].Name
}

// Update edits; a digit begins to type a weight.
func (e *Mix) Update(msg tea.Msg, c Console) (Dialog, tea.Cmd) {
	if e.scope > len(c.State().Now.Brands) {
		e.scope = 0
	}
	k, isKey := msg.(tea.KeyMsg)
	if !isKey || k.Paste && !e.typing {
		return e, nil
	}
	if e.typing {
		return e, e.typeKey(c, k)
	}
	for _, row := range e.keys {
		switch {
		case !key.Matches(k, row.binding):
		case row.do == nil:
			return nil, nil
		default:
			return e, row.do(e, c)
		}
	}
	if len(k.Runes) == 1 && (k.Runes[0] >= '0' && k.Runes[0] <= '9' || k.Runes[0] == '.') {
		e.typing = true
		e.input.SetValue("")
		return e, e.typeKey(c, k)
	}
	return e, nil
}

func (e *Mix) typeKey(c Console, k tea.KeyMsg) tea.Cmd {
	e.err = nil
	switch {
	case k.Type == tea.KeyEsc:
		e.typing = false
		return nil
	case k.Type == tea.KeyEnter && !k.Paste:
		weight, err := parseWeight(e.input.Value())
		if err != nil {
			e.err = err
			return nil
		}
		e.typing = false
		return e.set(c, weight)
	}
	e.input, _ = e.input.Update(k)
	return nil
}

// Keys are the editor's, from its keymap.
func (e *Mix) Keys(*view.State) (hints []Hint) {
	for _, row := range e.keys {
		if help := row.binding.Help(); help.Key != "" {
			hints = append(hints, Hint{help.Key, help.Desc})
		}
	}
	return hints
}

// Typing is on while a weight is typed.
func (e *Mix) Typing() bool { return e.typing }

// View shows the scopes, a row per channel, and the editor's keys.
func (e *Mix) View(frame *grid.Grid, s *view.State) {
	st := s.Styles
	ground := st.Sheet.Bg
	x, y, w, _ := bottomBox(frame, st, 78, load.NumChannels+6, "Channel mix")
	e.drawScopes(s, frame, x, y, w)
	shares := e.weights.Normalised()
	frame.TextRight(x+23, y+1, 10, "weight", st.Dim.On(ground))
	frame.TextRight(x+33, y+1, 8, "share", st.Dim.On(ground))
	frame.TextRight(x+w, y+1, 9, "is now", st.Dim.On(ground))
	for c := range load.NumChannels {
		row := y + 2 + c
		sign := ' '
		if c == e.channel {
			sign = '▌'
		}
		frame.Set(x, row, sign, st.Accent.On(ground))
		frame.Text(x+2, row, 12, load.Channel(c).String(), st.Text.On(ground))
		frame.TextRight(x+23, row, 8, weightText(e.weights[c]), st.Strong.On(ground))
		frame.TextRight(x+33, row, 8, panel.WholePercent(shares[c], true), st.Text.On(ground))
		chart.HBar(frame, x+36, row, w-36-10, shares[c], grid.Style{Fg: theme.InkTrend, Bg: ground}, st.Faint.On(ground))
		frame.TextRight(x+w, row, 8, panel.WholePercent(s.LastSecond.Shares[c], !s.LastSecond.Shares.IsZero()), st.Dim.On(ground))
		if c == e.channel {
			frame.Restyle(x+1, row, w-1, 1, func(s grid.Style) grid.Style {
				s.Bg = st.Pick.Bg
				return s.With(st.Pick.Attr &^ grid.Bold)
			})
			if e.typing {
				frame.Fill(x+14, row, 9, 1, ' ', st.Pick)
				drawInput(frame, x+15, row, 8, e.input, st)
			}
		}
	}
	foot := y + 2 + load.NumChannels
	if e.err != nil {
		drawWrapped(frame, x, foot, w, 2, "✗ "+e.err.Error(), st.Bad.On(ground))
		return
	}
	if e.typing {
		frame.Text(x, foot, w, acceptsWeight+"; Enter sets it", st.Dim.On(ground))
		return
	}
	drawKeyLine(frame, x, foot+1, w, st, e.Keys(s))
}

// drawScopes shows the run and the brands, scrolled so that the chosen one is in view.
func (e *Mix) drawScopes(s *view.State, frame *grid.Grid, x, y, w int) {
	st := s.Styles
	names := []string{"Whole run"}
	for _, b := range s.Now.Brands {
		names = append(names, b.Name)
	}
	const widest = 20
	first := max(e.scope-2, 0)
	for i := first; i < len(names) && w > 4; i++ {
		style := st.Dim.On(st.Sheet.Bg)
		if i == e.scope {
			style = st.BadgeActive
		}
		n := frame.Text(x, y, min(widest, w), " "+names[i]+" ", style) + 1
		x, w = x+n, w-n
	}
	if e.scope >= 0 && len(names) > 1 {
		frame.TextRight(x+w, y, w, strconv.Itoa(e.scope+1)+" of "+strconv.Itoa(len(names)), st.Dim.On(st.Sheet.Bg))
	}
}

// drawKeyLine writes keys and what they do on a box's ground.
func drawKeyLine(frame *grid.Grid, x, y, w int, st *theme.Styles, hints []Hint) {
	for _, h := range hints {
		n := frame.Text(x, y, w, h.Key, st.Strong.On(st.Sheet.Bg)) + 1
		n += frame.Text(x+n, y, w-n, h.Text, st.Dim.On(st.Sheet.Bg)) + 2
		x, w = x+n, w-n
	}
}

// weightText writes a weight with at most one decimal.
func weightText(v float64) string { return strconv.FormatFloat(float64(int(v*10+0.5))/10, 'f', -1, 64) }
