package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// hostile fills a session with the longest and strangest texts that could reach the screen.
func hostile(s *fakeSession) {
	gameDay(s)
	long := strings.Repeat("very long ", 40) + "日本語 \x1b[31m\n\tسلام\u202e"
	s.event(event.Role(strings.Repeat("operator", 9)), event.Noted{Note: long})
	var unheard event.Event
	if err := json.Unmarshal([]byte(`{"kind":"unheard_of","by":{"role":""}}`), &unheard); err != nil {
		panic(err)
	}
	s.events = append(s.events, unheard)
	for class := range metric.NumErrorClasses {
		key := metric.ErrorKey{Series: load.Ingestion.Series("upload"), Class: metric.ErrorClass(class)}
		s.errors[key] = &metric.ErrorTotal{Series: metric.Series{Flow: load.Ingestion, Channel: "upload"}, Class: metric.ErrorClass(class), Count: 1 << 40, Sample: long}
	}
	s.sent = 1 << 50
	s.set.VUs, s.set.SpikeFactor, s.level = load.MaxVUs, 99.99, load.MaxVUs
	s.failure = long
	for i := range s.chaos.faults {
		f := &s.chaos.faults[i]
		f.Info.Title, f.Info.Summary, f.Summary, f.Scope, f.Detail = long, long, long, long, long
		f.Findings = []event.Finding{{Text: long, Verdict: event.ExpectationFailed, Reason: long}}
		f.State, f.Run, f.Conflict, f.Remedies = chaos.State(i+2)%6, i+1, true, []string{long, strings.Repeat("x", 300)}
		f.Until, f.Reverted = s.started.Add(1000*time.Hour), s.started
		f.Recovery = session.TimeToGreen{Watching: true, Goal: time.Minute}
		s.event(event.Role(long), event.FaultStarted{Injection: event.Injection{Title: long, Run: i + 1}})
	}
	s.chaos.faults[1].State, s.chaos.faults[1].Recovery = chaos.NotReverted, session.TimeToGreen{}
	s.chaos.faults[2].State, s.chaos.faults[2].Recovery = chaos.Idle, session.TimeToGreen{Reason: long}
	for range 9 { // more than there are keys
		s.chaos.faults = append(s.chaos.faults, s.chaos.faults[0])
	}
	s.scaled(1<<20, 1<<30)
	s.line.Workloads[0].Name = long
	s.chaos.preflight = func(context.Context, string, chaos.Params) (chaos.Plan, error) {
		c := chaos.Check{Text: long, Answer: chaos.Refuses, Reason: long}
		return chaos.Plan{Scope: long, Params: long, Facts: []chaos.Fact{{Name: long, Text: long}}, Checks: []chaos.Check{c, c}}, nil
	}
}

// TestEveryFrameFits draws every size from 80x24 to 250x70, and what may be open over it.
func TestEveryFrameFits(t *testing.T) {
	for _, c := range []struct {
		play func(*fakeSession)
		step int
	}{{gameDay, 1}, {hostile, 2}, {func(*fakeSession) {}, 3}} {
		if testing.Short() {
			c.step = max(c.step, 3)
		}
		s := newFake()
		c.play(s)
		m := console(s, looks()[0], 80, 24)
		for h := minHeight; h <= 70; h += c.step {
			for w := minWidth + h%3; w <= 250; w += 3 * c.step { // every width, within three heights
				m.Update(tea.WindowSizeMsg{Width: w, Height: h})
				frame(t, m, w, h)
			}
		}
	}
}

// TestFirstFrameComesBeforeTheFirstSnapshot: the terminal may answer first.
func TestFirstFrameComesBeforeTheFirstSnapshot(t *testing.T) {
	for _, z := range sizes() {
		m := New(newFake(), Options{})
		m.Update(tea.WindowSizeMsg{Width: z.w, Height: z.h})
		if m.err != nil {
			t.Errorf("%dx%d: %v", z.w, z.h, m.err)
		}
	}
}

