package tui

import (
	"time"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// chartRow is one latency chart: a metric of the objectives, and the flows that are counted in it.
type chartRow struct {
	title  string
	metric string
	flows  []load.Flow
}

// latencyCharts are the charts of the console, in the order of the screen.
func latencyCharts() []chartRow {
	rows := []chartRow{
		{title: "GATEWAY", metric: "gateway_latency"},
		{title: "ORCHESTRATOR", metric: "orchestrator_latency"},
		{title: "AUTOMATION", metric: "automation_latency"},
	}
	for i := range rows {
		for f := range load.Flow(load.NumFlows) {
			if f.Metric() == rows[i].metric {
				rows[i].flows = append(rows[i].flows, f)
			}
		}
	}
	return rows
}

// column merges the chart's flows within a column; the worst of them stands for all.
func (r chartRow) column(c *column) (sum flowColumn) {
	for _, f := range r.flows {
		fc := &c.flows[f]
		sum.count += fc.count
		sum.failed += fc.failed
		sum.p50, sum.p95 = max(sum.p50, fc.p50), max(sum.p95, fc.p95)
		sum.p99, sum.max = max(sum.p99, fc.p99), max(sum.max, fc.max)
	}
	return sum
}

// recent is the chart's latency over the last seconds. Where two flows share the metric, each
// percentile is the larger one, which the merged percentile cannot exceed.
func (r chartRow) recent(s *load.Snapshot) (sum flowColumn) {
	for _, f := range r.flows {
		if s.Recent[f].Count > 0 {
			sum.add(s.Recent[f])
		}
	}
	return sum
}

// objective is the verdict whose bound the chart draws: the metric's p(95) if it has one, else its
// first objective on a latency.
func (r chartRow) objective(verdicts []load.Verdict) (v load.Verdict, found bool) {
	for _, candidate := range verdicts {
		o := candidate.Objective
		if o.Metric != r.metric || o.Channel != "" || !o.Latency() {
			continue
		}
		if o.Aggregate == "p(95)" {
			return candidate, true
		}
		if !found {
			v, found = candidate, true
		}
	}
	return v, found
}

// off says why none of the chart's flows runs; "" while one does.
func (r chartRow) off(s *scene) (reason string) {
	for _, state := range s.now.Flows {
		for _, f := range r.flows {
			if state.Flow != f {
				continue
			}
			if state.On {
				return ""
			}
			if reason == "" {
				reason = state.Reason
			}
		}
	}
	return reason
}

// bound is an objective's limit on a latency.
func bound(o load.Objective) time.Duration {
	return time.Duration(o.Bound * float64(time.Millisecond))
}

// gutter is the width of the value axis at the left of a chart, beat the cell at its right.
const (
	gutter = 8
	beat   = 1
)

// picture is one latency chart's plot with its value axis.
type picture struct {
	row    chartRow
	p99    []float64
	plot   plot
	limit  time.Duration // of the objective; 0: none
	broken bool          // the objective fails now
}

// draw fills the rectangle x, y, w, h of g: value axis, bars, lines, marks.
func (p *picture) draw(g *grid.Grid, x, y, w, h int, s *scene) {
	p.plot = plot{g: g, x: x + gutter, y: y, w: w - gutter - beat, h: h, mono: s.styles.mono}
	if p.plot.w <= 0 || h <= 0 {
		return
	}
	verdict, has := p.row.objective(s.calm.Live)
	p.limit, p.broken = 0, false
	if has {
		p.limit, p.broken = bound(verdict.Objective), verdict.State == load.Fail
	}
	highest95, highest99 := p.scan(s)
	p.scale(highest95, highest99)
	limitRow, inside := -1, false
	if p.limit > 0 {
		limitRow, inside = p.plot.row(seconds(p.limit))
		if !inside {
			limitRow = -1
		}
	}
	p.bars(s, limitRow)
	if s.styles.mono {
		p.plot.line(p.p99, grid.Style{}, false)
	} else {
		p.plot.overflow(p.p99, s.styles.dim)
	}
	for _, m := range s.story.marks {
		if m.guide {
			p.plot.guide(s.history.axis.place(m.at), s.styles.faint)
		}
	}
	p.axis(s, limitRow, inside, highest95 == 0)
}

// scan finds the highest values in view and collects p99.
func (p *picture) scan(s *scene) (highest95, highest99 time.Duration) {
	p.p99 = p.p99[:0]
	for x := range p.plot.w {
		var v float64
		if c := s.history.at(x); c != nil {
			fc := p.row.column(c)
			highest95, highest99 = max(highest95, fc.p95), max(highest99, fc.p99)
			v = seconds(fc.p99)
		}
		p.p99 = append(p.p99, v)
	}
	return highest95, highest99
}

// scale sets the top of the picture from what is visible. The objective is in the picture unless it
// would press everything else flat; an outlier of p99 gets an arrow instead of the whole scale.
func (p *picture) scale(highest95, highest99 time.Duration) {
	top := max(seconds(highest95)*1.08, min(seconds(highest99)*1.02, seconds(highest95)*3))
	if limit := seconds(p.limit) * 1.15; limit > top && (top == 0 || limit <= top*8) {
		top = limit
	}
	p.plot.top = niceTop(top)
}

func (p *picture) bars(s *scene, limitRow int) {
	inks := barInks{inkP99, inkP95, inkP50, inkBroken95, inkBroken50}
	for x := range p.plot.w {
		if c := s.history.at(x); c != nil {
			if fc := p.row.column(c); fc.count > 0 {
				p.plot.bar(x, min(seconds(fc.p99), p.plot.top), seconds(fc.p95), seconds(fc.p50), limitRow, inks)
			}
		}
	}
}

// axis labels the values and draws the objective, or says that it is out of the picture.
func (p *picture) axis(s *scene, limitRow int, inside, empty bool) {
	g, st, right := p.plot.g, s.styles, p.plot.x-1
	lineStyle := grid.Style{Fg: inkLine}
	if p.broken {
		lineStyle = st.bad
	}
	label := func(row int, d time.Duration, style grid.Style) {
		g.TextRight(right, row, gutter-1, formatBound(d), style)
	}
	if p.plot.top > 0 && p.plot.h > 2 {
		g.TextRight(right, p.plot.y+p.plot.h-1, gutter-1, "0", st.dim)
		for _, part := range axisParts(p.plot.h) {
			row, _ := p.plot.row(p.plot.top * part)
			if row != limitRow {
				label(row, time.Duration(p.plot.top*part*float64(time.Second)), st.dim)
			}
		}
	}
	switch {
	case inside:
		p.plot.level(limitRow, '╌', lineStyle)
		g.Fill(p.plot.x-gutter, limitRow, gutter, 1, ' ', grid.Style{})
		label(limitRow, p.limit, lineStyle)
	case p.limit > 0:
		p.say(0, "objective "+formatBound(p.limit)+" is above the picture ↑", st.dim)
	case s.began():
		p.say(0, "no objective on this latency", st.dim)
	}
	if empty {
		text := "no answers in view"
		if s.calm.Load.Windows == nil {
			text = "waiting for the first second"
		}
		if reason := p.row.off(s); reason != "" {
			text = "off: " + reason
		}
		p.say(p.plot.h/2, text, st.dim)
	}
}

// say writes a remark at the left of the plot.
func (p *picture) say(row int, text string, style grid.Style) {
	p.plot.g.Text(p.plot.x+1, p.plot.y+row, p.plot.w-1, text, style)
}

// axisParts are the parts of the scale that get a label beside 0.
func axisParts(height int) []float64 {
	switch {
	case height >= 14:
		return []float64{1, 0.75, 0.5, 0.25}
	case height >= 7:
		return []float64{1, 0.5}
	default:
		return []float64{1}
	}
}
