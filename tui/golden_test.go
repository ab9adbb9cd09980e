package tui

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/muesli/termenv"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/view"
)

// look is a kind of terminal.
type look struct {
	name    string
	profile termenv.Profile
	dark    bool
	ascii   bool
}

func looks() []look {
	return []look{
		{"dark", termenv.TrueColor, true, false},
		{"light", termenv.TrueColor, false, false},
		{"nocolor", termenv.Ascii, true, false},
	}
}

// console returns a model of the session for a terminal, with a clock that follows the session.
func console(s *fakeSession, l look, w, h int) *Model {
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(l.profile)
	m := New(s, Options{
		Clock: func() time.Time { return s.started.Add(s.elapsed) }, Renderer: renderer, Dark: &l.dark, ASCII: l.ascii,
	})
	m.debounce = 1 // no test waits for a clock
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	m.Update(snapshotMsg{s.Snapshot()})
	if m.err != nil {
		panic(m.err)
	}
	return m
}

// press sends keys and carries out the commands that follow, as the program would.
func press(m *Model, keys ...string) {
	for _, k := range keys {
		_, cmd := m.Update(keyMsg(k))
		drain(m, cmd)
	}
}

// drain runs a command and everything that it leads to, ticks apart.
func drain(m *Model, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			drain(m, c)
		}
	case tea.QuitMsg, tickMsg, nil:
	default:
		_, next := m.Update(msg)
		drain(m, next)
	}
}

func keyMsg(k string) tea.KeyMsg {
	named := map[string]tea.KeyType{
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "enter": tea.KeyEnter, "esc": tea.KeyEsc,
		"tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "ctrl+c": tea.KeyCtrlC,
		"ctrl+d": tea.KeyCtrlD, "ctrl+r": tea.KeyCtrlR, "ctrl+x": tea.KeyCtrlX, "ctrl+z": tea.KeyCtrlZ, "ctrl+l": tea.KeyCtrlL,
		"backspace": tea.KeyBackspace, "home": tea.KeyHome, "end": tea.KeyEnd, "shift+up": tea.KeyShiftUp,
	}
	if t, ok := named[k]; ok {
		return tea.KeyMsg{Type: t}
	}
	if k == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune(k)}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

// frame draws and checks that the frame fits its terminal exactly.
func frame(t testing.TB, m *Model, w, h int) string {
	t.Helper()
	text := m.View()
	lines := strings.Split(text, "\n")
	if len(lines) != h {
		t.Fatalf("a frame at %dx%d has %d rows", w, h, len(lines))
	}
	for i, line := range lines {
		if got := ansi.StringWidth(line); got != w {
			t.Fatalf("row %d of a frame at %dx%d is %d wide: %q", i, w, h, got, ansi.Strip(line))
		}
	}
	return text
}

type size struct{ w, h int }

func sizes() []size { return []size{{80, 24}, {120, 36}, {200, 60}, {250, 70}} }

// TestGoldenScreens are whole frames: one of each kind of terminal at each layout. They are few, so that a new
// panel changes few of them; components have golden files of their own.
func TestGoldenScreens(t *testing.T) {
	all := looks()
	for _, c := range []struct {
		look look
		size size
	}{
		{all[0], size{80, 24}},
		{all[0], size{120, 36}},
		{all[0], size{200, 60}},
		{all[1], size{120, 36}},
		{all[2], size{80, 24}},
		{look{"16-colours", termenv.ANSI, true, false}, size{120, 36}},
		{look{"ascii", termenv.Ascii, true, true}, size{120, 36}},
	} {
		t.Run(fmt.Sprintf("%s-%dx%d", c.look.name, c.size.w, c.size.h), func(t *testing.T) {
			s := newFake()
			gameDay(s)
			golden.RequireEqual(t, []byte(frame(t, console(s, c.look, c.size.w, c.size.h), c.size.w, c.size.h)))
		})
	}
}

// component draws one panel at a size of its own, whatever the layout gives it.
func component(m *Model, p panel.Panel, w, h int) []byte {
	s := m.state
	p.SetSize(w, h)
	columns := 60
	if c, ok := p.(timeAxisPanel); ok {
		columns = c.Columns()
	}
	s.History = view.History{}
	s.History.Sync(s.LastSecond.Started, s.LastSecond.Load.Windows, s.TimeRange, columns)
	p.Sync(&s)
	return p.View().Encode(nil, s.Styles.Palette)
}

