package tui

import (
	"strconv"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// mixMode edits the channel weights of the run or of one brand. Each change is sent at once.
type mixMode struct {
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
	do      func(*mixMode, *Model) tea.Cmd
}

// mixKeys is the editor's keymap; its help line is made from it.
func mixKeys() []mixKey {
	bind := func(label, help string, do func(*mixMode, *Model) tea.Cmd, keys ...string) mixKey {
		return mixKey{key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, help)), do}
	}
	raise := func(by float64) func(*mixMode, *Model) tea.Cmd {
		return func(e *mixMode, m *Model) tea.Cmd { return e.set(m, e.weights[e.channel]+by) }
	}
	return []mixKey{
		bind("↑ ↓", "channel", func(e *mixMode, _ *Model) tea.Cmd { return e.move(-1) }, "up", "k"),
		bind("", "", func(e *mixMode, _ *Model) tea.Cmd { return e.move(+1) }, "down", "j"),
		bind("← →", "weight", raise(-1), "left"),
		bind("", "", raise(+1), "right"),
		bind("", "", raise(-10), "shift+left"),
		bind("", "", raise(+10), "shift+right"),
		bind("0-9", "type it", nil),
		bind("Tab", "run or brand", func(e *mixMode, m *Model) tea.Cmd { return e.turn(m, +1) }, "tab"),
		bind("", "", func(e *mixMode, m *Model) tea.Cmd { return e.turn(m, -1) }, "shift+tab"),
		bind("r", "reset", func(e *mixMode, m *Model) tea.Cmd { return e.reset(m) }, "r"),
		bind("Esc", "close", func(_ *mixMode, m *Model) tea.Cmd { m.mode = nil; return nil }, "esc", "m", "enter"),
		bind("", "", func(_ *mixMode, m *Model) tea.Cmd { return m.halt() }, "x", "X"),
	}
}

func (m *Model) openMix() tea.Cmd {
	e := &mixMode{keys: mixKeys(), input: newInput(8)}
	e.load(m)
	m.mode = e
	return nil
}