func TestWhatIsOpenFits(t *testing.T) {
	for _, keys := range []string{"?", "v", "n", "m", "q", "f", "l", "m5", "vabcde\n", "F", "F\n", "1", "2", "2k", "3", "37", "3abc"} {
		s := newFake()
		hostile(s)
		m := console(s, looks()[0], 80, 24)
		for _, k := range strings.Split(keys, "") {
			press(m, strings.ReplaceAll(k, "\n", "enter"))
		}
		for _, z := range []size{{80, 24}, {81, 25}, {100, 30}, {116, 36}, {120, 36}, {159, 52}, {160, 52}, {200, 60}, {250, 70}, {80, 70}, {250, 24}} {
			m.Update(tea.WindowSizeMsg{Width: z.w, Height: z.h})
			frame(t, m, z.w, z.h)
		}
	}
}

// A terminal that is too small says so, that the load goes on, and which keys still work.
func TestSmallTerminal(t *testing.T) {
	for _, z := range []size{{79, 24}, {80, 23}, {40, 10}, {20, 3}, {5, 1}, {1, 1}} {
		s := newFake()
		s.advance(3)
		m := console(s, looks()[0], z.w, z.h)
		says := func(wants ...string) {
			t.Helper()
			if z.w < 40 {
				frame(t, m, z.w, z.h) // it fits
				return
			}
			for _, want := range wants {
				if text := plain(frame(t, m, z.w, z.h)); !strings.Contains(text, want) {
					t.Errorf("at %dx%d the screen does not say %q:\n%s", z.w, z.h, want, text)
				}
			}
		}
		says(fmt.Sprintf("is %dx%d", z.w, z.h), "running: the load goes on, 75 VUs.", "x HALT   q quit")
		press(m, "1", "enter", "m", "+") // nobody sees what these would do
		if len(s.calls) > 0 || m.dialog != nil {
			t.Errorf("at %dx%d keys acted unseen: %q", z.w, z.h, s.calls)
		}
		press(m, "q")
		says("Stop and report?   y yes   Esc no")
		press(m, "esc")
		says("x HALT   q quit")
		press(m, "x")
		if !slices.Contains(s.calls, "halt") {
			t.Errorf("at %dx%d HALT did nothing: %q", z.w, z.h, s.calls)
		}
	}
}

// TestSpareSnapshot draws what a session that has nothing yet might return.
func TestSpareSnapshot(t *testing.T) {
	s := newFake()
	m := console(s, looks()[0], 120, 36)
	snap := s.Snapshot()
	snap.Live, snap.Overall, snap.Flows, snap.Events, snap.Brands = nil, nil, nil, nil, nil
	snap.Status, snap.Duration, snap.Started = "", 0, time.Time{}
	m.Update(snapshotMsg{snap})
	text := plain(frame(t, m, 120, 36))
	for _, want := range []string{"STARTING", "nothing has happened yet", "waiting for the first second"} {
		if !strings.Contains(text, want) {
			t.Errorf("the first frame does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "no objective") {
		t.Errorf("the first frame says that there are no objectives:\n%s", text)
	}
	for _, z := range sizes() {
		m.Update(tea.WindowSizeMsg{Width: z.w, Height: z.h})
		if text := screen(t, m); strings.Contains(text, "no objective") || !strings.Contains(text, "waiting for the first second") {
			t.Errorf("the first frame at %dx%d says:\n%s", z.w, z.h, text)
		}
	}
}

// A sheet that was open when the terminal became too small is not confirmed by a key that nobody sees the meaning of.
func TestSheetInATerminalThatShrinks(t *testing.T) {
	s := newFake()
	s.advance(3)
	m := console(s, looks()[0], 120, 36)
	press(m, "1")
	if m.dialog == nil {
		t.Fatal("no sheet is open")
	}
	m.Update(tea.WindowSizeMsg{Width: 40, Height: 10})
	press(m, "enter")
	if len(s.calls) > 0 || m.dialog == nil {
		t.Errorf("Enter acted unseen: %q", s.calls)
	}
	if text := plain(frame(t, m, 40, 10)); !strings.Contains(text, "Ctrl+X HALT   q quit") {
		t.Errorf("the screen says\n%s", text)
	}
	press(m, "esc")
	if m.dialog != nil {
		t.Error("Esc did not close the sheet")
	}
}
