package evidence

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// AlertState is where an alert is.
type AlertState string

// The states.
const (
	Pending   AlertState = "pending"   // its condition holds, not for long enough
	Firing    AlertState = "firing"    //
	Silenced  AlertState = "silenced"  // firing, and somebody has silenced it
	Inhibited AlertState = "inhibited" // firing, and another alert stands for it
	Resolved  AlertState = "resolved"  // it has fired, and no longer does
	Inactive  AlertState = "inactive"  // it was pending, and did not fire
)

// Fires reports whether the condition has held for long enough, whether anybody is told or not.
func (s AlertState) Fires() bool { return s == Firing || s == Silenced || s == Inhibited }

// Alert is an alert as a source knows it at one time.
type Alert struct {
	Source      string     `json:"source"`
	Name        string     `json:"name"`
	Labels      Labels     `json:"labels,omitempty"` // alertname among them
	Annotations Labels     `json:"annotations,omitempty"`
	State       AlertState `json:"state"`
	ActiveAt    time.Time  `json:"active_at,omitzero"`   // since when its condition holds; zero: not known
	FiredAt     time.Time  `json:"fired_at,omitzero"`    // zero: it has not fired
	ResolvedAt  time.Time  `json:"resolved_at,omitzero"` // zero: it has not
	// A time is exact when it is that of the evaluation, by the clock of who evaluates. Otherwise it is when the source
	// was read, which is up to one interval later.
	FiredExact    bool `json:"fired_exact,omitempty"`
	ResolvedExact bool `json:"resolved_exact,omitempty"`
}

// Key tells alerts apart.
func (a Alert) Key() string { return a.Name + a.Labels.String() }

// AlertLog reports alerts when they change, and not at each reading. It is safe for concurrent use.
type AlertLog struct {
	sink Sink

	mu    sync.Mutex
	known map[string]Alert
}

// NewAlertLog reports to a sink.
func NewAlertLog(sink Sink) *AlertLog { return &AlertLog{sink: sink, known: map[string]Alert{}} }

// Update takes all alerts that a source has at a time. One that is no longer there is resolved, or inactive if it had
// not fired. Before a change is reported, settle may put in times that are better known (nil: nobody does); it is
// called in the order of the alerts and may take its time.
func (l *AlertLog) Update(at time.Time, all []Alert, settle func(*Alert)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	there := make(map[string]bool, len(all))
	for _, a := range all {
		there[a.Key()] = true
		l.report(at, a, settle)
	}
	for _, key := range slices.Sorted(maps.Keys(l.known)) {
		if there[key] {
			continue
		}
		a := l.known[key]
		a.State = Inactive
		if l.known[key].State.Fires() {
			a.State = Resolved
		}
		l.report(at, a, settle)
	}
}

// Report takes one alert, whose times are known or that changes at this time.
func (l *AlertLog) Report(at time.Time, a Alert) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report(at, a, nil)
}

func (l *AlertLog) report(at time.Time, a Alert, settle func(*Alert)) {
	key := a.Key()
	before, known := l.known[key]
	over := a.State == Resolved || a.State == Inactive
	if known && before.State == a.State || !known && a.State == Inactive {
		return
	}
	if before.State.Fires() && !a.FiredExact {
		a.FiredAt, a.FiredExact = before.FiredAt, before.FiredExact
	}
	if a.State.Fires() && a.FiredAt.IsZero() {
		a.FiredAt = at
	}
	if a.State == Resolved && a.ResolvedAt.IsZero() {
		a.ResolvedAt = at
	}
	if settle != nil {
		settle(&a)
	}
	if over {
		delete(l.known, key)
	} else {
		l.known[key] = a
	}
	l.sink.Alert(a)
}

// Until is the alert as it can be known at a moment: nothing has happened later, whatever the clock of who tells it says.
func (a Alert) Until(now time.Time) Alert {
	if a.ActiveAt.After(now) {
		a.ActiveAt = now
	}
	if a.FiredAt.After(now) {
		a.FiredAt, a.FiredExact = now, false
	}
	if a.ResolvedAt.After(now) {
		a.ResolvedAt, a.ResolvedExact = now, false
	}
	return a
}

// During are the alerts that were active at some time between two times, in the order in which they began.
func During(alerts []Alert, from, to time.Time) []Alert {
	during := []Alert{}
	for _, a := range alerts {
		if begun := a.begun(); !begun.After(to) && (a.ResolvedAt.IsZero() || !a.ResolvedAt.Before(from)) {
			during = append(during, a)
		}
	}
	slices.SortFunc(during, func(a, b Alert) int {
		return cmp.Or(a.begun().Compare(b.begun()), strings.Compare(a.Key(), b.Key()))
	})
	return during
}

// begun is the earliest time that is known of an alert.
func (a Alert) begun() time.Time {
	if a.ActiveAt.IsZero() {
		return a.FiredAt
	}
	return a.ActiveAt
}
