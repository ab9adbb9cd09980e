package panel

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Alerts lists the alerts of the platform's monitoring: those that go on first, each with its state and how long it has had
// it.
type Alerts struct{ base }

// Title is the rule's word.
func (p *Alerts) Title() string { return "ALERTS" }

// Sync draws one row per alert.
func (p *Alerts) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	alerts := sortAlerts(s.Now.Timeline.Alerts)
	if len(alerts) == 0 {
		text, style := "no alert so far", st.Dim
		silent := view.AlertGaps(s.Now.Timeline.Gaps)
		switch {
		case len(silent) > 0:
			text, style = "not known: nothing from "+sourcesOf(silent), st.Accent
		case s.Now.Started.IsZero():
			text = "not known yet"
		case !s.Now.Alerts:
			text = "Nobody tells squall of alerts: start it with --prometheus URL, --alertmanager URL or --alert-receiver ADDR."
		}
		lines := grid.Wrap(text, w)
		if len(lines) > h && len(silent) == 0 {
			lines = grid.Wrap("no source of alerts is read: --prometheus URL reads one", w)
		}
		for y, line := range lines {
			p.g.Text(0, y, w, line, style)
		}
		return
	}
	for y, a := range alerts {
		if y == h-1 && len(alerts) > h {
			p.g.Text(2, y, w-2, "and "+strconv.Itoa(len(alerts)-y)+" more", st.Dim)
			return
		}
		if y >= h {
			return
		}
		p.row(y, a, s)
	}
}

// sourcesOf names the sources of gaps; why they give nothing is said once, by the panel of the sources.
func sourcesOf(gaps []timeline.Gap) string {
	var all []string
	for _, g := range gaps {
		if !slices.Contains(all, g.Source) {
			all = append(all, g.Source)
		}
	}
	return strings.Join(all, ", ")
}

// row draws one alert: sign, name, state, age.
func (p *Alerts) row(y int, a timeline.Alert, s *view.State) {
	w, st := p.g.Width(), s.Styles
	sign, style := alertSign(a.Last.State, st)
	p.g.Text(0, y, 1, sign, style)
	x := w - p.g.TextRight(w, y, w/2, alertAge(a, s.Clock), st.Text)
	x -= 1 + p.g.TextRight(x-1, y, 10, string(a.Last.State), style)
	p.g.Text(2, y, x-3, a.Last.Alert, st.Text)
}

// alertAge is how long an alert has been in its state; of one that is over, how long it fired.
func alertAge(a timeline.Alert, now time.Time) string {
	switch d := a.Last; {
	case d.State.Over() && !d.FiredAt.IsZero() && !d.ResolvedAt.IsZero():
		return "after " + units.Clock(d.ResolvedAt.Sub(d.FiredAt))
	case d.State.Over():
		return ""
	case !d.FiredAt.IsZero():
		return "for " + units.Clock(max(now.Sub(d.FiredAt), 0))
	case !d.ActiveAt.IsZero():
		return "for " + units.Clock(max(now.Sub(d.ActiveAt), 0))
	}
	return ""
}

// alertSign is how the state of an alert looks.
func alertSign(state event.AlertState, st *theme.Styles) (sign string, style grid.Style) {
	switch state {
	case event.AlertFiring:
		return "!", st.Accent
	case event.AlertPending:
		return "◐", st.Text
	case event.AlertResolved:
		return "✓", st.Good
	default:
		return "○", st.Dim
	}
}

// sortAlerts puts what goes on before what is over, and of what is over the newest first. An alert that several sources
// tell of in the same way stands there once, as the first of them has it.
func sortAlerts(alerts []timeline.Alert) (sorted []timeline.Alert) {
	type said struct {
		alert, labels string
		state         event.AlertState
		fired         int64 // seconds: sources write times more or less finely
	}
	seen := map[said]bool{}
	for _, a := range alerts {
		of := said{a.Last.Alert, event.LabelText(a.Last.Labels), a.Last.State, a.Last.FiredAt.Unix()}
		if !seen[of] {
			sorted = append(sorted, a)
		}
		seen[of] = true
	}
	rank := func(a timeline.Alert) int {
		switch {
		case a.Last.State == event.AlertFiring:
			return 0
		case !a.Last.State.Over():
			return 1
		}
		return 2
	}
	slices.Reverse(sorted)
	slices.SortStableFunc(sorted, func(a, b timeline.Alert) int { return rank(a) - rank(b) })
	return sorted
}
