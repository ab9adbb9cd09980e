package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// begun returns a session that has run for a while and its console.
func begun(t *testing.T) (*fakeSession, *Model) {
	t.Helper()
	s := newFake()
	s.advance(30)
	s.calls = nil
	return s, console(s, looks()[0], 120, 36)
}

// screen is the frame without colours.
func screen(t *testing.T, m *Model) string {
	t.Helper()
	return plain(frame(t, m, m.state.Width, m.state.Height))
}

func wantCalls(t *testing.T, s *fakeSession, want ...string) {
	t.Helper()
	if !slices.Equal(s.calls, want) {
		t.Errorf("the session was told %q, want %q", s.calls, want)
	}
}

func wantText(t *testing.T, m *Model, texts ...string) {
	t.Helper()
	got := screen(t, m)
	for _, want := range texts {
		if !strings.Contains(got, want) {
			t.Errorf("the screen does not say %q:\n%s", want, got)
		}
	}
}

func wantNoText(t *testing.T, m *Model, texts ...string) {
	t.Helper()
	got := screen(t, m)
	for _, text := range texts {
		if strings.Contains(got, text) {
			t.Errorf("the screen still says %q:\n%s", text, got)
		}
	}
}

// TestKeysReachTheSession is every key that commands something.
func TestKeysReachTheSession(t *testing.T) {
	for _, c := range []struct {
		name string
		keys string // blank-separated
		want []string
		echo string
	}{
		{"up", "up", []string{"vus 260"}, "virtual users 250 → 260"},
		{"down", "down", []string{"vus 240"}, "virtual users 250 → 240"},
		{"large up", "pgup", []string{"vus 350"}, "virtual users 250 → 350"},
		{"shift up", "shift+up", []string{"vus 350"}, ""},
		{"large down", "pgdown", []string{"vus 150"}, "virtual users 250 → 150"},
		{"type a number", "v 1 , 5 0 0 enter", []string{"vus 1500"}, "virtual users 250 → 1,500"},
		{"rate", "r 5 0 0 / s enter", []string{"rate 500"}, "rate 500/s"},
		{"think", "t 1 - 3 enter", []string{"think 1s-3s"}, "think time 1 s – 3 s"},
		{"ramp", "R 3 0 s enter", []string{"ramp 30s"}, "ramp time 30 s"},
		{"spike", "s", []string{"spike true"}, "spike on: 5 times the load"},
		{"spike on and off", "s s", []string{"spike true", "spike false"}, "spike off"},
		{"multiplier", "S 8 enter", []string{"factor 8"}, "spike multiplier 8×"},
		{"pause and resume", "space space", []string{"pause true", "pause false"}, "resumed"},
		{"hold", "h", []string{"hold true"}, "holding"},
		{"note", "n H P A enter", []string{"note HPA"}, "noted"},
		{"recycle", "c", []string{"recycle"}, "closing connections"},
		{"export", "e", []string{"export"}, "report written: runs/"},
		{"halt", "x", []string{"halt"}, "halted: load back to the baseline"},
		{"halt and release", "x u", []string{"halt", "release"}, "halt released"},
		{"halt, spike blocked", "x s", []string{"halt"}, "blocked since the halt"},
		{"release of nothing", "u", nil, "nothing is halted"},
		{"a prompt left", "v 9 esc", nil, ""},
		{"mix raise", "m right", []string{"mix webchat=0.41 instagram=0.25 telegram=0.15 whatsapp=0.1 automation=0.1"}, "webchat weight 41"},
		{"mix lower another", "m down left", []string{"mix webchat=0.4 instagram=0.24 telegram=0.15 whatsapp=0.1 automation=0.1"}, "instagram weight 24"},
		{"mix typed", "m down down 3 0 enter", []string{"mix webchat=0.4 instagram=0.25 telegram=0.3 whatsapp=0.1 automation=0.1"}, "telegram weight 30"},
		{"mix reset", "m r", []string{"mix none"}, "mix of the whole run reset"},
		{"mix of a brand", "m tab right", []string{"brand b1 webchat=0.41 instagram=0.25 telegram=0.15 whatsapp=0.1 automation=0.1"}, "webchat weight 41"},
		{"mix of the last brand", "m shift+tab down right", []string{"brand b3 webchat=1 instagram=0.01"}, "instagram weight 1"},
		{"mix of a brand reset", "m tab r", []string{"brand b1 none"}, "mix of Golestan Store reset"},
		{"halt inside the mix editor", "m x", []string{"halt"}, "HALTED"},
		{"halt inside the help", "? x", []string{"halt"}, "HALTED"},
		{"x in a note is a letter", "n x enter", []string{"note x"}, "noted"},
		{"keys that arrive together", "ss", []string{"spike true", "spike false"}, "spike off"},
		{"seven together", "sssssss", []string{"spike true", "spike true"}, "spike on"},
		{"text that arrives with its key", "nabcdefqx enter", []string{"note abcdefqx"}, "noted"},
		{"a number that arrives with its key", "v50 enter", []string{"vus 50"}, "virtual users 250 → 50"},
		{"a weight that arrives together", "m 33 enter", []string{"mix webchat=0.33 instagram=0.25 telegram=0.15 whatsapp=0.1 automation=0.1"}, "webchat weight 33"},
		{"suspended without a terminal", "ctrl+z", nil, "not suspended: there is no terminal"},
		{"ctrl+x halts where x is a letter", "n x ctrl+x", []string{"halt"}, "HALTED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := begun(t)
			for _, k := range strings.Fields(c.keys) {
				press(m, strings.ReplaceAll(k, "space", " "))
			}
			wantCalls(t, s, c.want...)
			wantText(t, m, c.echo)
		})
	}
}

