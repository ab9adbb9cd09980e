package view

import (
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/timeline"
)

// Readings are a panel of the platform's own metrics in the columns of the charts.
type Readings struct {
	Values []float64
	Known  []bool // whether the column has a value: one without is a gap, and no zero
}

// Readings sorts a panel's readings into columns. A column has its highest reading. One between two readings has that of the
// one before, unless a source said that it has nothing then, or the next one is overdue.
func (h *History) Readings(p *session.PanelState, gaps []timeline.Gap) (r Readings) {
	r.Values, r.Known = make([]float64, h.Axis.Count), make([]bool, h.Axis.Count)
	if h.Axis.Length == 0 {
		return r
	}
	for _, point := range p.Points {
		if x := h.Axis.Place(Since(point.At)); x >= 0 && x < h.Axis.Count && (!r.Known[x] || point.Value > r.Values[x]) {
			r.Values[x], r.Known[x] = point.Value, true
		}
	}
	stands, next := standsFor(p.Points), 0
	for x := range r.Known {
		end := h.Axis.End(x)
		for next < len(p.Points) && Since(p.Points[next].At) < end {
			next++
		}
		if r.Known[x] || next == 0 || h.Axis.First()+x > h.Axis.Last {
			continue
		}
		before := p.Points[next-1]
		if begin := end - h.Axis.Length; begin-Since(before.At) < stands && !inGap(p.Name, gaps, Since(before.At), end) {
			r.Values[x], r.Known[x] = before.Value, true
		}
	}
	return r
}

// standsFor is how long a reading stands: one and a half times the shortest time between two of the last ones.
func standsFor(points []session.Point) (d time.Duration) {
	const last = 20
	for i := max(1, len(points)-last); i < len(points); i++ {
		if between := Since(points[i].At - points[i-1].At); d == 0 || between < d {
			d = between
		}
	}
	return d * 3 / 2
}

// inGap reports whether a panel has a gap that begins between two moments.
func inGap(panel string, gaps []timeline.Gap, from, to time.Duration) bool {
	for _, g := range gaps {
		if concerns(panel, g) && Since(g.From) >= from && Since(g.From) < to {
			return true
		}
	}
	return false
}

// OpenGap is the gap of a panel, or else of a whole source, that goes on and began first.
func OpenGap(panel string, gaps []timeline.Gap) (gap timeline.Gap, found bool) {
	for _, g := range gaps {
		if g.To == timeline.Open && concerns(panel, g) && (!found || g.Panel != "" && gap.Panel == "") {
			gap, found = g, true
		}
	}
	return gap, found
}

// concerns reports whether a gap is one of a whole panel, or of all panels of a source.
func concerns(panel string, g timeline.Gap) bool {
	return !g.Partial && (g.Panel == panel || g.Panel == "" && evidence.GivesPanels(g.Source))
}

// AlertGaps are the sources of alerts that tell nothing now, and why.
func AlertGaps(gaps []timeline.Gap) (all []timeline.Gap) {
	for _, g := range gaps {
		if g.To == timeline.Open && (g.Panel == "" || g.Panel == "alerts") && evidence.GivesAlerts(g.Source) {
			all = append(all, g)
		}
	}
	return all
}
