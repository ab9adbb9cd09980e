package report

import (
	"cmp"
	"fmt"
	"slices"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// Bounds of the lane of an alert.
const (
	mostFirings     = 60 // spans; of more, those that are near each other are one
	mostFiringsTold = 4  // in the text of a span
)

// firing is a time in which a source said that an alert fires.
type firing struct {
	source   string
	from, to float64 // seconds since the start
	end      laneEnd
	text     string // "fired 00:25, resolved 01:02"
}

// alertLanes are the alerts of the platform's monitoring, a lane for each name, whichever sources tell of it and however many
// series it has. Those that fired during the run come first, by their beginnings: an alert that always fires says little.
func alertLanes(run *Run) (all []lane) {
	byName := map[string][]firing{}
	for _, a := range run.timeline.Alerts {
		if f, fired := run.firingOf(a); fired {
			byName[a.Last.Alert] = append(byName[a.Last.Alert], f)
		}
	}
	for _, name := range sortedKeys(byName) {
		all = append(all, lane{name: name, sign: "!", role: alertRole, spans: firingSpans(name, byName[name], run.length)})
	}
	slices.SortStableFunc(all, func(one, other lane) int {
		first, second := one.firstWithin(), other.firstWithin()
		if (first < 0) != (second < 0) {
			return cmp.Compare(second, first)
		}
		return cmp.Compare(first, second)
	})
	return all
}

// firstWithin is when something of the lane first began during the run; negative when nothing did.
func (l lane) firstWithin() float64 {
	for _, s := range l.spans {
		if s.from >= 0 {
			return s.from
		}
	}
	return -1
}

// firingOf is when an alert fired; not ok when it did not, as far as the run goes.
func (run *Run) firingOf(a timeline.Alert) (f firing, ok bool) {
	from, known := run.timeline.Fired(a)
	over, resolved := run.timeline.ResolvedAt(a)
	state := a.Last.State
	if !known && !state.Fires() || from > run.length || resolved && over < 0 {
		return firing{}, false
	}
	f = firing{source: a.Last.Source, from: from, to: run.length}
	switch {
	case !known:
		f.from, f.text = a.Seen, "fires, first seen "+clock(a.Seen)
	case from < 0:
		f.text = "fired before the start"
	default:
		f.text = "fired " + clock(from)
	}
	lost, unread := run.unreadSince(a.Last.Source)
	switch {
	case resolved:
		f.to = max(f.from, min(over, run.length))
		f.text += ", resolved " + clock(over)
	case unread:
		f.to, f.end = max(f.from, lost), laneUnread
		f.text += ", not known after " + clock(f.to)
	default:
		f.end = laneGoesOn
		f.text += ", still firing at the end"
	}
	if state.Fires() && state != event.AlertFiring {
		f.text += ", " + string(state)
	}
	return f, true
}

// unreadSince is since when a source gave nothing more.
func (run *Run) unreadSince(source string) (at float64, ok bool) {
	for _, g := range run.timeline.Gaps {
		if g.Source == source && g.Panel == "" && g.To == timeline.Open {
			return g.From, true
		}
	}
	return 0, false
}

// firingSpans are the times in which any source said that an alert fires.
func firingSpans(name string, all []firing, length float64) (spans []laneSpan) {
	slices.SortStableFunc(all, func(a, b firing) int { return cmp.Compare(a.from, b.from) })
	groups := groupFirings(all, 0)
	if len(groups) > mostFirings {
		groups = groupFirings(all, length/mostFirings)
	}
	for _, g := range groups {
		s := laneSpan{from: g[0].from, to: g[0].to, end: g[0].end, about: firingText(name, g)}
		for _, f := range g[1:] {
			if f.to > s.to || f.to == s.to && f.end == laneGoesOn {
				s.to, s.end = f.to, f.end
			}
		}
		spans = append(spans, s)
	}
	return spans
}

// groupFirings puts firings together that overlap, or are not further apart than so many seconds.
func groupFirings(all []firing, apart float64) (groups [][]firing) {
	to := 0.0
	for _, f := range all {
		if n := len(groups) - 1; n >= 0 && f.from <= to+apart {
			groups[n], to = append(groups[n], f), max(to, f.to)
			continue
		}
		groups, to = append(groups, []firing{f}), f.to
	}
	return groups
}

// firingText is what is said of firings that are drawn as one: their times, and who says so.
func firingText(name string, group []firing) string {
	sources := map[string][]string{}
	var order []string
	for _, f := range group {
		if len(sources[f.text]) == 0 {
			order = append(order, f.text)
		}
		if !slices.Contains(sources[f.text], f.source) {
			sources[f.text] = append(sources[f.text], f.source)
		}
	}
	text := "Alert " + name
	for n, times := range order {
		if n == mostFiringsTold {
			return text + fmt.Sprintf("; and %s", units.Counted(uint64(len(order)-n), "more time", "more times"))
		}
		text += [...]string{": ", "; "}[min(n, 1)] + times + " (" + enumerate(sources[times]) + ")"
	}
	return text
}
