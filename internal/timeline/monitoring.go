package timeline

import (
	"maps"
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
)

// Alert is one alert of the platform's monitoring from when it is first seen until it is over. One that fires again
// is another.
type Alert struct {
	Seen float64            // seconds since the start
	Last event.AlertChanged // its state now, or at the end
}

// Fired is when the alert began to fire, in seconds since the start of the run: negative when it fired before. Not ok when
// it has not.
func (t *Timeline) Fired(a Alert) (at float64, ok bool) { return t.since(a.Last.FiredAt) }

// ResolvedAt is when the alert was over, likewise.
func (t *Timeline) ResolvedAt(a Alert) (at float64, ok bool) { return t.since(a.Last.ResolvedAt) }

func (t *Timeline) since(moment time.Time) (float64, bool) {
	return moment.Sub(t.Started).Seconds(), !moment.IsZero()
}

// Gap is a time in which a source of the platform's own numbers gave nothing.
type Gap struct {
	event.SourceGap
	From, To float64 // seconds since the start; To is Open while it goes on
}

// applyMonitoring keeps what the platform's monitoring says of itself.
func (t *Timeline) applyMonitoring(e event.Event) {
	switch d := e.Data.(type) {
	case event.AlertChanged:
		same := func(a Alert) bool {
			return a.Last.Source == d.Source && a.Last.Alert == d.Alert && maps.Equal(a.Last.Labels, d.Labels) && !a.Last.State.Over()
		}
		if i := slices.IndexFunc(t.Alerts, same); i >= 0 {
			t.Alerts[i].Last = d
			return
		}
		t.Alerts = append(t.Alerts, Alert{Seen: e.At, Last: d})
	case event.SourceGap:
		from := e.At
		if since, known := t.since(d.Since); known {
			from = max(0, min(from, since))
		}
		t.endGap(d.Source, d.Panel, from) // there was another cause, with nothing in between
		t.Gaps = append(t.Gaps, Gap{SourceGap: d, From: from, To: Open})
	case event.SourceBack:
		t.endGap(d.Source, d.Panel, e.At)
	}
}

func (t *Timeline) endGap(source, panel string, at float64) {
	for i := range t.Gaps {
		if g := &t.Gaps[i]; g.Source == source && g.Panel == panel && g.To == Open {
			g.To = max(g.From, at)
		}
	}
}
