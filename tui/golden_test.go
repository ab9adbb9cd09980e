package tui

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/muesli/termenv"

	"xinbot.ir/squall/internal/command"
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
	m.lull = 1 // no test waits for a clock
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
		"ctrl+d": tea.KeyCtrlD, "ctrl+r": tea.KeyCtrlR, "ctrl+x": tea.KeyCtrlX,
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

func TestGoldenScreens(t *testing.T) {
	for _, l := range looks() {
		for _, z := range sizes() {
			t.Run(fmt.Sprintf("%s-%dx%d", l.name, z.w, z.h), func(t *testing.T) {
				s := newFake()
				gameDay(s)
				golden.RequireEqual(t, []byte(frame(t, console(s, l, z.w, z.h), z.w, z.h)))
			})
		}
	}
}

// state is a situation of the console and what is open over it.
type state struct {
	name string
	play func(*fakeSession)
	keys []string
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
		{"first", func(*fakeSession) {}, nil},
		{"spike", spike, nil},
		{"open-model-saturated", openModel, nil},
		{"no-token", func(s *fakeSession) { s.token = false; s.advance(40) }, nil},
		{"below-a-millisecond", func(s *fakeSession) { s.tiny = true; s.advance(400) }, nil},
		{"paused", func(s *fakeSession) { s.advance(60); _ = give(s, command.Pause{On: true}); s.advance(30) }, nil},
		{"halted", spike, []string{"x"}},
		{"draining", func(s *fakeSession) { s.advance(60); _ = give(s, command.Finish{}); s.advance(1) }, nil},
		{"failure", func(s *fakeSession) { s.advance(60); s.failure = "write journal: no space left on device" }, nil},
		{"phases", spike, []string{"p"}},
		{"help", calm, []string{"?"}},
		{"prompt", calm, []string{"v"}},
		{"prompt-refused", calm, []string{"t", "s", "o", "o", "n", "enter"}},
		{"mix", calm, []string{"m", "down", "right", "right"}},
		{"mix-brand", calm, []string{"m", "tab", "tab"}},
		{"mix-typing", calm, []string{"m", "3", "3"}},
		{"confirm", spike, []string{"q"}},
		{"zoom", spike, []string{"f"}},
		{"zoom-open-model", openModel, []string{"f"}},
		{"timeline", func(s *fakeSession) { gameDay(s); gameDay(s) }, []string{"l", "up", "up"}},
		{"no-faults", func(s *fakeSession) { s.advance(60); s.chaos.faults = nil }, nil},
		{"fault-active", faultDay, nil},
		{"fault-recovering", func(s *fakeSession) { faultDay(s); s.undone("llm_latency"); s.advance(12) }, nil},
		{"fault-recovered", recoveredDay, nil},
		{"faults-overlap", overlappingDay, nil},
		{"faults-many", manyFaults, nil},
		{"fault-stuck", stuckDay, nil},
		{"pods", podsDay, nil},
		{"fault-list", recoveredDay, []string{"F", "down"}},
		{"sheet", calm, []string{"1"}},
		{"sheet-typing-refused", calm, []string{"1", "down", "2", "h"}},
		{"sheet-redis", calm, []string{"2"}},
		{"sheet-dry-run", calm, []string{"1", "ctrl+d"}},
		{"sheet-active", faultDay, []string{"F", "enter", "5", "s"}},
		{"sheet-stuck", stuckDay, []string{"2"}},
		{"sheet-stuck-overwrite", stuckDay, []string{"2", "o"}},
		{"sheet-protected", func(s *fakeSession) { s.advance(60); s.chaos.protected = true }, []string{"2", "enter", "s", "t"}},
		{"sheet-halted", calm, []string{"x", "1"}},
		{"confirm-fault", overlappingDay, []string{"q"}},
		{"one-minute", spike, []string{"["}},
		{"whole-run", func(s *fakeSession) { gameDay(s); gameDay(s); gameDay(s) }, []string{"]", "]", "]"}},
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

func TestGoldenStates(t *testing.T) {
	for _, st := range states() {
		for _, z := range sizes()[:3] {
			t.Run(fmt.Sprintf("%s-%dx%d", st.name, z.w, z.h), func(t *testing.T) {
				s := newFake()
				st.play(s)
				m := console(s, looks()[0], z.w, z.h)
				press(m, st.keys...)
				golden.RequireEqual(t, []byte(plain(frame(t, m, z.w, z.h))))
			})
		}
	}
}

// TestGoldenFaults is faults in colour, and without any.
func TestGoldenFaults(t *testing.T) {
	for _, st := range states() {
		switch st.name {
		case "faults-overlap", "sheet-dry-run", "sheet-stuck":
		default:
			continue
		}
		for _, l := range looks() {
			for _, z := range sizes()[:3] {
				t.Run(fmt.Sprintf("%s-%s-%dx%d", st.name, l.name, z.w, z.h), func(t *testing.T) {
					s := newFake()
					st.play(s)
					m := console(s, l, z.w, z.h)
					press(m, st.keys...)
					golden.RequireEqual(t, []byte(frame(t, m, z.w, z.h)))
				})
			}
		}
	}
}

// plain drops the colours: most goldens are read by people.
func plain(s string) string { return ansi.Strip(s) }

// TestGoldenPanels is every panel alone, at its size in every layout that has it.
func TestGoldenPanels(t *testing.T) {
	for id, z := range sizes()[:3] {
		s := newFake()
		gameDay(s)
		_ = give(s, command.Spike{On: true})
		s.advance(30)
		m := console(s, looks()[0], z.w, z.h)
		m.View()
		for i, slot := range m.slots {
			name := strings.ReplaceAll(strings.ToLower(slot.panel.Title()), " ", "-")
			t.Run(fmt.Sprintf("%s/%d-%s", []string{"compact", "regular", "wide"}[id], i, name), func(t *testing.T) {
				golden.RequireEqual(t, slot.panel.View().Encode(nil, m.scene.styles.palette))
			})
		}
	}
}

func TestGoldenTerminals(t *testing.T) {
	for _, l := range []look{
		{"256-colours", termenv.ANSI256, true, false},
		{"16-colours", termenv.ANSI, true, false},
		{"16-colours-light", termenv.ANSI, false, false},
		{"ascii", termenv.Ascii, true, true},
	} {
		t.Run(l.name, func(t *testing.T) {
			s := newFake()
			gameDay(s)
			golden.RequireEqual(t, []byte(frame(t, console(s, l, 120, 36), 120, 36)))
		})
	}
}
