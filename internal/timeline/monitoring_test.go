package timeline

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// An alert is one from when it is seen until it is over; one that fires again is another, and so is one of other labels.
func TestAlerts(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	started := at(0, event.RunStarted{})
	started.Time = began
	change := func(seconds float64, state event.AlertState, tenant string, fired, resolved float64) event.Event {
		d := event.AlertChanged{Source: "prometheus", Alert: "IngestionLagHigh", Labels: map[string]string{"tenant_id": tenant}, State: state}
		if fired != 0 {
			d.FiredAt = began.Add(time.Duration(fired * float64(time.Second)))
		}
		if resolved != 0 {
			d.ResolvedAt = began.Add(time.Duration(resolved * float64(time.Second)))
		}
		return at(seconds, d)
	}
	line := Of([]event.Event{
		started,
		change(1, event.AlertFiring, "b", -30, 0), // since before the run
		change(5, event.AlertPending, "a", 0, 0),
		change(9, event.AlertFiring, "a", 8, 0),
		change(20, event.AlertResolved, "a", 8, 19),
		change(40, event.AlertFiring, "a", 39, 0),
	})
	if len(line.Alerts) != 3 {
		t.Fatalf("%d alerts, want 3: %+v", len(line.Alerts), line.Alerts)
	}
	for i, want := range []struct {
		seen, fired, resolved float64
		over                  bool
	}{{1, -30, 0, false}, {5, 8, 19, true}, {40, 39, 0, false}} {
		a := line.Alerts[i]
		fired, _ := line.Fired(a)
		resolved, over := line.ResolvedAt(a)
		if a.Seen != want.seen || fired != want.fired || over != want.over || over && resolved != want.resolved {
			t.Errorf("alert %d: seen %v, fired %v, resolved %v (%v), want %+v", i, a.Seen, fired, resolved, over, want)
		}
	}
}

func TestGapsOfSources(t *testing.T) {
	line := Of([]event.Event{
		at(2, event.SourceGap{Source: "metrics", Panel: "p", Reason: "r"}),
		at(3, event.SourceGap{Source: "metrics", Reason: "r"}),
		at(7, event.SourceBack{Source: "metrics", Panel: "p", Lasted: 5}),
	})
	if len(line.Gaps) != 2 || line.Gaps[0].From != 2 || line.Gaps[0].To != 7 || line.Gaps[1].To != Open {
		t.Errorf("gaps are %+v", line.Gaps)
	}
}

// A gap begins when what failed was begun, which may be known much later, and one cause follows another without a time between
// them.
func TestGapsBeginWhenTheyBegan(t *testing.T) {
	started := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	line := Of([]event.Event{
		{Time: started, Data: event.RunStarted{}},
		at(20, event.SourceGap{Source: "prometheus", Reason: "no answer in time", Since: started}),
		at(31, event.SourceGap{Source: "prometheus", Reason: "no JSON", Since: started.Add(30 * time.Second)}),
		at(40, event.SourceBack{Source: "prometheus", Lasted: 40}),
	})
	if len(line.Gaps) != 2 || line.Gaps[0].From != 0 || line.Gaps[0].To != 30 || line.Gaps[1].From != 30 || line.Gaps[1].To != 40 {
		t.Errorf("gaps are %+v", line.Gaps)
	}
}
