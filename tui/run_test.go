package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/teatest"
	"github.com/creack/pty"
	"go.uber.org/goleak"
	"golang.org/x/term"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/view"
)

// journey runs the whole program on a model.
func journey(t *testing.T, s *fakeSession) *teatest.TestModel {
	t.Helper()
	m := console(s, looks()[0], 120, 36)
	return teatest.NewTestModel(t, m, teatest.WithInitialTermSize(120, 36))
}

// see waits until the program has written a text.
func see(t *testing.T, tm *teatest.TestModel, text string) {
	t.Helper()
	teatest.WaitFor(t, tm.Output(), func(out []byte) bool {
		return strings.Contains(ansi.Strip(string(out)), text)
	}, teatest.WithDuration(10*time.Second), teatest.WithCheckInterval(10*time.Millisecond))
}

func TestJourneySpikeAndQuit(t *testing.T) {
	s := newFake()
	s.advance(30)
	tm := journey(t, s)
	see(t, tm, "RUNNING")
	tm.Send(keyMsg("up"))
	see(t, tm, "virtual users 250 → 260")
	tm.Type("v")
	see(t, tm, "Virtual users")
	tm.Type("4oo")
	tm.Send(keyMsg("enter"))
	see(t, tm, "is not accepted")
	for range 3 {
		tm.Send(keyMsg("backspace"))
	}
	tm.Type("400")
	tm.Send(keyMsg("enter"))
	see(t, tm, "→ 400")
	tm.Type("s")
	see(t, tm, "spike on")
	tm.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
	see(t, tm, "FLOWS AND ERRORS")
	tm.Type("x")
	see(t, tm, "HALTED")
	tm.Type("u")
	see(t, tm, "RUNNING")
	tm.Type("q")
	see(t, tm, "Stop the run and write the report?")
	tm.Type("y")
	see(t, tm, "DRAINING")
	s.end()
	tm.WaitFinished(t, teatest.WithFinalTimeout(10*time.Second))
	s.mu.Lock()
	defer s.mu.Unlock()
	want := "vus 260|vus 400|spike true|halt|release|finish operator"
	if got := strings.Join(s.calls, "|"); got != want {
		t.Errorf("the session was told %s, want %s", got, want)
	}
}

// seen counts the snapshots that were asked for.
func (s *fakeSession) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shots
}

// told waits until the session has been told n things.
func (s *fakeSession) told(t *testing.T, n int) {
	t.Helper()
	calls := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.calls)
	}
	for deadline := time.Now().Add(10 * time.Second); calls() < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the session was told %d things, want %d", calls(), n)
		}
	}
}

// TestJourneyBurst delivers several keys in one message, as a busy machine does.
func TestJourneyBurst(t *testing.T) {
	s := newFake()
	s.advance(30)
	tm := journey(t, s)
	see(t, tm, "RUNNING")
	tm.Send(keyMsg("nabc"))
	tm.Send(keyMsg(" "))
	tm.Send(keyMsg("defqx"))
	tm.Send(keyMsg("enter"))
	see(t, tm, "abc defqx")
	tm.Send(keyMsg("v50"))
	tm.Send(keyMsg("enter"))
	see(t, tm, "virtual users 250 → 50")
	s.told(t, 2)
	tm.Send(keyMsg("qy"))
	see(t, tm, "DRAINING")
	s.end()
	tm.WaitFinished(t, teatest.WithFinalTimeout(10*time.Second))
	s.mu.Lock()
	defer s.mu.Unlock()
	if got, want := strings.Join(s.calls, "|"), "note abc defqx|vus 50|finish operator"; got != want {
		t.Errorf("the session was told %s, want %s", got, want)
	}
}

// TestTypedAheadReachesThePrompt is the same through the terminal's bytes.
func TestTypedAheadReachesThePrompt(t *testing.T) {
	s := newFake()
	s.advance(30)
	in, keys := io.Pipe()
	out := &quietTerminal{}
	ended := make(chan error, 1)
	go func() { ended <- Run(context.Background(), s, Options{Input: in, Output: out}) }()
	for n, text := range []string{"na b c q x\r", "qy"} {
		if _, err := io.WriteString(keys, text); err != nil {
			t.Fatal(err)
		}
		s.told(t, n+1)
	}
	s.end()
	keys.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(s.calls, "|"), "note a b c q x|finish operator"; got != want {
		t.Errorf("the session was told %s, want %s", got, want)
	}
}