// TestPastedTextIsNeverCommands: bracketed paste reaches an open prompt and nothing else.
func TestPastedTextIsNeverCommands(t *testing.T) {
	paste := func(text string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true} }
	s, m := begun(t)
	for _, open := range []string{"", "?", "l", "q", "m"} {
		if open != "" {
			press(m, open)
		}
		for _, text := range []string{"x", "s", "y", "1", "sq x"} {
			_, cmd := m.Update(paste(text))
			drain(m, cmd)
		}
		press(m, "esc")
	}
	wantCalls(t, s)
	press(m, "n")
	m.Update(paste("quit x, then s"))
	press(m, "enter")
	wantCalls(t, s, "note quit x, then s")
}

func TestHeldKeyCountsOnFromTheLastPress(t *testing.T) {
	s, m := begun(t)
	for range 3 { // no snapshot in between
		_, cmd := m.Update(keyMsg("up"))
		if cmd != nil {
			m.Update(cmd())
		}
	}
	wantCalls(t, s, "vus 260", "vus 270", "vus 280")
}

// TestSlowSessionGetsTheNewestValue: while a command hangs, a held key leaves one command waiting.
func TestSlowSessionGetsTheNewestValue(t *testing.T) {
	s, m := begun(t)
	_, first := m.Update(keyMsg("up"))
	for range 20 {
		if _, cmd := m.Update(keyMsg("up")); cmd != nil {
			t.Fatal("a second command started while the first was on its way")
		}
	}
	wantText(t, m, "virtual users 450 → 460") // every key is answered at once
	drain(m, first)
	wantCalls(t, s, "vus 260", "vus 460")
}

func TestHaltPassesWhatWaits(t *testing.T) {
	s, m := begun(t)
	_, slow := m.Update(keyMsg("s"))
	m.Update(keyMsg("up"))
	press(m, "x")
	drain(m, slow)
	wantCalls(t, s, "halt", "spike true")
}

func TestSteps(t *testing.T) {
	for _, c := range []struct{ from, steps, want int }{
		{0, 1, 1},
		{9, 1, 10},
		{10, 1, 20},
		{10, -1, 9},
		{1, -1, 0},
		{0, -1, 0},
		{5, 10, 15},
		{250, 1, 260},
		{250, -10, 150},
		{990, 1, 1000},
		{1000, 1, 1100},
		{1000, -1, 990},
		{5000, 10, 6000},
		{10_000, 1, 11_000},
		{199_999, 1, 200_000},
		{50, -10, 0},
	} {
		if got := stepped(c.from, c.steps, load.MaxVUs); got != c.want {
			t.Errorf("stepped(%d, %d) = %d, want %d", c.from, c.steps, got, c.want)
		}
	}
}

