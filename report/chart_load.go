package report

import (
	"math"
	"slices"

	"xinbot.ir/squall/internal/units"
)

// interval is a stretch of consecutive seconds, added up for a chart.
type interval struct {
	at, from, to     float64
	length           float64 // of what was counted in it
	requests, failed uint64
	errors           map[string]uint64 // by class
	rate             float64           // wanted, the most
	vus, wanted      int               // the most
	fewest           int               // virtual users
	low, high        float64           // requests per second, of single seconds; NaN: none was long enough to tell
	worst            float64           // errors per second, of single seconds
}

// shortest is how long a closed window must be to count as a second: rates of shorter ones say little.
const shortest = 0.5

// intervals adds up the seconds of a run in stretches, at most most of them.
func intervals(run *Run, most float64) []interval {
	cell := intervalsLength(run, most)
	var all []interval
	current := -1
	for _, s := range run.files.Seconds {
		if index := min(int(run.second(s.At)/cell), lastInterval(run.length+run.startOffset(), cell)); index != current {
			current = index
			from := float64(index)*cell - run.startOffset()
			all = append(all, interval{
				at: max(0, from+0.5*cell), from: max(0, from), to: from + cell, errors: map[string]uint64{},
				fewest: s.VUs, low: math.NaN(), high: math.NaN(),
			})
		}
		last := &all[len(all)-1]
		last.length += s.Length
		last.to = max(last.to, s.End())
		last.rate, last.vus, last.wanted = max(last.rate, s.Rate), max(last.vus, s.VUs), max(last.wanted, s.WantedVUs)
		last.fewest = min(last.fewest, s.VUs)
		var requests, errors uint64
		for _, c := range s.Series {
			requests += c[0]
			last.failed += c[1]
		}
		for _, x := range s.Errors {
			last.errors[x.Class] += x.Count
			errors += x.Count
		}
		last.requests += requests
		if s.Length >= shortest {
			rate := float64(requests) / s.Length
			if math.IsNaN(last.low) {
				last.low, last.high = rate, rate
			}
			last.low, last.high = min(last.low, rate), max(last.high, rate)
			last.worst = max(last.worst, float64(errors)/s.Length)
		}
	}
	return all
}

// intervalsLength is the length of each stretch in seconds.
func intervalsLength(run *Run, most float64) float64 { return math.Ceil(max(1, run.length/most)) }

// loadCharts draw what was sent and what failed, and the virtual users.
func loadCharts(run *Run) []chart {
	if len(run.files.Seconds) == 0 {
		return nil
	}
	all, cell := intervals(run, mostIntervals), intervalsLength(run, mostIntervals)
	times := valuesOf(all, func(s interval) float64 { return min(s.at, run.length) })
	// A second without requests is a zero here, and not a gap: it was measured.
	line := func(name string, r role, of func(interval) float64) chartLine {
		return chartLine{name: name, role: r, gap: 1.5 * cell, times: times, values: valuesOf(all, of)}
	}
	columns := []string{"Requests"}
	keys := []chartKey{{name: "achieved", role: levelRole}, {name: "wanted", role: wantedRole}}
	rate := chartPanel{name: "requests per second", height: 150, label: tickLabel}
	if run.open {
		rate.lines = append(rate.lines, line("wanted", wantedRole, wantedRate))
		columns = append(columns, "Wanted")
	}
	achieved := line("achieved", levelRole, func(s interval) float64 { return float64(s.requests) / s.length })
	if cell > 1 {
		achieved.low, achieved.high = valuesOf(all, func(s interval) float64 { return s.low }), valuesOf(all, func(s interval) float64 { return s.high })
		columns = append(columns, "Single seconds")
	}
	rate.lines = append(rate.lines, achieved)
	failing := run.requests().Failed > 0
	if failing {
		rate.lines = append(rate.lines, line("failed", failedRole, func(s interval) float64 { return float64(s.failed) / s.length }))
		keys = append(keys, chartKey{name: "failed", role: failedRole})
	}
	columns = append(columns, "Failed")
	panels := []chartPanel{rate}
	users := run.hasUsers()
	if users {
		vus := line("achieved", levelRole, func(s interval) float64 { return float64(s.vus) })
		if cell > 1 {
			vus.low, vus.high = valuesOf(all, func(s interval) float64 { return float64(s.fewest) }), vus.values
		}
		panels = append(panels, chartPanel{
			name: "virtual users", height: 100, label: tickLabel,
			lines: []chartLine{line("wanted", wantedRole, func(s interval) float64 { return float64(s.wanted) }), vus},
		})
		columns = append(columns, "Virtual users", "Wanted")
	}
	for i := range panels {
		p := &panels[i]
		for _, l := range p.lines {
			p.high = max(p.high, highest(l.values...), highest(l.high...))
		}
		p.high *= 1.15
		p.ticks = valueTicks(max(p.high, lowestHigh))
	}
	c := chart{
		name: "load", title: "Load", explanation: "all flows together", alt: "Requests per second and virtual users over time",
		keys: keys, panels: panels, values: chartValues{columns: columns},
	}
	if cell > 1 {
		c.explanation += " · rates over each " + intervalText(cell) + ", the most virtual users in it"
	}
	for _, s := range all {
		cells := []string{perSecond(s.requests, s.length)}
		if run.open {
			cells = append(cells, rateText(wantedRate(s)))
		}
		if cell > 1 {
			cells = append(cells, rangeText(s.low, s.high, rateText))
		}
		cells = append(cells, perSecond(s.failed, s.length)+" ("+percent(s.failed, s.requests)+")")
		if users {
			cells = append(cells, units.VUs(s.vus), units.VUs(s.wanted))
		}
		c.values.rows = append(c.values.rows, chartRow{from: s.from, to: min(s.to, run.length), cells: cells})
	}
	return []chart{c}
}

// wantedRate is not a number where none was wanted, which is a gap and not a zero: virtual users have
// no rate.
func wantedRate(s interval) float64 {
	if s.rate == 0 {
		return math.NaN()
	}
	return s.rate
}

// rateText writes a rate; absent when it is not a number.
func rateText(perSecond float64) string {
	if math.IsNaN(perSecond) {
		return absent
	}
	return units.Rate(perSecond) + "/s"
}

// rangeText writes the least and the most of something; absent when it is not known.
func rangeText(low, high float64, text func(float64) string) string {
	switch {
	case math.IsNaN(low):
		return absent
	case text(low) == text(high):
		return text(low)
	}
	return text(low) + " to " + text(high)
}

// highest is the highest of values, gaps left aside.
func highest(values ...float64) (high float64) {
	for _, v := range values {
		if v > high {
			high = v
		}
	}
	return high
}

func valuesOf(all []interval, of func(interval) float64) []float64 {
	values := make([]float64, len(all))
	for i, s := range all {
		values[i] = of(s)
	}
	return values
}

// classTotals are the errors of the run by class, the most frequent first.
func classTotals(run *Run) (classes []string) {
	totals := map[string]uint64{}
	for _, x := range run.errors {
		totals[x.class] += x.count
	}
	classes = sortedKeys(totals)
	slices.SortStableFunc(classes, func(a, b string) int {
		switch {
		case totals[a] > totals[b]:
			return -1
		case totals[a] < totals[b]:
			return 1
		}
		return 0
	})
	return classes
}
