package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/timeline"
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
	var st story
	for n := 1; n <= len(s.events); n++ { // piece by piece, as in life
		st.sync(s.events[:n], timeline.Of(s.events[:n]))
	}
	want := []span{
		{from: 10 * time.Second, to: 27 * time.Second, label: "LLM latency", short: "LLM", loud: true, run: 1},
		{from: 15 * time.Second, to: 25 * time.Second, label: "Redis outage", short: "Redis", loud: true, run: 2},
		{from: 25 * time.Second, to: 35 * time.Second, label: "Redis outage not reverted", short: "✗", loud: true, bad: true, run: 2},
		{from: 30 * time.Second, to: -1, label: "LLM latency", short: "LLM", loud: true, run: 3},
	}
	if len(st.spans) != len(want) {
		t.Fatalf("spans are %+v", st.spans)
	}
	for i := range want {
		if st.spans[i] != want[i] {
			t.Errorf("span %d is %+v, want %+v", i, st.spans[i], want[i])
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
	if spans := m.scene.story.spans; len(spans) != 1 || spans[0].label != "Channel spike 5×" || spans[0].short != "5×" {
		t.Errorf("spans are %+v", spans)
	}
	_ = give(s, command.Spike{On: false})
	_ = give(s, command.Spike{On: true})
	onScreen(m, s)
	m.View()
	if spans := m.scene.story.spans; len(spans) != 2 || spans[0].to < 0 || spans[1].to >= 0 {
		t.Errorf("spans are %+v", spans)
	}
}

func TestOverlappingFaultsGetRowsOfTheirOwn(t *testing.T) {
	const s = time.Second
	a := axis{length: s, count: 60, last: 119}
	story := story{spans: []span{
		{from: 10 * s, to: 20 * s, label: "before the picture", run: 9},
		{from: 65 * s, to: 80 * s, label: "spike"},
		{from: 70 * s, to: 90 * s, label: "a", run: 1},
		{from: 85 * s, to: -1, label: "b", run: 2},
		{from: 100 * s, to: 110 * s, label: "c", run: 3},
		{from: 105 * s, to: -1, label: "d", run: 5},
	}}
	lane := map[string]int{}
	for _, most := range []int{1, 2, 3} {
		placed, lanes := story.lanes(a, most)
		if lanes > most {
			t.Errorf("%d rows of at most %d", lanes, most)
		}
		clear(lane)
		for _, p := range placed {
			lane[p.label] = p.lane
		}
		if len(placed) != 5 {
			t.Errorf("placed %+v", placed)
		}
		want := map[int]string{1: "map[a:0 b:0 c:0 d:0 spike:0]", 2: "map[a:1 b:0 c:1 d:1 spike:0]", 3: "map[a:1 b:0 c:1 d:2 spike:0]"}[most]
		if got := fmt.Sprint(lane); got != want {
			t.Errorf("at most %d rows: %s, want %s", most, got, want)
		}
	}
	if placed, lanes := story.lanes(axis{}, 3); placed != nil || lanes != 0 {
		t.Error("spans are placed before there is an axis")
	}
}

func TestPodsAt(t *testing.T) {
	points := []timeline.Pods{{At: 5, Ready: 2, Wanted: 2}, {At: 10, Ready: 2, Wanted: 4}}
	for until, want := range map[time.Duration][2]int{
		time.Second: {}, 5 * time.Second: {}, 6 * time.Second: {2, 2}, 10 * time.Second: {2, 2}, time.Minute: {2, 4},
	} {
		if ready, wanted := podsAt(points, until); ready != want[0] || wanted != want[1] {
			t.Errorf("before %v there are %d of %d pods, want %v", until, ready, wanted, want)
		}
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

// TestManyFaultsKeepTheBusyOnesInView at every size.
func TestManyFaultsKeepTheBusyOnesInView(t *testing.T) {
	s := newFake()
	s.chaos.faults[3].Info.Title = "Last but one"
	for len(s.chaos.faults) < 30 {
		s.chaos.faults = append(s.chaos.faults[:1], append(s.chaos.faults[1:2:2], s.chaos.faults[1:]...)...)
	}
	last := &s.chaos.faults[len(s.chaos.faults)-1]
	last.State, last.Until = chaos.Active, s.started.Add(90*time.Second)
	s.chaos.faults[len(s.chaos.faults)-2].State = chaos.Stuck
	s.advance(30)
	for _, z := range sizes() {
		m := console(s, looks()[0], z.w, z.h)
		wantText(t, m, last.Info.Title, "01:00 left", "not reverted", "F lists them")
		press(m, "F", "end")
		wantText(t, m, "▌") // the picked one is in view
	}
}

func TestCommandsAreBrokenOnlyBetweenWords(t *testing.T) {
	const command = `kubectl -n xin-staging patch statefulset redis --type=merge -p '{"spec": {"replicas": 2}}' --request-timeout=10s`
	for w := 40; w < 140; w++ {
		l := &lines{st: console(newFake(), looks()[0], 80, 24).scene.styles, w: w}
		l.command(command)
		var joined strings.Builder
		for i, line := range l.all {
			text := line.texts[0].text
			if !line.open || i < len(l.all)-1 && !strings.HasSuffix(text, " \\") {
				t.Fatalf("at %d columns a line is %q", w, text)
			}
			joined.WriteString(strings.TrimSuffix(text, "\\"))
		}
		if joined.String() != command {
			t.Fatalf("at %d columns the shell would read %q", w, joined.String())
		}
	}
}
