package report

// errorCharts stack the errors of each stretch by class, the most frequent lowest.
func errorCharts(run *Run) []chart {
	const mostColumns = 160
	if len(run.errors) == 0 {
		return nil
	}
	classes := classTotals(run)
	all, cell := intervals(run, mostColumns), intervalsLength(run, mostColumns)
	p := chartPanel{height: 126, label: tickLabel}
	c := chart{
		name: "errors", title: "Errors", explanation: "per second, by kind", alt: "Errors per second by kind over time",
		values: chartValues{columns: classes},
	}
	if cell > 1 {
		c.explanation += " · over each " + intervalText(cell)
		c.values.columns = append(c.values.columns[:len(classes):len(classes)], "Worst single second")
	}
	for i, class := range classes {
		c.keys = append(c.keys, chartKey{name: class, role: errorRole(i), filled: true})
	}
	for _, s := range all {
		row, base := chartRow{from: s.from, to: min(s.to, run.length)}, 0.0
		for i, class := range classes {
			rate := float64(s.errors[class]) / s.length
			row.cells = append(row.cells, perSecond(s.errors[class], s.length))
			if rate == 0 {
				continue
			}
			p.columns = append(p.columns, chartColumn{role: errorRole(i), at: s.at, length: cell, from: base, to: base + rate})
			base += rate
		}
		if cell > 1 {
			row.cells = append(row.cells, rateText(s.worst))
		}
		p.high = max(p.high, base)
		c.values.rows = append(c.values.rows, row)
	}
	p.high = max(p.high*1.12, lowestHigh)
	p.ticks = valueTicks(p.high)
	c.panels = []chartPanel{p}
	return []chart{c}
}
