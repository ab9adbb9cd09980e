package panel

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
)

// What goes on stands first, and what two sources tell alike stands there once.
func TestSortAlerts(t *testing.T) {
	at := time.Unix(1000, 0)
	alert := func(source, name string, state event.AlertState, fired time.Time) timeline.Alert {
		return timeline.Alert{Last: event.AlertChanged{Source: source, Alert: name, State: state, FiredAt: fired, Labels: map[string]string{"severity": "drill"}}}
	}
	got := sortAlerts([]timeline.Alert{
		alert("prometheus", "Old", event.AlertResolved, at),
		alert("alertmanager", "Slow", event.AlertFiring, at),
		alert("prometheus", "Slow", event.AlertFiring, at.Add(time.Millisecond)),
		alert("alertmanager", "Quiet", event.AlertSilenced, at),
		alert("prometheus", "Quiet", event.AlertFiring, at),
	})
	var names []string
	for _, a := range got {
		names = append(names, a.Last.Source+" "+a.Last.Alert)
	}
	want := []string{"prometheus Quiet", "alertmanager Slow", "alertmanager Quiet", "prometheus Old"}
	if len(names) != len(want) {
		t.Fatalf("%q, want %q", names, want)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Errorf("row %d is %s, want %s", i, names[i], want[i])
		}
	}
}