// load takes the weights of the scope as they are wanted now.
func (e *mixMode) load(m *Model) {
	set := m.scene.now.Load.Settings
	w := m.scene.now.Mix
	if e.scope == 0 && !set.Mix.IsZero() {
		w = set.Mix
	}
	if e.scope > 0 {
		brand := m.scene.now.Brands[e.scope-1]
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

func (e *mixMode) move(by int) tea.Cmd {
	e.channel = (e.channel + by + load.NumChannels) % load.NumChannels
	return nil
}

// turn goes to the next scope: the run, then each brand.
func (e *mixMode) turn(m *Model, by int) tea.Cmd {
	scopes := len(m.scene.now.Brands) + 1
	e.scope = (e.scope + by + scopes) % scopes
	e.err = nil
	e.load(m)
	return nil
}

// set gives the selected channel a weight and sends the mix.
func (e *mixMode) set(m *Model, weight float64) tea.Cmd {
	changed := e.weights
	changed[e.channel] = min(max(weight, 0), maxWeight)
	if err := changed.Validate(); err != nil {
		e.err = err
		return nil
	}
	e.err = nil
	e.weights = changed
	for c := range changed {
		changed[c] /= 100
	}
	text := m.scene.tables.channels[e.channel] + " weight " + weightText(e.weights[e.channel])
	return e.send(m, text, changed)
}

// reset goes back to the workload's weights.
func (e *mixMode) reset(m *Model) tea.Cmd {
	e.err = nil
	if e.scope == 0 {
		e.weights = percent(overall(m.scene.now.Brands, m.scene.now.Mix))
	} else {
		w := m.scene.now.Brands[e.scope-1].Channels
		if mix := m.scene.now.Load.Settings.Mix; !mix.IsZero() {
			w = mix
		}
		e.weights = percent(w.Normalised())
	}
	return e.send(m, "mix of "+e.name(m)+" reset", load.Weights{})
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

func (e *mixMode) send(m *Model, echo string, w load.Weights) tea.Cmd {
	c := request{kind: kindMix, ask: command.SetMix{Weights: weightsByName(w)}}
	if e.scope > 0 {
		id := m.scene.now.Brands[e.scope-1].BrandID
		c.kind += id
		c.ask = command.SetMix{Brand: id, Weights: weightsByName(w)}
	}
	return m.send(echo, c)
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
func (e *mixMode) name(m *Model) string {
	if e.scope == 0 {
		return "the whole run"
	}
	return m.scene.now.Brands[e.scope-1].Name
}

// key edits; a digit begins to type a weight.
func (e *mixMode) key(m *Model, k tea.KeyMsg) tea.Cmd {
	if e.scope > len(m.scene.now.Brands) {
		e.scope = 0
	}
	if e.typing {
		return e.typeKey(m, k)
	}
	for _, row := range e.keys {
		if row.do != nil && key.Matches(k, row.binding) {
			return row.do(e, m)
		}
	}
	if len(k.Runes) == 1 && (k.Runes[0] >= '0' && k.Runes[0] <= '9' || k.Runes[0] == '.') {
		e.typing = true
		e.input.SetValue("")
		return e.typeKey(m, k)
	}
	return nil
}

func (e *mixMode) typeKey(m *Model, k tea.KeyMsg) tea.Cmd {
	e.err = nil
	switch k.Type {
	case tea.KeyEsc:
		e.typing = false
		return nil
	case tea.KeyEnter:
		weight, err := parseWeight(e.input.Value())
		if err != nil {
			e.err = err
			return nil
		}
		e.typing = false
		return e.set(m, weight)
	}
	e.input, _ = e.input.Update(k)
	return nil
}

// paste adds pasted text to a weight that is being typed.
func (e *mixMode) paste(k tea.KeyMsg) {
	if e.typing {
		e.err = nil
		e.input, _ = e.input.Update(k)
	}
}

// draw shows the scopes, a row per channel, and the editor's keys.
func (e *mixMode) draw(m *Model, frame *grid.Grid) {
	st := m.scene.styles
	ground := st.sheet.Bg
	x, y, w, _ := bottomBox(frame, st, 78, load.NumChannels+6, "Channel mix")
	e.drawScopes(m, frame, x, y, w)
	shares := e.weights.Normalised()
	frame.TextRight(x+23, y+1, 10, "weight", st.dim.On(ground))
	frame.TextRight(x+33, y+1, 8, "share", st.dim.On(ground))
	frame.TextRight(x+w, y+1, 9, "is now", st.dim.On(ground))
	for c := range load.NumChannels {
		row := y + 2 + c
		sign := ' '
		if c == e.channel {
			sign = '▌'
		}
		frame.Set(x, row, sign, st.accent.On(ground))
		frame.Text(x+2, row, 12, m.scene.tables.channels[c], st.text.On(ground))
		frame.TextRight(x+23, row, 8, weightText(e.weights[c]), st.strong.On(ground))
		frame.TextRight(x+33, row, 8, wholePercent(shares[c], true), st.text.On(ground))
		hbar(frame, x+36, row, w-36-10, shares[c], grid.Style{Fg: inkTrend, Bg: ground}, st.faint.On(ground))
		frame.TextRight(x+w, row, 8, wholePercent(m.scene.calm.Shares[c], !m.scene.calm.Shares.IsZero()), st.dim.On(ground))
		if c == e.channel {
			frame.Restyle(x+1, row, w-1, 1, func(s grid.Style) grid.Style {
				s.Bg = st.pick.Bg
				return s.With(st.pick.Attr &^ grid.Bold)
			})
			if e.typing {
				frame.Fill(x+14, row, 9, 1, ' ', st.pick)
				drawInput(frame, x+15, row, 8, e.input, st)
			}
		}
	}
	foot := y + 2 + load.NumChannels
	if e.err != nil {
		drawWrapped(frame, x, foot, w, 2, "✗ "+e.err.Error(), st.bad.On(ground))
		return
	}
	if e.typing {
		frame.Text(x, foot, w, acceptsWeight+"; Enter sets it", st.dim.On(ground))
		return
	}
	e.drawKeys(frame, x, foot+1, w, st)
}

// drawScopes shows the run and the brands, scrolled so that the chosen one is in view.
func (e *mixMode) drawScopes(m *Model, frame *grid.Grid, x, y, w int) {
	st := m.scene.styles
	names := []string{"Whole run"}
	for _, b := range m.scene.now.Brands {
		names = append(names, b.Name)
	}
	const widest = 20
	first := max(e.scope-2, 0)
	for i := first; i < len(names) && w > 4; i++ {
		style := st.dim.On(st.sheet.Bg)
		if i == e.scope {
			style = st.badgeActive
		}
		n := frame.Text(x, y, min(widest, w), " "+names[i]+" ", style) + 1
		x, w = x+n, w-n
	}
	if e.scope >= 0 && len(names) > 1 {
		frame.TextRight(x+w, y, w, strconv.Itoa(e.scope+1)+" of "+strconv.Itoa(len(names)), st.dim.On(st.sheet.Bg))
	}
}

func (e *mixMode) drawKeys(frame *grid.Grid, x, y, w int, st *styles) {
	for _, row := range e.keys {
		help := row.binding.Help()
		if help.Key == "" {
			continue
		}
		n := frame.Text(x, y, w, help.Key, st.strong.On(st.sheet.Bg)) + 1
		n += frame.Text(x+n, y, w-n, help.Desc, st.dim.On(st.sheet.Bg)) + 2
		x, w = x+n, w-n
	}
}

// weightText writes a weight with at most one decimal.
func weightText(v float64) string { return strconv.FormatFloat(float64(int(v*10+0.5))/10, 'f', -1, 64) }
