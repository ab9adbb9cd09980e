package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/panel"
)

const llmDefaults = "errors=none,for=10m,jitter=500ms,latency=3s,proxy=llm-upstream,share=10,toxicity=100"

// TestFaultKeysReachTheSession is every key that commands a fault that is off.
func TestFaultKeysReachTheSession(t *testing.T) {
	redis := "inject redis_outage for=2m,replicas=0,way="
	for _, c := range []struct {
		name string
		keys string // blank-separated
		want []string
		echo string
	}{
		{"a key asks and changes nothing", "1", nil, "Enter injects it into staging: proxy llm-upstream"},
		{"enter injects", "1 enter", []string{"inject llm_latency " + llmDefaults}, "injecting LLM latency: proxy llm-upstream"},
		{"escape injects nothing", "1 esc", nil, "CHANNEL MIX"},
		{"twice the same key types", "1 1", nil, "Enter takes the value"},
		{"a value typed", "1 5 s enter enter", []string{"inject llm_latency " + strings.Replace(llmDefaults, "latency=3s", "latency=5s", 1)}, ""},
		{"a value typed twice over", "1 9 esc 5 s enter down 1 s enter enter", []string{"inject llm_latency errors=none,for=10m,jitter=1s,latency=5s,proxy=llm-upstream,share=10,toxicity=100"}, ""},
		{"written in one way", "1 3 0 0 0 m s enter enter", []string{"inject llm_latency " + llmDefaults}, ""},
		{"a choice", "2 right enter", []string{redis + "delete"}, ""},
		{"a choice backwards", "2 left enter", []string{redis + "scale"}, ""},
		{"a parameter that comes with a choice", "2 left down 1 enter enter", []string{"inject redis_outage for=2m,replicas=1,way=scale"}, ""},
		{"a name", "1 down down down down backspace backspace 2 enter enter", []string{"inject llm_latency " + strings.Replace(llmDefaults, "llm-upstream", "llm-upstre2", 1)}, ""},
		{"wrong values inject nothing", "1 a 7 7 7 enter enter", nil, "must be a duration such as 3s or 500ms"},
		{"a bare number has the unit of the value before", "1 4 enter down 2 5 enter enter", []string{"inject llm_latency errors=none,for=10m,jitter=25ms,latency=4s,proxy=llm-upstream,share=10,toxicity=100"}, ""},
		{"wrong values stay", "1 7 x enter enter", nil, "7x"},
		{"escape takes a wrong value back", "1 7 x esc enter", []string{"inject llm_latency " + llmDefaults}, ""},
		{"dry run", "1 ctrl+d", []string{"dry run llm_latency " + llmDefaults}, "Toxiproxy has no dry run"},
		{"halt inside the sheet", "1 x", []string{"halt"}, "HALTED"},
		{"halt while typing", "1 7 ctrl+x", []string{"halt"}, "HALTED"},
		{"halt in the list", "F x", []string{"halt"}, "HALTED"},
		{"blocked after a halt", "x 1 enter", []string{"halt"}, "blocked since the halt; press u to release"},
		{"released in the sheet", "x 1 u enter", []string{"halt", "release", "inject llm_latency " + llmDefaults}, ""},
		{"the list opens sheets", "F down enter", nil, "Redis outage, by Kubernetes"},
		{"escape goes back to the list", "F down enter esc", nil, "Enter look, then inject"},
		{"the list remembers", "2 esc F enter enter", []string{redis + "evict"}, ""},
		{"keys work in the list", "F 2 enter", []string{redis + "evict"}, ""},
		{"no such fault", "7", nil, "key 7 has no fault; there are 4"},
		{"revert what is off", "1 ctrl+r", nil, "nothing to revert"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := begun(t)
			press(m, strings.Fields(c.keys)...)
			wantCalls(t, s, c.want...)
			wantText(t, m, c.echo)
		})
	}
}

// onScreen lets the console see the session again.
func onScreen(m *Model, s *fakeSession) {
	_, cmd := m.Update(snapshotMsg{s.Snapshot()})
	drain(m, cmd)
}

