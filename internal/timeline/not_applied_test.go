package timeline

import (
	"slices"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// A fault that could not be applied did nothing to the platform: it has no phase and no span, before it is known and
// after, and the faults around it keep theirs.
func TestWhatWasNotAppliedHasNoPhase(t *testing.T) {
	line := new(Timeline)
	at := 0.0
	tell := func(data any) {
		at += 10
		line.Apply(event.Make(time.Time{}, at, event.By(event.RoleSchedule), data))
	}
	of := func(run int, title string) event.Injection {
		return event.Injection{Fault: title, Title: title, Run: run}
	}
	first, failed, last := of(1, "A"), of(2, "B"), of(3, "C")
	tell(event.FaultStarted{Injection: first})
	tell(event.FaultActive{Injection: first})
	tell(event.FaultReverting{Injection: first})
	tell(event.FaultReverted{Injection: first})
	tell(event.PlatformRecovered{Injection: first})
	tell(event.FaultStarted{Injection: failed})
	tell(event.FaultReverting{Injection: failed, Cause: event.CauseFailed, Detail: "405"})
	tell(event.FaultReverted{Injection: failed, Cause: event.CauseFailed})
	tell(event.FaultStarted{Injection: last})
	tell(event.FaultActive{Injection: last})
	tell(event.FaultReverting{Injection: last})
	tell(event.FaultReverted{Injection: last})
	if n := line.Injected(); n != 2 {
		t.Errorf("%d were injected, not 2", n)
	}
	var names []string
	for _, p := range line.Phases(200) {
		names = append(names, p.Name)
	}
	if want := []string{"baseline", "A", "recovery 1", "C", "recovery 2"}; !slices.Equal(names, want) {
		t.Errorf("phases %v, want %v", names, want)
	}
	for _, s := range line.Spans {
		if s.Run == 2 {
			t.Errorf("span %+v", s)
		}
	}
	if len(line.Spans) != 2 {
		t.Errorf("%d spans", len(line.Spans))
	}
	for at, want := range map[float64]bool{15: false, 55: true, 75: false, 85: true} { // until it was reverted, it may have been there
		if got := line.Outside(at); got != want {
			t.Errorf("second %v is outside faults: %v, want %v", at, got, want)
		}
	}
}