// components are the panels by name, each with the size at which its golden file is drawn.
func components() []struct {
	name  string
	panel panel.Panel
	w, h  int
} {
	rows := view.LatencyRows()
	return []struct {
		name  string
		panel panel.Panel
		w, h  int
	}{
		{"header", &panel.Header{}, 118, 3},
		{"stack", panel.NewStack(rows), 78, 10},
		{"gateway", panel.NewLatency(rows[0]), 64, 16},
		{"orchestrator", panel.NewLatency(rows[1]), 40, 13},
		{"automation", panel.NewLatency(rows[2]), 40, 13},
		{"pods", panel.NewPods(panel.NewRequestRate()), 64, 10},
		{"request-rate", panel.NewRequestRate(), 64, 10},
		{"virtual-users", panel.NewVirtualUsers(), 64, 10},
		{"failed-requests", panel.NewFailedRequests(), 64, 10},
		{"load", &panel.Load{}, 40, 7},
		{"mix", &panel.ChannelMix{}, 40, 7},
		{"objectives", &panel.Objectives{}, 62, 7},
		{"faults", &panel.Faults{}, 62, 7},
		{"faults-in-a-line", &panel.Faults{Pods: true}, 78, 2},
		{"faults-counted", &panel.Faults{}, 52, 1},
		{"flows", &panel.Flows{}, 44, 8},
		{"flows-and-errors", &panel.Flows{Errors: true}, 30, 6},
		{"channels", panel.NewChannels(), 76, 9},
		{"errors", &panel.Errors{}, 44, 8},
		{"generator", &panel.Generator{}, 24, 6},
		{"timeline", &panel.Timeline{}, 100, 6},
		{"phases", &panel.Phases{}, 96, 6},
		{"platform", panel.NewPlatform(0), 40, 9},
		{"platform-gap", panel.NewPlatform(3), 40, 7},
		{"alerts", &panel.Alerts{}, 40, 4},
		{"expectations", &panel.Expectations{}, 44, 4},
		{"sources", &panel.Sources{}, 40, 4},
		{"secrets", &panel.Secrets{}, 78, 6},
		{"secret-strip", &panel.SecretStrip{}, 78, 6},
		{"replicas", &panel.Replicas{}, 44, 4},
		{"footer", panel.NewFooter(footerKeys(keymap())), 118, 1},
	}
}

// TestGoldenPanels is every panel alone, in one look.
func TestGoldenPanels(t *testing.T) {
	s := newFake()
	gameDay(s)
	_ = give(s, command.Spike{On: true})
	s.advance(30)
	m := console(s, looks()[0], 120, 36)
	rotating := newFake() // what the others show has nothing to do with it
	rotatingDay(rotating)
	secrets := console(rotating, looks()[0], 120, 36)
	for _, c := range components() {
		from := m
		switch c.panel.(type) {
		case *panel.Secrets, *panel.SecretStrip, *panel.Replicas:
			from = secrets
		}
		t.Run(c.name, func(t *testing.T) { golden.RequireEqual(t, component(from, c.panel, c.w, c.h)) })
	}
}

// TestEveryPanelHasAGoldenFile compares with the table of the layouts.
func TestEveryPanelHasAGoldenFile(t *testing.T) {
	have := map[string]bool{}
	for _, c := range components() {
		have[fmt.Sprintf("%T", c.panel)] = true
	}
	for _, page := range pages(nil) {
		for _, row := range page.panels {
			if kind := fmt.Sprintf("%T", row.panel); !have[kind] {
				t.Errorf("%s has no golden file: add it to components", kind)
			}
		}
	}
}

// state is a situation of the console, with what is open over it or the panels that show it.
type state struct {
	name  string
	play  func(*fakeSession)
	keys  []string
	shown []string // components; none: what is open, alone or, for the zoomed chart, the screen
}