func TestAnActiveFaultIsTakenBackAtOnce(t *testing.T) {
	s, m := begun(t)
	s.applied("llm_latency", time.Minute)
	onScreen(m, s)
	wantText(t, m, "● 1 FAULT", "01:00 left")
	_, cmd := m.Update(keyMsg("1"))
	m.Update(keyMsg("1")) // twice before any snapshot came
	drain(m, cmd)
	wantCalls(t, s, "revert llm_latency")
	onScreen(m, s)
	wantText(t, m, "reverting")
	press(m, "1")
	wantCalls(t, s, "revert llm_latency")
	wantText(t, m, "being reverted already")
}

func TestAnActiveFaultIsChangedLive(t *testing.T) {
	s, m := begun(t)
	s.applied("llm_latency", time.Minute)
	onScreen(m, s)
	press(m, "F", "enter")
	wantText(t, m, "active, 01:00 left", "Change a value and press Enter")
	press(m, "enter")
	wantText(t, m, "nothing was changed")
	press(m, "8", "s", "enter")
	wantText(t, m, "Enter applies: latency 3s → 8s")
	press(m, "down", "down") // over what is not live, to the time it lasts
	press(m, "1", "h", "enter", "enter")
	wantCalls(t, s, "adjust llm_latency for=1h,jitter=500ms,latency=8s,share=10")
	press(m, "ctrl+r")
	wantCalls(t, s, "adjust llm_latency for=1h,jitter=500ms,latency=8s,share=10", "revert llm_latency")
}

// TestASheetFollowsItsFault: what is open when a fault ends by itself offers it anew.
func TestASheetFollowsItsFault(t *testing.T) {
	s, m := begun(t)
	s.applied("llm_latency", time.Minute)
	onScreen(m, s)
	press(m, "F", "enter")
	s.undone("llm_latency")
	s.advance(12)
	onScreen(m, s)
	wantText(t, m, "off, recovering 00:12 of 02:00", "Enter injects it into staging")
	s.left("llm_latency", false)
	onScreen(m, s)
	wantText(t, m, "t try again", "kubectl")
}

func TestAStuckFault(t *testing.T) {
	for _, c := range []struct {
		name  string
		moved bool
		keys  string
		want  []string
		text  string
	}{
		{"again", false, "2 t", []string{"decide redis_outage retry"}, "trying again"},
		{"nothing to overwrite", false, "2 o", nil, "nobody else has changed it"},
		{"overwrite asks", true, "2 o", nil, "Overwrite what somebody else has changed?"},
		{"enter is no answer", true, "2 o enter", nil, "Overwrite what somebody else has changed?"},
		{"overwrite", true, "2 o y", []string{"decide redis_outage overwrite"}, ""},
		{"not after all", true, "2 o n", nil, "By hand"},
		{"keep", false, "2 k y", []string{"decide redis_outage abandon"}, ""},
		{"halt while asking", true, "2 k x", []string{"halt"}, "HALTED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := begun(t)
			s.applied("redis_outage", time.Minute)
			s.left("redis_outage", c.moved)
			onScreen(m, s)
			wantText(t, m, "✗ NOT REVERTED", "Press 2 for what to do")
			press(m, strings.Fields(c.keys)...)
			wantCalls(t, s, c.want...)
			wantText(t, m, c.text)
		})
	}
}

func TestAProtectedTargetWantsItsName(t *testing.T) {
	s, m := begun(t)
	s.chaos.protected = true
	onScreen(m, s)
	press(m, "2", "enter", "enter", "p", "r", "o", "x", "enter")
	wantText(t, m, "that is not the target's name: staging", "prox")
	wantCalls(t, s)
	press(m, "backspace", "backspace", "backspace", "backspace", "s", "t", "a", "g", "i", "n", "g", "enter")
	wantCalls(t, s, "inject redis_outage for=2m,replicas=0,way=evict staging")
}