func TestBadInputIsKeptAndExplained(t *testing.T) {
	s, m := begun(t)
	press(m, "v", "a", "b", "c", "enter")
	wantText(t, m, "Virtual users", "abc", "0 to 200,000")
	press(m, "backspace", "backspace", "backspace", "3", "0", "0", "enter")
	wantCalls(t, s, "vus 300")
	wantNoText(t, m, "0 to 200,000")

	press(m, "m", "9", "9", "9", "9", "enter")
	wantText(t, m, "a weight from 0 to 1,000")
	press(m, "esc", "esc")
	wantCalls(t, s, "vus 300")
}

func TestMixRefusesAllZero(t *testing.T) {
	s, m := begun(t)
	s.set.Mix = load.Weights{1, 0, 0, 0, 0}
	m.Update(snapshotMsg{s.Snapshot()})
	press(m, "m", "0", "enter")
	wantText(t, m, "all weights are zero")
	wantCalls(t, s)
}

func TestErrorOfACommandIsShownAndFades(t *testing.T) {
	s, m := begun(t)
	s.fail = errors.New("set virtual users to 260: the run is over")
	press(m, "up")
	wantText(t, m, "the run is over")
	s.wait(time.Second)
	m.Update(tickMsg(time.Time{}))
	wantText(t, m, "the run is over")
	s.wait(8 * time.Second)
	m.Update(tickMsg(time.Time{}))
	wantNoText(t, m, "the run is over")
	wantText(t, m, "s spike")
}

func TestKeysOfTheOpenModelMoveTheRate(t *testing.T) {
	s := newFake()
	s.set.Rate = 500
	s.advance(5)
	m := console(s, looks()[0], 120, 36)
	press(m, "up", "up", "pgdown", "down")
	wantCalls(t, s, "rate 510", "rate 520", "rate 420", "rate 410")
	press(m, "r", "0", "enter")
	wantText(t, m, "back to virtual users")
}

func TestQuitAsksOnceAndDrains(t *testing.T) {
	s, m := begun(t)
	_ = give(s, command.Spike{On: true})
	m.Update(snapshotMsg{s.Snapshot()})
	press(m, "q")
	wantText(t, m, "Stop the run and write the report?", "a spike of 5× is on", "250 virtual users are running")
	press(m, "enter", "n")
	wantNoText(t, m, "Stop the run")
	press(m, "q", "y")
	m.Update(snapshotMsg{s.Snapshot()})
	wantText(t, m, "DRAINING", "No new requests")
	wantCalls(t, s, "spike true", "finish operator")
	press(m, "q")
	wantCalls(t, s, "spike true", "finish operator")
	if _, cmd := m.Update(tickMsg(time.Time{})); isQuit(cmd) {
		t.Error("the console leaves before the report is on disk")
	}
	s.end()
	if _, cmd := m.Update(tickMsg(time.Time{})); !isQuit(cmd) {
		t.Error("the console stays after the report is on disk")
	}
}

func TestCtrlCTwiceLeavesAtOnce(t *testing.T) {
	s, m := begun(t)
	press(m, "v", "ctrl+c") // from anywhere
	wantText(t, m, "Stop the run and write the report?")
	_, cmd := m.Update(keyMsg("ctrl+c"))
	if !isQuit(cmd) {
		t.Error("the second Ctrl+C does not leave")
	}
	wantCalls(t, s, "finish operator")
}

func TestCtrlCWhileDrainingLeaves(t *testing.T) {
	s, m := begun(t)
	_ = give(s, command.Finish{})
	m.Update(snapshotMsg{s.Snapshot()})
	if _, cmd := m.Update(keyMsg("ctrl+c")); !isQuit(cmd) {
		t.Error("Ctrl+C while draining does not leave")
	}
}

// isQuit runs a command that must not wait and reports whether it ends the program.
func isQuit(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		return false
	default:
		_ = msg
		return false
	}
}

