package tui

import (
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/tui/view"
)

func TestStoryReadsFaults(t *testing.T) {
	s := newFake()
	s.advance(10)
	s.applied("llm_latency", time.Minute)
	s.advance(5)
	s.applied("redis_outage", time.Minute)
	s.advance(5)
	_ = give(s, command.Revert{Fault: "llm_latency"}) // the span lasts until the undo is verified
	s.advance(5)
	s.left("redis_outage", false)
	s.advance(2)
	s.left("redis_outage", false) // tried again
	s.undone("llm_latency")
	s.advance(3)
	s.applied("llm_latency", time.Minute) // again: a span of its own
	s.advance(5)
	s.undone("redis_outage")
	var st view.Marks
	for n := 1; n <= len(s.events); n++ { // piece by piece, as in life
		st.Sync(s.events[:n], timeline.Of(s.events[:n]))
	}
	want := []view.Span{
		{From: 10 * time.Second, To: 27 * time.Second, Label: "LLM latency", Short: "LLM", Loud: true, Run: 1},
		{From: 15 * time.Second, To: 25 * time.Second, Label: "Redis outage", Short: "Redis", Loud: true, Run: 2},
		{From: 25 * time.Second, To: 35 * time.Second, Label: "Redis outage not reverted", Short: "✗", Loud: true, Bad: true, Run: 2},
		{From: 30 * time.Second, To: -1, Label: "LLM latency", Short: "LLM", Loud: true, Run: 3},
	}
	if len(st.Spans) != len(want) {
		t.Fatalf("spans are %+v", st.Spans)
	}
	for i := range want {
		if st.Spans[i] != want[i] {
			t.Errorf("span %d is %+v, want %+v", i, st.Spans[i], want[i])
		}
	}
}

// A spike by key is the fault: one span, which says how strong it is.
func TestASpikeIsOneSpan(t *testing.T) {
	s := newFake()
	s.advance(10)
	_ = give(s, command.Spike{On: true})
	s.advance(20)
	m := console(s, looks()[0], 120, 36)
	wantText(t, m, "● ON 00:20")
	if spans := m.state.Marks.Spans; len(spans) != 1 || spans[0].Label != "Channel spike 5×" || spans[0].Short != "5×" {
		t.Errorf("spans are %+v", spans)
	}
	_ = give(s, command.Spike{On: false})
	_ = give(s, command.Spike{On: true})
	onScreen(m, s)
	m.View()
	if spans := m.state.Marks.Spans; len(spans) != 2 || spans[0].To < 0 || spans[1].To >= 0 {
		t.Errorf("spans are %+v", spans)
	}
}

// TestPodsTakeAPlaceOnlyWhileThereAreAny: their chart is another one's until a workload is watched.
func TestPodsTakeAPlaceOnlyWhileThereAreAny(t *testing.T) {
	s := newFake()
	s.advance(20)
	m := console(s, looks()[0], 200, 60)
	wantText(t, m, "REQUEST RATE")
	wantNoText(t, m, "PODS")
	s.scaled(2, 5)
	onScreen(m, s)
	wantText(t, m, "PODS", "2 of 8 pods  5 wanted", "VIRTUAL USERS", "FAILED REQUESTS")
	s.scaled(5, 5)
	s.advance(1)
	for _, z := range sizes()[:2] {
		m = console(s, looks()[0], z.w, z.h)
		wantText(t, m, "gateway 2→5 of 8 pods")
	}
}

// Pods have a line on the page of the platform at every size, however long their names are, and their ends and counts are whole.
func TestPodsOnThePlatformPage(t *testing.T) {
	s := newFake()
	s.advance(20)
	s.pods("xin-xin-platform-channel-gateway", 0, 2)
	s.pods("xin-xin-platform-orchestrator", 0, 2)
	s.pods("redis", 1, 1)
	s.advance(1)
	for _, z := range sizes() {
		m := console(s, looks()[0], z.w, z.h)
		press(m, "g")
		wantText(t, m, "teway", "rator", "0 of 8", "2 wanted")
	}
}

// TestManyFaultsKeepTheBusyOnesInView at every size.
func TestManyFaultsKeepTheBusyOnesInView(t *testing.T) {
	s := newFake()
	s.chaos.faults[3].Info.Title = "Last but one"
	for len(s.chaos.faults) < 30 {
		s.chaos.faults = append(s.chaos.faults[:1], append(s.chaos.faults[1:2:2], s.chaos.faults[1:]...)...)
	}
	last := &s.chaos.faults[len(s.chaos.faults)-1]
	last.State, last.Until = chaos.Active, s.started.Add(90*time.Second)
	s.chaos.faults[len(s.chaos.faults)-2].State = chaos.NotReverted
	s.advance(30)
	for _, z := range sizes() {
		m := console(s, looks()[0], z.w, z.h)
		wantText(t, m, last.Info.Title, "01:00 left", "not reverted", "F lists them")
		press(m, "F", "end")
		wantText(t, m, "▌") // the picked one is in view
	}
}