func TestAPlanThatRefusesIsNotInjected(t *testing.T) {
	s, m := begun(t)
	asked := 0
	s.chaos.preflight = func(context.Context, string, chaos.Params) (chaos.Plan, error) {
		asked++
		return chaos.Plan{Scope: "2 pods of redis", Checks: []chaos.Check{
			{Text: "may create pods/eviction in xin-staging", Answer: chaos.Refuses, Reason: "forbidden for this account"},
		}}, nil
	}
	press(m, "2")
	wantText(t, m, "✗ refused: check \"may create pods/eviction in xin-staging\" failed: forbidden for this account")
	press(m, "enter", "enter") // checks again, never injects
	wantCalls(t, s)
	if asked != 3 {
		t.Errorf("the target was asked %d times, want 3", asked)
	}
	s.chaos.preflight = func(context.Context, string, chaos.Params) (chaos.Plan, error) {
		return chaos.Plan{}, errors.New("look at statefulset redis: connection refused")
	}
	press(m, "enter", "enter")
	wantCalls(t, s)
	wantText(t, m, "connection refused", "Enter asks again")
}

func TestARefusedInjectionLosesNothing(t *testing.T) {
	s, m := begun(t)
	press(m, "1", "5", "s", "enter")
	s.fail = errors.New("inject llm_latency: objectives are red already")
	press(m, "enter")
	wantText(t, m, "objectives are red already", "5s")
	s.fail = nil
	press(m, "enter")
	if n := len(s.calls); n != 2 || !strings.Contains(s.calls[1], "latency=5s") {
		t.Errorf("the session was told %q", s.calls)
	}
	wantText(t, m, "CHANNEL MIX") // the sheet is closed
}

// TestASlowTargetNeverBlocks: every key works while the target does not answer, and closing the sheet
// stops the question.
func TestASlowTargetNeverBlocks(t *testing.T) {
	s, m := begun(t)
	stopped := make(chan error, 10)
	s.chaos.preflight = func(ctx context.Context, _ string, _ chaos.Params) (chaos.Plan, error) {
		<-ctx.Done()
		stopped <- ctx.Err()
		return chaos.Plan{}, ctx.Err()
	}
	var asked []chan tea.Msg
	send := func(keys ...string) { // carries the answers out as the program would, on goroutines
		for _, k := range keys {
			if _, cmd := m.Update(keyMsg(k)); cmd != nil {
				answer := make(chan tea.Msg, 1)
				go func() { answer <- cmd() }()
				asked = append(asked, answer)
			}
		}
	}
	send("1")
	wantText(t, m, "checking…")
	send("enter")
	wantText(t, m, "not yet: the target has not answered")
	send("down", "2")
	wantText(t, m, "Enter takes the value")
	_, ask := m.Update(<-asked[1]) // the lull is over
	asked = asked[:1]
	answer := make(chan tea.Msg, 1)
	go func() { answer <- ask() }()
	asked = append(asked, answer)
	send("esc", "esc")
	wantText(t, m, "CHANNEL MIX")
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("the first question ended with %v", err)
	}
	for _, answer := range asked {
		select {
		case msg := <-answer:
			m.Update(msg)
		case <-time.After(10 * time.Second):
			t.Fatal("a question goes on after the sheet was closed")
		}
	}
	wantCalls(t, s)
}

// TestAnOlderAnswerIsDropped: the plan of what was on the form before must not be injected.
func TestAnOlderAnswerIsDropped(t *testing.T) {
	_, m := begun(t)
	_, first := m.Update(keyMsg("1"))
	_, lull := m.Update(keyMsg("7"))
	_, more := m.Update(keyMsg("s"))
	m.Update(first()) // answers now, for 3 s
	m.Update(keyMsg("enter"))
	m.Update(keyMsg("enter"))
	wantText(t, m, "not yet: the target has not answered")
	if _, cmd := m.Update(lull()); cmd != nil {
		t.Error("an older lull asks the target")
	}
	_, ask := m.Update(more())
	m.Update(ask())
	wantText(t, m, "proxy llm-upstream, 7s ± 500ms")
	press(m, "esc", "2")
	m.Update(first()) // another sheet
	wantText(t, m, "Redis outage, by Kubernetes", "2 pods of redis")
	wantNoText(t, m, "llm-upstream")
}

