package report

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"

	"xinbot.ir/squall/internal/units"
)

// Bounds of the charts of the platform's own metrics: what a page of many of them can hold.
const (
	mostPlatformCharts = 20
	mostPlatformLines  = 5
	mostPlatformCells  = 240
	platformTillGap    = 1.5 // readings: one that is missing is a gap
)

// platformCharts draw the panels of the platform's own metrics, from the samples that were read while the run went on.
func platformCharts(run *Run) (all []chart) {
	for _, p := range run.panels {
		if p.readings == 0 || len(all) == mostPlatformCharts {
			continue
		}
		all = append(all, platformChart(run, p, len(all)))
	}
	return all
}

// platformChartsLeft is how many panels that were read have no chart.
func platformChartsLeft(run *Run) int {
	n := 0
	for _, p := range run.panels {
		if p.readings > 0 {
			n++
		}
	}
	return max(0, n-mostPlatformCharts)
}

// fileWord is a name that stands in names of files as it is.
var fileWord = regexp.MustCompile(`^[a-zA-Z0-9_]{1,64}$`)

func platformChart(run *Run, p *panelTotals, n int) chart {
	c := panelChart{title: p.Title, unit: p.Unit, query: p.Query, height: 140, lines: p.Lines}.chart(&p.panelSeries, mostPlatformLines)
	c.name = fmt.Sprintf("platform-%d", n+1)
	if fileWord.MatchString(p.Name) {
		c.name = "platform-" + p.Name
	}
	c.alt = oneLine(c.title) + " over time, as the platform says"
	if len(c.panels[0].bounds) > 0 {
		c.keys = []chartKey{{name: "limit", role: objectiveRole}}
	}
	if p.cell > max(1, p.step()) {
		c.explanation = "Lowest and highest of each " + intervalText(math.Round(p.cell)) + " · " + c.explanation
	}
	drawn := p.highest(mostPlatformLines)
	for i := range drawn {
		c.values.columns = append(c.values.columns, cmp.Or(c.panels[0].lines[i].name, "Value"))
	}
	c.values.rows = panelRows(drawn, p.value, p.gap(), p.step(), run.length)
	return c
}

// panelRows are the values of series, a row for each cell in which one of them was read. A value holds until the next, or for
// one step where the next is missing.
func panelRows(drawn []*valueSeries, text func(float64) string, gap, step, length float64) (rows []chartRow) {
	next := make([]int, len(drawn)) // the first cell that is still to come
	last := 0.0                     // when the row before was read last
	for {
		index := math.MaxInt
		for i, s := range drawn {
			if next[i] < len(s.cells) {
				index = min(index, s.cells[next[i]].index)
			}
		}
		if index == math.MaxInt {
			break
		}
		row, read := chartRow{from: math.Inf(1), cells: make([]string, len(drawn))}, 0.0
		for i, s := range drawn {
			row.cells[i] = absent
			if next[i] == len(s.cells) || s.cells[next[i]].index != index {
				continue
			}
			c := s.cells[next[i]]
			next[i]++
			row.from, read = min(row.from, c.from), max(read, c.lowAt, c.highAt)
			row.cells[i] = rangeText(c.low, c.high, text)
		}
		if n := len(rows); n > 0 && row.from-last <= gap {
			rows[n-1].to = row.from
		}
		row.to, last = min(read+max(step, 1), max(length, read)), read
		rows = append(rows, row)
	}
	return slices.Clip(rows)
}

// platformLegend explains the limits of panels, and says which panels have no chart.
func platformLegend(run *Run) (text string) {
	if slices.ContainsFunc(platformCharts(run), func(c chart) bool { return len(c.panels[0].bounds) > 0 }) {
		text = " Dashed red on a chart of the platform: its limits."
	}
	if left := platformChartsLeft(run); left > 0 {
		text += " " + units.Counted(uint64(left), "more panel has", "more panels have") + " no chart: see Platform metrics."
	}
	return text
}
