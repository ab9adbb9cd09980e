package report

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"xinbot.ir/squall/internal/units"
)

// chart is what is drawn over the time of a run, in no format yet: panels below each other, all on the
// time axis of the run.
type chart struct {
	name        string // of its file and its address: gateway_latency
	title       string
	explanation string // what is drawn, in what unit
	alt         string // the chart in one line, for those who do not see it
	keys        []chartKey
	panels      []chartPanel
	values      chartValues
}

// chartKey explains one kind of line.
type chartKey struct {
	name   string
	role   role
	filled bool // a patch, not a line
}

// chartPanel is one pair of axes: time to the right, a value upwards.
type chartPanel struct {
	name      string  // "" in a chart of one panel
	height    float64 // of the plotting area, in points
	low, high float64 // of the value axis
	log       bool
	ticks     []float64
	label     func(float64) string // of a tick, with its unit
	lines     []chartLine          // the last is drawn over the others
	columns   []chartColumn
	bounds    []chartBound
}

// chartLine is a course of values. A value that is not a number is a gap, and so is a time without
// values that is longer than gap.
type chartLine struct {
	name          string // stands at the end of the line where there is room
	role          role
	gap           float64
	times, values []float64
	low, high     []float64 // the least and the most of a second within each value; nil: not known
	dots          bool      // each value is a dot, when there are few
}

// chartColumn is a part of a stack: what happened in a stretch of time.
type chartColumn struct {
	role       role
	at, length float64 // middle and length, in seconds
	from, to   float64 // on the value axis
}

// chartBound is an objective across a panel.
type chartBound struct {
	value float64
	name  string
}

// chartValues are the numbers of a chart, as text with units: what a chart says to those who point at
// it, or do not see it.
type chartValues struct {
	columns []string
	rows    []chartRow
}

// chartRow is the numbers of a stretch of the run, in seconds. Between rows nothing was measured.
type chartRow struct {
	from, to float64
	cells    []string
}

// lowestHigh is the least that a value axis reaches up to.
const lowestHigh = 1e-9

// charts make the charts of a report, in their order. One that has nothing to draw makes none. A new
// chart is one function in a file of its own and one row here, and stands in every format.
var charts = []func(*Run) []chart{
	latencyCharts,
	loadCharts,
	scalingCharts,
	errorCharts,
}

// chartsOf are the charts that a run gives something to draw for.
func chartsOf(run *Run) (all []chart) {
	for _, of := range charts {
		all = append(all, of(run)...)
	}
	return all
}

const chartsDir = "charts"

// file is where the chart is beside the report.
func (c chart) file() string { return chartsDir + "/" + c.name + ".png" }

// saveCharts writes every chart below dir. What cannot be written is warned of in the report, which
// is worth more than its pictures.
func saveCharts(run *Run, dir string) (missing error) {
	for _, c := range chartsOf(run) {
		if err := drawPNG(run, c).save(filepath.Join(dir, filepath.FromSlash(c.file()))); err != nil {
			run.warn("chart " + c.file() + " is missing: " + err.Error())
			missing = errors.Join(missing, fmt.Errorf("draw %s: %w", c.file(), err))
		}
	}
	return missing
}

func chartsSection(run *Run) []block {
	var blocks []block
	for _, c := range chartsOf(run) {
		blocks = append(blocks, picture{path: c.file(), alt: c.alt, chart: c})
	}
	if len(blocks) == 0 {
		return nil
	}
	legend := "Shaded: spikes in amber, paused or halted in grey. "
	if len(run.injectionsWhere(func(i injection) bool { return !i.NotApplied() && !i.Spike() })) > 0 {
		legend = "Shaded: spikes in amber, other faults in violet, darker where they overlap, paused or halted in grey. "
	}
	legend += "Numbers are the marks of the timeline below. Dashed red: objectives. A gap is time in which nothing was measured."
	if len(run.saturated) > 0 {
		legend += " Black bars on the time axis: the generator was saturated."
	}
	legend += laneLegend(run)
	for _, c := range chartsOf(run) {
		if c.banded() {
			legend += " A pale band goes from the lowest to the highest single second."
			break
		}
	}
	return append(blocks, paragraph{plain(legend)})
}

// banded reports whether a line of the chart has the least and the most of its seconds.
func (c chart) banded() bool {
	for _, p := range c.panels {
		for _, l := range p.lines {
			if l.low != nil {
				return true
			}
		}
	}
	return false
}

// intervalText writes the length of a stretch, in whole seconds.
func intervalText(seconds float64) string {
	switch {
	case seconds == 1:
		return "second"
	case seconds < 60:
		return fmt.Sprintf("%.0f seconds", seconds)
	case seconds == 60:
		return "minute"
	case math.Mod(seconds, 60) == 0:
		return fmt.Sprintf("%.0f minutes", seconds/60)
	}
	return units.Duration(duration(seconds))
}