func TestJourneyMix(t *testing.T) {
	s := newFake()
	s.advance(30)
	tm := journey(t, s)
	see(t, tm, "RUNNING")
	tm.Type("m")
	see(t, tm, "Channel mix")
	tm.Send(keyMsg("down"))
	tm.Type("40")
	tm.Send(keyMsg("enter"))
	see(t, tm, "instagram weight 40")
	tm.Send(keyMsg("esc"))
	s.end()
	tm.WaitFinished(t, teatest.WithFinalTimeout(10*time.Second))
}

// quietTerminal is an output that remembers what was written.
type quietTerminal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (q *quietTerminal) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.buf.Write(p)
}

func (q *quietTerminal) String() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.buf.String()
}

// never is an input that says nothing.
func never(t *testing.T) io.Reader {
	r, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	return r
}

func TestPanicBecomesAnErrorAndTheTerminalIsPutBack(t *testing.T) {
	s := newFake()
	s.boom = true
	out := &quietTerminal{}
	err := Run(context.Background(), s, Options{Input: never(t), Output: out})
	var p *PanicError
	if !errors.As(err, &p) || len(p.Stack) == 0 {
		t.Fatalf("Run returned %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "histogram index out of range") || strings.Contains(text, "goroutine") {
		t.Errorf("the error reads %q", text)
	}
	left(t, out.String())
}

// left checks that the alternate screen was left, the cursor shown, and no stack printed.
func left(t *testing.T, out string) {
	t.Helper()
	enter, leave := strings.LastIndex(out, "\x1b[?1049h"), strings.LastIndex(out, "\x1b[?1049l")
	if enter < 0 || leave < enter {
		t.Errorf("the alternate screen is not left: %q", out)
	}
	if strings.LastIndex(out, "\x1b[?25h") < strings.LastIndex(out, "\x1b[?25l") {
		t.Error("the cursor stays hidden")
	}
	if strings.Contains(out, "goroutine ") {
		t.Errorf("a stack trace reached the terminal: %q", out)
	}
}

func TestPanicInAPanelBecomesAnError(t *testing.T) {
	s := newFake()
	s.advance(3)
	m := console(s, looks()[0], 120, 36)
	good := m.View()
	m.areas = append(m.areas, area{panel: &badPanel{}})
	s.advance(1)
	m.Update(snapshotMsg{s.Snapshot()})
	if m.last != good {
		t.Error("a panel that panics tears the frame")
	}
	if _, cmd := m.Update(tickMsg(time.Time{})); !isQuit(cmd) || m.err == nil || m.View() != "" {
		t.Errorf("the console goes on after a panic; error %v", m.err)
	}
}

type badPanel struct{ panel.Header }

func (*badPanel) Sync(*view.State) { panic("bad panel") }

func TestRunEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := newFake()
	s.advance(3)
	ctx, cancel := context.WithCancel(context.Background())
	out := &quietTerminal{}
	r, w := io.Pipe()
	defer w.Close()
	done := make(chan error)
	go func() { done <- Run(ctx, s, Options{Input: r, Output: out}) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run returned %v", err)
	}
	w.Close()
	left(t, out.String())
}

func TestRunEndsWithTheSession(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := newFake()
	s.advance(3)
	out := &quietTerminal{}
	r, w := io.Pipe()
	done := make(chan error)
	go func() { done <- Run(context.Background(), s, Options{Input: r, Output: out}) }()
	_ = give(s, command.Finish{})
	s.end()
	if err := <-done; err != nil {
		t.Errorf("Run returned %v", err)
	}
	w.Close()
	left(t, out.String())
}

// stuckTerminal takes no output, as a terminal stopped with Ctrl+S or a network that hangs.
type stuckTerminal struct{ free chan struct{} }

func (s stuckTerminal) Write(p []byte) (int, error) {
	<-s.free
	return len(p), nil
}

func TestRunEndsWhenTheTerminalTakesNoOutput(t *testing.T) {
	s := newFake()
	s.advance(3)
	stuck := stuckTerminal{make(chan struct{})}
	done := make(chan error)
	go func() { done <- Run(context.Background(), s, Options{Input: never(t), Output: stuck}) }()
	s.end()
	select {
	case err := <-done:
		if err == nil {
			t.Error("Run does not say that the terminal was stuck")
		}
	case <-time.After(30 * time.Second):
		t.Error("Run waits for a terminal that takes no output")
	}
	close(stuck.free)
}

