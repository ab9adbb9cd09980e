package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// longestSteps is of how many steps between readings the usual one is found.
const longestSteps = 1000

// seriesRoles are how lines of a panel look, in their order.
var seriesRoles = [...]role{
	levelRole, firstErrorRole + 1, firstErrorRole + 5, firstErrorRole + 2, firstErrorRole + 4,
	firstErrorRole + 3, firstErrorRole + 6, firstErrorRole + 7, firstErrorRole + 9, firstErrorRole + 8,
}

// panelSeries are the values of a panel of the platform's own metrics over time, as far as they are drawn.
type panelSeries struct {
	cell   float64   // seconds; of each the lowest and the highest value are kept
	till   float64   // so many steps without a value are a gap
	steps  []float64 // between values of a series
	series map[string]*valueSeries
}

// valueSeries is one series.
type valueSeries struct {
	name   string
	labels map[string]string // nil: only its name is known
	cells  []valueCell
	last   float64 // seconds since the start
	high   float64
	low    float64
	lost   bool // since the last value one has been lost
}

type valueCell struct {
	index         int
	from          float64 // of its first value
	lowAt, highAt float64
	low, high     float64
	afresh        bool // values before it are lost
}

func newPanelSeries(cell, till float64) panelSeries {
	return panelSeries{cell: cell, till: till, series: map[string]*valueSeries{}}
}

// add takes the next value of a series.
func (p *panelSeries) add(name string, labels map[string]string, at, value float64) {
	s := p.series[name]
	if s == nil {
		s = &valueSeries{name: strings.Clone(name), labels: labels, last: math.NaN(), high: value, low: value}
		p.series[s.name] = s
	}
	if step := at - s.last; step > 0 && len(p.steps) < longestSteps {
		p.steps = append(p.steps, step)
	}
	s.last, s.high, s.low = at, max(s.high, value), min(s.low, value)
	index := int(at / p.cell)
	if n := len(s.cells); n == 0 || s.cells[n-1].index != index || s.lost {
		s.cells = append(s.cells, valueCell{index, at, at, at, value, value, s.lost})
		s.lost = false
		return
	}
	c := &s.cells[len(s.cells)-1]
	if value < c.low {
		c.lowAt, c.low = at, value
	}
	if value > c.high {
		c.highAt, c.high = at, value
	}
}

// lose notes that a value of a series is worth nothing: its line is broken there, however short that is.
func (p *panelSeries) lose(name string) {
	if s := p.series[name]; s != nil {
		s.lost = true
	}
}

// line is a series as it is drawn.
func (s *valueSeries) line(r role, gap float64) chartLine {
	l := chartLine{name: s.name, role: r, gap: gap}
	add := func(at, value float64) { l.times, l.values = append(l.times, at), append(l.values, value) }
	for _, c := range s.cells {
		if c.afresh {
			add(c.from, math.NaN())
		}
		switch {
		case c.lowAt == c.highAt:
			add(c.lowAt, c.low)
		case c.lowAt < c.highAt:
			add(c.lowAt, c.low)
			add(c.highAt, c.high)
		default:
			add(c.highAt, c.high)
			add(c.lowAt, c.low)
		}
	}
	return l
}

// step is the usual time between two readings; 0 when there are too few to tell.
func (p *panelSeries) step() float64 {
	if len(p.steps) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(p.steps))[len(p.steps)/2]
}

// gap is how long a time without a value is a gap: a few of the usual steps.
func (p *panelSeries) gap() float64 {
	step := p.step()
	if step > 0 && step >= p.cell {
		return p.till * step
	}
	return max(p.till*step, 2*p.cell)
}

// highest are at most so many series, those with the highest values, in the order of their names.
func (p *panelSeries) highest(most int) []*valueSeries {
	all := slices.SortedFunc(maps.Values(p.series), func(a, b *valueSeries) int {
		return cmp.Or(cmp.Compare(b.high, a.high), strings.Compare(a.name, b.name))
	})
	all = all[:min(len(all), most)]
	slices.SortFunc(all, func(a, b *valueSeries) int { return strings.Compare(a.name, b.name) })
	return all
}

// panelChart is a panel to be drawn.
type panelChart struct {
	title, unit, query string
	height             float64
	lines              []event.PanelLine
	missing            string // why nothing was measured
}

// chart draws the highest series of the panel, at most so many of them.
func (c panelChart) chart(p *panelSeries, most int) chart {
	look, all := lookOf(c.unit), p.highest(most)
	explanation := look.text
	if len(p.series) > len(all) {
		explanation += fmt.Sprintf(" · the %d highest of %d series", len(all), len(p.series))
	}
	panel := chartPanel{height: c.height, label: look.label}
	names, gap := seriesNames(all), p.gap()
	var keys []chartKey
	for i, s := range all {
		l := s.line(seriesRoles[i], gap)
		l.name = names[i]
		panel.lines = append(panel.lines, l)
		panel.high, panel.low = max(panel.high, highest(l.values...)), min(panel.low, s.low)
		if len(all) > 1 || l.name != "" {
			keys = append(keys, chartKey{name: cmp.Or(l.name, absent), role: l.role})
		}
	}
	for _, b := range c.lines {
		panel.bounds = append(panel.bounds, chartBound{b.Value, b.Text + " " + panel.label(b.Value)})
		panel.high = max(panel.high, b.Value)
	}
	panel.high, panel.low = panel.high*1.15, panel.low*1.15
	panel.ticks = panelTicks(panel.low, max(panel.high, lowestHigh))
	switch {
	case c.query != "":
		explanation += " · " + strings.ReplaceAll(c.query, "\n", " ; ")
	case len(all) == 0:
		explanation += " · nothing was measured"
	}
	if len(all) == 0 && c.missing != "" {
		explanation = "Nothing was measured: " + c.missing
	}
	return chart{title: oneLine(c.title), explanation: oneLine(explanation), series: keys, panels: []chartPanel{panel}}
}

// seriesNames tell series apart: by the labels that not all of them share.
func seriesNames(all []*valueSeries) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
		if s.labels == nil {
			continue
		}
		own := map[string]string{}
		for label, value := range s.labels {
			if slices.ContainsFunc(all, func(other *valueSeries) bool { return other.labels[label] != value }) {
				own[label] = value
			}
		}
		names[i] = event.LabelText(own)
	}
	return names
}

// panelTicks are round values between two, of which the first may lie below 0.
func panelTicks(low, high float64) []float64 {
	ticks := valueTicks(high)
	if low < 0 {
		for _, t := range valueTicks(-low)[1:] {
			ticks = append(ticks, -t)
		}
	}
	return ticks
}

// unitLook is what values of a unit are, for people, and how one is written.
type unitLook struct {
	text  string
	label func(float64) string
}

// unitLooks are by the unit of a panel.
var unitLooks = map[string]unitLook{
	"s":     {"Time", func(v float64) string { return latencyLabel(v * 1000) }},
	"ms":    {"Time", latencyLabel},
	"/s":    {"Per second", func(v float64) string { return tickLabel(v) + "/s" }},
	"%":     {"Share", func(v float64) string { return tickLabel(v) + " %" }},
	"ratio": {"Share", func(v float64) string { return tickLabel(v*100) + " %" }},
	"B":     {"Bytes", func(v float64) string { return units.CountShort(uint64(max(0, v))) + " B" }},
}

// lookOf is how values of a unit look.
func lookOf(unit string) unitLook {
	if look, known := unitLooks[unit]; known {
		return look
	}
	return unitLook{"Value", tickLabel}
}