func states() []state {
	spike := func(s *fakeSession) { s.advance(200); _ = give(s, command.Spike{On: true}); s.advance(42) }
	calm := func(s *fakeSession) { s.advance(90) }
	openModel := func(s *fakeSession) {
		s.set.VUs, s.set.Rate = 0, 600
		s.advance(90)
		_ = give(s, command.Spike{On: true})
		s.advance(40)
	}
	return []state{
		{"first", func(*fakeSession) {}, nil, []string{"header", "stack", "timeline", "flows"}},
		{"spike", spike, nil, []string{"header", "stack", "gateway", "load"}},
		{"open-model-saturated", openModel, nil, []string{"header", "load", "virtual-users", "request-rate", "footer"}},
		{"generator-away", func(s *fakeSession) { s.advance(40); s.away = 1500 * time.Millisecond; s.advance(2) }, nil, []string{"header", "generator", "footer"}},
		{"no-token", func(s *fakeSession) { s.token = false; s.advance(40) }, nil, []string{"stack", "flows", "objectives"}},
		{"below-a-millisecond", func(s *fakeSession) { s.tiny = true; s.advance(400) }, nil, []string{"stack", "gateway"}},
		{"paused", func(s *fakeSession) { s.advance(60); _ = give(s, command.Pause{On: true}); s.advance(30) }, nil, []string{"header", "stack", "load"}},
		{"halted", spike, []string{"x"}, []string{"header", "load", "timeline", "faults", "footer"}},
		{"draining", func(s *fakeSession) { s.advance(60); _ = give(s, command.Finish{}); s.advance(1) }, nil, []string{"header", "footer"}},
		{"failure", func(s *fakeSession) { s.advance(60); s.failure = "write journal: no space left on device" }, nil, []string{"header"}},
		{"phases", spike, []string{"p"}, nil},
		{"help", calm, []string{"?"}, nil},
		{"prompt", calm, []string{"v"}, nil},
		{"prompt-refused", calm, []string{"t", "s", "o", "o", "n", "enter"}, nil},
		{"mix", calm, []string{"m", "down", "right", "right"}, nil},
		{"mix-brand", calm, []string{"m", "tab", "tab"}, nil},
		{"mix-typing", calm, []string{"m", "3", "3"}, nil},
		{"confirm", spike, []string{"q"}, nil},
		{"zoom", spike, []string{"f"}, nil},
		{"zoom-open-model", openModel, []string{"f"}, nil},
		{"timeline", func(s *fakeSession) { gameDay(s); gameDay(s) }, []string{"l", "up", "up"}, nil},
		{"no-faults", func(s *fakeSession) { s.advance(60); s.chaos.faults = nil }, nil, []string{"faults", "faults-in-a-line"}},
		{"fault-active", faultDay, nil, []string{"header", "stack", "faults", "faults-in-a-line", "timeline"}},
		{"fault-recovering", func(s *fakeSession) { faultDay(s); s.undone("llm_latency"); s.advance(12) }, nil, []string{"faults", "stack"}},
		{"fault-recovered", recoveredDay, nil, []string{"faults", "faults-in-a-line", "stack", "timeline"}},
		{"faults-overlap", overlappingDay, nil, []string{"header", "faults", "gateway", "stack"}},
		{"faults-many", manyFaults, nil, []string{"faults", "faults-in-a-line"}},
		{"fault-stuck", stuckDay, nil, []string{"header", "faults", "faults-in-a-line", "stack"}},
		{"pods", podsDay, nil, []string{"pods", "faults-in-a-line", "flows"}},
		{"fault-list", recoveredDay, []string{"F", "down"}, nil},
		{"sheet", calm, []string{"1"}, nil},
		{"sheet-typing-refused", calm, []string{"1", "down", "2", "h"}, nil},
		{"sheet-redis", calm, []string{"2"}, nil},
		{"sheet-dry-run", calm, []string{"1", "ctrl+d"}, nil},
		{"sheet-active", faultDay, []string{"F", "enter", "5", "s"}, nil},
		{"sheet-stuck", stuckDay, []string{"2"}, nil},
		{"sheet-stuck-overwrite", stuckDay, []string{"2", "o"}, nil},
		{"sheet-protected", func(s *fakeSession) { s.advance(60); s.chaos.protected = true }, []string{"2", "enter", "s", "t"}, nil},
		{"sheet-halted", calm, []string{"x", "1"}, nil},
		{"confirm-fault", overlappingDay, []string{"q"}, nil},
		{"heatmap", func(s *fakeSession) {
			s.advance(40)
			s.applied("llm_latency", 2*time.Minute)
			s.fallback = 0.25
			s.advance(79)
		}, []string{"d"}, []string{"gateway", "automation"}},
		{"heatmap-screen", func(s *fakeSession) { s.advance(40); s.fallback = 0.25; s.advance(79); s.down = true; s.advance(9) }, []string{"d"}, nil},
		{"platform", platformDay, []string{"g"}, nil},
		{"platform-unread", calm, nil, []string{"platform", "alerts", "expectations", "sources"}},
		{"one-minute", spike, []string{"["}, []string{"stack"}},
		{"whole-run", func(s *fakeSession) { gameDay(s); gameDay(s); gameDay(s) }, []string{"]", "]", "]"}, []string{"stack"}},
	}
}