func TestTheEndNamesWhatIsActive(t *testing.T) {
	s, m := begun(t)
	s.applied("llm_latency", time.Minute)
	s.applied("redis_outage", time.Minute)
	s.left("redis_outage", false)
	onScreen(m, s)
	press(m, "q")
	wantText(t, m, "LLM latency is active: it will be reverted", "Redis outage is not reverted")
	press(m, "n", "x")
	wantText(t, m, "2 faults being reverted")
	wantCalls(t, s, "halt")
}

func TestEndingTheConsoleStopsWhatItAsked(t *testing.T) {
	s, m := begun(t)
	ended := make(chan struct{})
	s.chaos.preflight = func(ctx context.Context, _ string, _ chaos.Params) (chaos.Plan, error) {
		<-ctx.Done()
		close(ended)
		return chaos.Plan{}, ctx.Err()
	}
	_, cmd := m.Update(keyMsg("1"))
	go cmd()
	m.Update(keyMsg("ctrl+c"))
	<-ended
}

func TestNoFaultsSaysWhy(t *testing.T) {
	s, m := begun(t)
	s.chaos.faults = nil
	for _, z := range sizes() {
		m.Update(tea.WindowSizeMsg{Width: z.w, Height: z.h})
		onScreen(m, s)
		wantText(t, m, "no faults: no Toxiproxy or Kubernetes configured")
	}
	press(m, "1", "F")
	wantCalls(t, s)
}

func TestRecoveryClock(t *testing.T) {
	undone := fakeStart()
	st := console(newFake(), looks()[0], 80, 24).state.Styles
	for _, c := range []struct {
		r     session.TimeToGreen
		after time.Duration
		want  string
	}{
		{session.TimeToGreen{Watching: true, Goal: 2 * time.Minute}, 12 * time.Second, "recovering 00:12 of 02:00"},
		{session.TimeToGreen{Watching: true}, 12 * time.Second, "recovering 00:12"},
		{session.TimeToGreen{Watching: true, Goal: 2 * time.Minute}, 3 * time.Minute, "✗ not within 2 min, 03:00 so far"},
		{session.TimeToGreen{Goal: 2 * time.Minute}, 4 * time.Minute, "✗ not within 2 min"},
		{session.TimeToGreen{Done: true, Took: 14 * time.Second, Goal: 2 * time.Minute}, time.Hour, "✓ recovered in 14 s"},
		{session.TimeToGreen{Done: true, Took: 140 * time.Second, Goal: 2 * time.Minute}, time.Hour, "✗ recovered in 2 min 20 s, goal 2 min"},
		{session.TimeToGreen{Done: true, Goal: 2 * time.Minute}, time.Hour, "✓ recovered within a second"},
		{session.TimeToGreen{Done: true, Goal: 2 * time.Minute, Unbroken: true}, time.Hour, "✓ no objective broke"},
		{session.TimeToGreen{Goal: 2 * time.Minute, Reason: "no objectives"}, time.Hour, "? recovery unknown: no objectives"},
	} {
		f := session.FaultState{Run: 1, Reverted: undone, Recovery: c.r}
		if got, _, _ := panel.FaultClock(&f, undone.Add(c.after), st); got != c.want {
			t.Errorf("%+v after %v reads %q, want %q", c.r, c.after, got, c.want)
		}
	}
	idle := session.FaultState{Run: 1, Reverted: undone, Recovery: session.TimeToGreen{Done: true, Unbroken: true}, Effect: &event.EffectJudged{Effect: event.NoEffect}}
	if got, short, _ := panel.FaultClock(&idle, undone.Add(time.Minute), st); got != "! no effect seen" || short != "! no effect" {
		t.Errorf("a fault that changed nothing reads %q, %q", got, short)
	}
}