func TestRangesAndZoom(t *testing.T) {
	s := newFake()
	gameDay(s)
	m := console(s, looks()[0], 120, 36)
	wantText(t, m, "5 min, 10 s columns")
	press(m, "[")
	wantText(t, m, "1 min, 3 s columns")
	press(m, "[", "]", "]", "]", "]")
	wantText(t, m, "whole run")
	press(m, "f")
	wantText(t, m, "GATEWAY BY CHANNEL", "gateway/webchat", "Esc back")
	press(m, "tab")
	wantText(t, m, "ORCHESTRATOR BY CHANNEL", "ingestion/upload")
	press(m, "up") // the load can be steered from here too
	wantText(t, m, "virtual users 340 → 350")
	press(m, "esc")
	wantText(t, m, "CHANNEL MIX")
}

func TestTimelineScrolls(t *testing.T) {
	s := newFake()
	s.advance(1)
	for range 60 {
		_ = give(s, command.Note{Text: "one more"})
		s.advance(1)
	}
	m := console(s, looks()[0], 120, 36)
	press(m, "l")
	wantNoText(t, m, "Started on staging")
	press(m, "home")
	wantText(t, m, "Started on staging")
	press(m, "end", "esc")
	wantText(t, m, "CHANNEL MIX")
}

func TestHelpAndKeymapAgree(t *testing.T) {
	s, m := begun(t)
	press(m, "?")
	text := screen(t, m)
	seen := map[string]bool{}
	for _, row := range m.keys {
		for _, k := range row.binding.Keys() {
			if seen[k] {
				t.Errorf("key %q is bound twice", k)
			}
			seen[k] = true
		}
		if help := row.binding.Help(); help.Desc != "" && !strings.Contains(text, help.Desc) {
			t.Errorf("the help does not show %q", help.Desc)
		}
	}
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if text := screen(t, m); strings.Contains(strings.Split(text, "╰")[0], "…") {
		t.Errorf("the help is cut at 80x24:\n%s", text)
	}
	_ = s
}

func TestNumbersHoldStillWithinASecond(t *testing.T) {
	s, m := begun(t)
	s.advance(1)
	m.Update(snapshotMsg{s.Snapshot()})
	before := screen(t, m)
	s.mu.Lock()
	s.sent += 1234 // more was sent, but no second has closed
	s.mu.Unlock()
	s.wait(300 * time.Millisecond)
	m.Update(snapshotMsg{s.Snapshot()})
	after := screen(t, m)
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for y := range a {
		if a[y] != b[y] && !strings.Contains(a[y], "─") {
			t.Errorf("row %d moved within a second:\n%s\n%s", y, a[y], b[y])
		}
	}
	if before == after {
		t.Error("the cell of the open second does not move")
	}
}

func TestPhasesAreNamed(t *testing.T) {
	for phase, word := range map[session.Status]string{
		session.Running: "● RUNNING", session.Paused: "‖ PAUSED", session.Halted: "■ HALTED",
		session.Draining: "◐ DRAINING", session.Finished: "○ FINISHED",
	} {
		s, m := begun(t)
		s.status = phase
		m.Update(snapshotMsg{s.Snapshot()})
		wantText(t, m, word)
	}
}

// TestEveryDialogHaltsAndDrawsWithoutChange: x halts where it is no letter, Ctrl+X everywhere; drawing twice
// draws the same.
func TestEveryDialogHaltsAndDrawsWithoutChange(t *testing.T) {
	for _, open := range []string{"?", "l", "p", "m", "m 5", "q", "F", "F enter", "1", "1 down 7", "2", "v", "n", "t"} {
		s, m := begun(t)
		press(m, strings.Fields(open)...)
		if m.dialog == nil || len(m.dialog.Keys(&m.state)) == 0 {
			t.Fatalf("%s opens nothing with keys", open)
		}
		draw := func() string {
			var over grid.Grid
			over.Resize(120, 36)
			m.dialog.View(&over, &m.state)
			return string(over.Encode(nil, m.state.Styles.Palette))
		}
		if first, second := draw(), draw(); first != second {
			t.Errorf("%s: drawing changes what is drawn:\n%s\n%s", open, first, second)
		}
		key := "x"
		if m.dialog.Typing() {
			key = "ctrl+x"
		}
		press(m, key)
		wantCalls(t, s, "halt")
		if m.dialog != nil {
			t.Errorf("%s stays open after a halt", open)
		}
	}
}