// TestRealTerminal runs the console on a pseudo-terminal and compares the terminal's mode before
// and after.
func TestRealTerminal(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(s *fakeSession, keyboard *os.File)
		fail bool
	}{
		{"session ends", func(s *fakeSession, _ *os.File) { s.end() }, false},
		{"ctrl+c twice", func(_ *fakeSession, keyboard *os.File) { keyboard.WriteString("\x03\x03") }, false},
		{"panic", func(s *fakeSession, _ *os.File) { s.mu.Lock(); s.boom = true; s.mu.Unlock() }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			master, slave, err := pty.Open()
			if err != nil {
				t.Fatalf("open a pseudo-terminal: %v", err)
			}
			defer master.Close()
			defer slave.Close()
			if err := pty.Setsize(master, &pty.Winsize{Rows: 36, Cols: 120}); err != nil {
				t.Fatal(err)
			}
			before, err := term.GetState(int(slave.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			out := &quietTerminal{}
			go io.Copy(out, master)
			s := newFake()
			s.advance(20)
			done := make(chan error)
			go func() { done <- Run(context.Background(), s, Options{Input: slave, Output: slave}) }()
			deadline := time.Now().Add(20 * time.Second)
			for !strings.Contains(ansi.Strip(out.String()), "RUNNING") {
				if time.Now().After(deadline) {
					t.Fatalf("no frame came: %q", out.String())
				}
				time.Sleep(5 * time.Millisecond)
			}
			c.end(s, master)
			if err := <-done; (err != nil) != c.fail {
				t.Errorf("Run returned %v", err)
			}
			after, err := term.GetState(int(slave.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			if *before != *after {
				t.Error("the terminal's mode is not as it was")
			}
		})
	}
}

// TestJourneyFault looks, changes, injects, reverts and halts, with a target that takes its time.
func TestJourneyFault(t *testing.T) {
	s := newFake()
	s.advance(30)
	answer := make(chan struct{})
	s.chaos.preflight = func(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error) {
		select {
		case <-answer:
			return fakePlan(fault, p), nil
		case <-ctx.Done():
			return chaos.Plan{}, ctx.Err()
		}
	}
	tm := journey(t, s)
	see(t, tm, "RUNNING")
	tm.Type("1")
	see(t, tm, "checking")
	tm.Send(keyMsg("enter"))
	see(t, tm, "the target has not answered")
	tm.Type("5s")
	see(t, tm, "Enter takes the value")
	tm.Send(keyMsg("enter"))
	close(answer)
	see(t, tm, "5s ± 500ms")
	tm.Send(keyMsg("enter"))
	see(t, tm, "injecting LLM latency")
	s.told(t, 1)
	s.applied("llm_latency", time.Minute)
	see(t, tm, "1 FAULT")
	tm.Type("1")
	see(t, tm, "reverting")
	s.told(t, 2)
	tm.Type("2")
	see(t, tm, "Redis outage, by Kubernetes")
	tm.Type("x")
	see(t, tm, "HALTED")
	s.told(t, 3)
	tm.Type("qy")
	s.told(t, 4)
	s.end()
	tm.WaitFinished(t, teatest.WithFinalTimeout(10*time.Second))
	s.mu.Lock()
	defer s.mu.Unlock()
	want := "inject llm_latency errors=none,for=10m,jitter=500ms,latency=5s,proxy=llm-upstream,share=10,toxicity=100|revert llm_latency|halt|finish operator"
	if got := strings.Join(s.calls, "|"); got != want {
		t.Errorf("the session was told %s, want %s", got, want)
	}
}

// TestRunStopsWhatTheConsoleAsked: a target that never answers outlives no console.
func TestRunStopsWhatTheConsoleAsked(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := newFake()
	s.advance(3)
	asked := make(chan struct{})
	s.chaos.preflight = func(ctx context.Context, _ string, _ chaos.Params) (chaos.Plan, error) {
		close(asked)
		<-ctx.Done()
		return chaos.Plan{}, ctx.Err()
	}
	r, w := io.Pipe()
	done := make(chan error)
	go func() { done <- Run(context.Background(), s, Options{Input: r, Output: &quietTerminal{}}) }()
	for deadline := time.Now().Add(20 * time.Second); s.seen() < 2; time.Sleep(time.Millisecond) { // the first has arrived
		if time.Now().After(deadline) {
			t.Fatal("the console asks for no snapshots")
		}
	}
	if _, err := io.WriteString(w, "1"); err != nil {
		t.Fatal(err)
	}
	<-asked
	s.end()
	if err := <-done; err != nil {
		t.Error(err)
	}
	w.Close()
}
