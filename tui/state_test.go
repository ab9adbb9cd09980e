package tui

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/tui/view"
)

func TestStoryReadsSpans(t *testing.T) {
	s := newFake()
	s.advance(10)
	_ = give(s, command.Spike{On: true})
	s.advance(20)
	_ = give(s, command.Hold{On: true})
	s.advance(5)
	_ = give(s, command.Halt{})
	s.advance(5)
	var st view.Marks
	for n := 1; n <= len(s.events); n++ { // piece by piece, as in life
		st.Sync(s.events[:n], timeline.Of(s.events[:n]))
	}
	want := []view.Span{
		{From: 10 * time.Second, To: 35 * time.Second, Label: "Channel spike 5×", Short: "5×", Loud: true, Run: 1, Spike: true},
		{From: 30 * time.Second, To: 35 * time.Second, Label: "hold"},
		{From: 35 * time.Second, To: -1, Label: "halted"},
	}
	if len(st.Spans) != len(want) {
		t.Fatalf("spans are %+v", st.Spans)
	}
	for i := range want {
		if st.Spans[i] != want[i] {
			t.Errorf("span %d is %+v, want %+v", i, st.Spans[i], want[i])
		}
	}
	if len(st.Events) != len(s.events) {
		t.Errorf("%d of %d events are news", len(st.Events), len(s.events))
	}
	other := newFake().events
	other[0].Time = other[0].Time.Add(time.Hour)
	st.Sync(other, timeline.Of(other)) // another run
	if len(st.Spans) != 0 || len(st.Events) != 1 {
		t.Error("a new run keeps the old spans")
	}
}

// What only the record needs is not news on the screen.
func TestTimelineLeavesOutWhatIsForTheRecord(t *testing.T) {
	s := newFake()
	s.event(event.RoleSquall, event.ExpectationDecided{Finding: event.Finding{Text: "an alert fires", Verdict: event.ExpectationUnknown}})
	m := console(s, looks()[0], 120, 36)
	wantNoText(t, m, "an alert fires")
	s.event(event.RoleSquall, event.ExpectationDecided{Finding: event.Finding{Text: "an alert fires", Verdict: event.ExpectationMet}})
	onScreen(m, s)
	wantText(t, m, "an alert fires")
}

// The panel says what the objectives are judged over.
func TestObjectivesSayWhatTheyAreAbout(t *testing.T) {
	s := newFake()
	s.advance(20)
	wantText(t, console(s, looks()[0], 120, 36), "last 10 s and whole run")
	s.outside = true
	wantText(t, console(s, looks()[0], 120, 36), "outside faults")
}