// The heatmap is one key away on every latency chart and back; where there is room for one chart, the key opens that one.
func TestHeatmapKey(t *testing.T) {
	s := newFake()
	s.advance(30)
	shows := func(m *Model, w, h int, title string, count int) {
		t.Helper()
		if got := strings.Count(plain(frame(t, m, w, h)), title); got != count {
			t.Errorf("at %dx%d the screen has %d of %q, want %d:\n%s", w, h, got, title, count, plain(frame(t, m, w, h)))
		}
	}
	m := console(s, looks()[0], 120, 36)
	press(m, "d")
	shows(m, 120, 36, " HEATMAP ", 3)
	press(m, "f")
	shows(m, 120, 36, "GATEWAY HEATMAP ", 1)
	press(m, "esc", "d")
	shows(m, 120, 36, "HEATMAP", 0)
	m = console(s, looks()[0], 80, 24)
	press(m, "d")
	shows(m, 80, 24, "GATEWAY HEATMAP", 1)
	press(m, "tab", "d")
	shows(m, 80, 24, "ORCHESTRATOR BY CHANNEL", 1)
	shows(m, 80, 24, "HEATMAP", 0)
	press(m, "esc", "d")
	shows(m, 80, 24, "ORCHESTRATOR HEATMAP", 1)
}

// The key g goes round the pages. The platform's page shows what the platform says of itself and what of it is missing; header,
// faults, timeline and keys stay.
func TestPageKey(t *testing.T) {
	s := newFake()
	platformDay(s)
	for _, z := range []size{{80, 24}, {120, 36}, {160, 48}, {200, 60}} {
		m := console(s, looks()[0], z.w, z.h)
		before := plain(frame(t, m, z.w, z.h))
		if beside := z.w >= 200; strings.Contains(before, "API LATENCY P95") != beside || !strings.Contains(before, "ORCHESTRATOR") {
			t.Errorf("at %dx%d the first page is\n%s", z.w, z.h, before)
		}
		press(m, "g")
		text := plain(frame(t, m, z.w, z.h))
		for _, want := range []string{
			"squall  staging", "RUNNING", "FAULTS", "LLM latency", "TIMELINE", "page: platform", // what stays
			"API LATENCY P95", "1.30 s", "target 1.2 s", "GATEWAY REQUEST RATE", "INGESTION LAG, JOBS",
			"AUTOMATION QUEUE DEPTH", "no value since 04:01:05",
			"HighLatencyLLM", "firing for 00:31", "! Automation queue depth",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("at %dx%d the platform's page lacks %q:\n%s", z.w, z.h, want, text)
			}
		}
		if z.w >= 116 {
			for _, want := range []string{"EXPECTATIONS", "falls back to another model", " met", "waiting", "is its service read", "resolved after 00:23", "══!══"} {
				if !strings.Contains(text, want) {
					t.Errorf("at %dx%d the platform's page lacks %q:\n%s", z.w, z.h, want, text)
				}
			}
		}
		press(m, "g")
		if text := plain(frame(t, m, z.w, z.h)); !strings.Contains(text, "page: secrets") || !strings.Contains(text, "ACCEPTED") {
			t.Errorf("at %dx%d there is no page of secrets:\n%s", z.w, z.h, text)
		}
		press(m, "g")
		if text := plain(frame(t, m, z.w, z.h)); !strings.Contains(text, "page: latency") || !strings.Contains(text, "ORCHESTRATOR") {
			t.Errorf("at %dx%d the key does not go round:\n%s", z.w, z.h, text)
		}
	}
	m := console(newFake(), looks()[0], 80, 24)
	press(m, "g")
	if text := strings.Join(strings.Fields(plain(frame(t, m, 80, 24))), " "); !strings.Contains(text, "--prometheus URL, or with --scrape NAME=URL.") {
		t.Errorf("without a source the page does not say which flag reads one: %s", text)
	}
}