// faultDay injects a fault into a calm run.
func faultDay(s *fakeSession) {
	s.advance(100)
	s.applied("llm_latency", 2*time.Minute)
	s.advance(79)
}

// recoveredDay is a fault with its recovery behind it.
func recoveredDay(s *fakeSession) {
	faultDay(s)
	s.undone("llm_latency")
	s.advance(14)
	s.recovered("llm_latency", 14*time.Second)
	s.advance(20)
}

// overlappingDay is two faults at once after a spike.
func overlappingDay(s *fakeSession) {
	s.advance(30)
	_ = give(s, command.Spike{On: true})
	s.advance(30)
	_ = give(s, command.Spike{On: false})
	s.advance(30)
	s.applied("llm_latency", 4*time.Minute)
	s.advance(40)
	s.applied("qdrant_throttle", 2*time.Minute)
	s.advance(60)
}

// stuckDay is a fault that cannot be reverted because somebody else has changed its object.
func stuckDay(s *fakeSession) {
	s.advance(100)
	s.applied("redis_outage", time.Minute)
	s.advance(60)
	s.left("redis_outage", true)
	s.advance(30)
}

// podsDay is a spike that autoscalers answer.
func podsDay(s *fakeSession) {
	s.advance(5)
	s.scaled(2, 2)
	s.advance(95)
	s.applied("channel_spike", 5*time.Minute)
	_ = give(s, command.SetVUs{VUs: 1250})
	s.advance(30)
	s.scaled(2, 4)
	s.advance(15)
	s.scaled(4, 5)
	s.advance(20)
	s.scaled(5, 5)
	s.advance(30)
	s.scaled(5, 8)
	s.advance(10)
}

// manyFaults is more faults than there are rows or keys for.
func manyFaults(s *fakeSession) {
	for i := range 7 {
		f := s.chaos.faults[i%3]
		f.Info.ID, f.Info.Title = fmt.Sprint("custom_", i), fmt.Sprint("Custom fault ", i+1)
		s.chaos.faults = append(s.chaos.faults, f)
	}
	faultDay(s)
	s.applied("qdrant_throttle", 5*time.Minute)
	s.advance(5)
	s.undone("qdrant_throttle")
	s.advance(30)
}

// draw is what a state's golden file holds.
func (st state) draw(t *testing.T, l look, z size) []byte {
	t.Helper()
	s := newFake()
	st.play(s)
	m := console(s, l, z.w, z.h)
	press(m, st.keys...)
	whole := frame(t, m, z.w, z.h)
	if st.shown == nil && m.dialog == nil {
		return []byte(whole)
	}
	if st.shown == nil {
		var over grid.Grid
		over.Resize(z.w, z.h)
		m.dialog.View(&over, &m.state)
		return over.Encode(nil, m.state.Styles.Palette)
	}
	var text []byte
	for _, c := range components() {
		if slices.Contains(st.shown, c.name) {
			text = fmt.Appendf(text, "── %s\n%s\n", c.name, component(m, c.panel, c.w, c.h))
		}
	}
	return text
}

func TestGoldenStates(t *testing.T) {
	for _, st := range states() {
		at := sizes()[:3]
		if st.shown != nil {
			at = at[1:2] // components have sizes of their own
		}
		for _, z := range at {
			t.Run(fmt.Sprintf("%s-%dx%d", st.name, z.w, z.h), func(t *testing.T) {
				golden.RequireEqual(t, []byte(plain(string(st.draw(t, looks()[0], z)))))
			})
		}
	}
}

// TestGoldenFaults is faults in colour, and without any.
func TestGoldenFaults(t *testing.T) {
	for _, st := range states() {
		switch st.name {
		case "faults-overlap", "heatmap", "sheet-dry-run", "sheet-stuck":
		default:
			continue
		}
		for _, l := range looks() {
			t.Run(st.name+"-"+l.name, func(t *testing.T) { golden.RequireEqual(t, st.draw(t, l, size{120, 36})) })
		}
	}
}

// plain drops the colours: most goldens are read by people.
func plain(s string) string { return ansi.Strip(s) }
