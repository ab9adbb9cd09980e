package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// surface is what a chart is drawn on. Coordinates are in points from the lower left corner.
type surface interface {
	// rect fills a rectangle; about is said to those who point at it, if it is not "".
	rect(r role, at box, about string)
	// line draws a line through points, area fills what they enclose.
	line(r role, points []xy)
	area(r role, points []xy)
	dot(r role, at xy, radius float64)
	text(s lettering, r role, at xy, words string)
}

type (
	xy  struct{ x, y float64 }
	box struct{ x0, y0, x1, y1 float64 }
)

// lettering is how a text is set. It begins, is centred or ends at its point.
type lettering struct {
	size  float64 // points
	bold  bool
	align float64 // 0: begins, -0.5: is centred, -1: ends
}

// chartLayout is the room that a chart has, in points. All charts of a layout have the same width and
// margins, so that one moment stands at the same place in each.
type chartLayout struct {
	width       float64
	left, right float64 // margins
	top         float64 // over the first panel
	scale       float64 // of text
	named       bool    // lines have their names at their ends
}

// drawing is the charts of a run in a layout: what they have in common is laid out once.
type drawing struct {
	chartLayout
	run     *Run
	seconds float64 // the time axis ends here
	spans   []span
	names   []spanName
	strip   float64 // height of the strip at the top of the first panel in which the names stand
	lanes   []lane
	foot    float64 // height of the lanes between the last panel and the labels of the time axis
}

// axes are one panel being drawn on a surface.
type axes struct {
	surface
	*drawing
	chartPanel
	bottom, top float64
	highest     float64 // where the highest value stands: at the top, or below the names
}

const (
	underPanel  = 26 // of the labels of the time axis
	panelTitle  = 18 // over a panel that has a name
	underSingle = 6  // more under a panel that has none
)

// of lays out the charts of a run.
func (l chartLayout) of(run *Run) *drawing {
	d := &drawing{chartLayout: l, run: run, seconds: max(run.length, 1), spans: spansOf(run)}
	d.names, d.strip = d.placeNames()
	d.lanes, _ = lanesOf(run)
	d.foot = d.footOf(d.lanes)
	return d
}

// heightOf is how high a chart is.
func (d *drawing) heightOf(c chart) float64 {
	height := d.top + d.strip + d.foot + underPanel
	for _, p := range c.panels {
		height += p.height
		if p.name != "" {
			height += panelTitle
		}
	}
	if c.panels[0].name == "" {
		return height + underSingle
	}
	return height - 8
}

// draw draws the panels of a chart, and all that stands on the time axis.
func (d *drawing) draw(on surface, c chart) {
	for i, a := range d.axes(on, c) {
		a.draw(i == 0, i == len(c.panels)-1)
	}
}

// axes lays out the panels of a chart.
func (d *drawing) axes(on surface, c chart) (all []*axes) {
	top := d.heightOf(c) - d.top
	if c.panels[0].name != "" {
		top += 8
	}
	for i, p := range c.panels {
		if p.name != "" {
			top -= panelTitle
		}
		p.high = max(p.high, lowestHigh)
		a := &axes{surface: on, drawing: d, chartPanel: p, top: top, highest: top}
		if i == 0 {
			a.highest -= d.strip
		}
		a.bottom = a.highest - p.height
		all, top = append(all, a), a.bottom
	}
	return all
}

// draw draws a panel. The numbers of marks and the names of what is shaded stand in the first, the lanes and the
// labels of the time axis under the last.
func (a *axes) draw(first, last bool) {
	if a.name != "" {
		a.drawName(first)
	}
	a.drawSpans()
	a.drawValueAxis()
	a.drawMarks(first)
	if first {
		a.drawSpanNames()
	}
	for _, l := range a.lines {
		a.drawBand(l)
	}
	for _, c := range a.columns {
		a.drawColumn(c)
	}
	for _, l := range a.lines {
		a.drawLine(l)
	}
	for _, b := range a.bounds {
		a.drawBound(b)
	}
	a.drawSaturated()
	if last {
		a.drawLanes()
	}
	a.drawTimeAxis(last)
	if a.named {
		a.drawLineNames()
	}
}

// letters are of a size, in the layout's scale.
func (l chartLayout) letters(size, align float64) lettering {
	return lettering{size: size * l.scale, align: align}
}

func (s lettering) inBold() lettering { s.bold = true; return s }

func (l chartLayout) leftEdge() float64  { return l.left }
func (l chartLayout) rightEdge() float64 { return l.width - l.right }

func (d *drawing) x(seconds float64) float64 {
	return d.leftEdge() + (d.rightEdge()-d.leftEdge())*min(1, max(0, seconds/d.seconds))
}

func (a *axes) y(v float64) float64 {
	share := (v - a.low) / (a.high - a.low)
	if a.log {
		share = math.Log(max(v, a.low)/a.low) / math.Log(a.high/a.low)
	}
	return a.bottom + (a.highest-a.bottom)*min(1, max(0, share))
}

// drawValueAxis draws the grid and the labels of the value axis.
func (a *axes) drawValueAxis() {
	for _, v := range a.ticks {
		y := a.y(v)
		a.line(gridRole, []xy{{a.leftEdge(), y}, {a.rightEdge(), y}})
		a.text(a.letters(8.5, -1), faintRole, xy{a.leftEdge() - 6, y - 3}, a.label(v))
	}
}

// drawName stands above the panel at its left, over the numbers of marks if there are any.
func (a *axes) drawName(marked bool) {
	y := a.top + 4
	if marked {
		y += 12
	}
	a.text(a.letters(8.5, 0).inBold(), inkRole, xy{a.leftEdge(), y}, a.name)
}

// drawTimeAxis draws the time axis, with its labels below the lanes if it is the lowest.
func (a *axes) drawTimeAxis(labels bool) {
	a.line(faintRole, []xy{{a.leftEdge(), a.bottom}, {a.rightEdge(), a.bottom}})
	if !labels {
		return
	}
	style, bottom := a.letters(8.5, -0.5), a.bottom-a.foot
	if a.foot > 0 {
		a.line(faintRole, []xy{{a.leftEdge(), bottom}, {a.rightEdge(), bottom}})
	}
	for _, t := range timeTicks(a.seconds, a.mostTimeTicks()) {
		x := a.x(t)
		a.line(faintRole, []xy{{x, bottom}, {x, bottom - 3}})
		a.text(style, faintRole, xy{x, bottom - 5 - 9*a.scale}, clock(t))
	}
}

// mostTimeTicks is how many labels the time axis has room for.
func (a *axes) mostTimeTicks() int {
	return min(10, int((a.rightEdge()-a.leftEdge())/(1.6*a.letters(8.5, 0).width(clock(a.seconds)))))
}

// drawMarks draws a hair for each numbered event, and its number where there is room.
func (a *axes) drawMarks(numbered bool) {
	style := a.letters(7.5, -0.5)
	numbers, free := marks(a.run), a.leftEdge()-20
	for i, e := range a.run.files.Events {
		n := numbers[i]
		if n == 0 {
			continue
		}
		x := a.x(e.At)
		a.line(markRole, []xy{{x, a.bottom}, {x, a.top}})
		label := strconv.Itoa(n)
		if half := style.width(label) / 2; numbered && x-half > free {
			a.text(style, faintRole, xy{x, a.top + 3}, label)
			free = x + half + 2
		}
	}
}

// drawSaturated puts a bar on the time axis where the generator was at its own limit.
func (a *axes) drawSaturated() {
	for _, s := range a.run.saturated {
		a.rect(inkRole, box{a.x(s.At), a.bottom, max(a.x(s.End()), a.x(s.At)+1), a.bottom + 3}, "generator saturated: "+s.Saturated)
	}
}

// pieces cuts a line where nothing was measured.
func (l chartLine) pieces() (all [][]int) {
	var piece []int
	for i, t := range l.times {
		if math.IsNaN(l.values[i]) || len(piece) > 0 && t-l.times[i-1] > l.gap {
			if len(piece) > 0 {
				all = append(all, piece)
			}
			piece = nil
		}
		if !math.IsNaN(l.values[i]) {
			piece = append(piece, i)
		}
	}
	if len(piece) > 0 {
		all = append(all, piece)
	}
	return all
}

// drawLine draws a line, broken at its gaps. Points that stand alone are dots, and with dots so is every
// point when there are few.
func (a *axes) drawLine(l chartLine) {
	const few = 60
	for _, piece := range l.pieces() {
		points := make([]xy, len(piece))
		for n, i := range piece {
			points[n] = xy{a.x(l.times[i]), a.y(l.values[i])}
		}
		if len(points) == 1 || l.dots && len(l.times) <= few {
			for _, at := range points {
				a.dot(l.role, at, max(1.6, l.role.look().width))
			}
		}
		if len(points) > 1 {
			a.line(l.role, points)
		}
	}
}

// drawBand fills what lies between the least and the most of single seconds.
func (a *axes) drawBand(l chartLine) {
	if l.low == nil {
		return
	}
	edge := l
	edge.values = l.low // with its own gaps
	for _, piece := range edge.pieces() {
		if len(piece) < 2 {
			continue
		}
		var points []xy
		for _, i := range piece {
			points = append(points, xy{a.x(l.times[i]), a.y(l.high[i])})
		}
		for n := len(piece) - 1; n >= 0; n-- {
			points = append(points, xy{a.x(l.times[piece[n]]), a.y(l.low[piece[n]])})
		}
		a.area(bandRole, points)
	}
}

func (a *axes) drawColumn(c chartColumn) {
	width := (a.rightEdge() - a.leftEdge()) * min(1, c.length/a.seconds)
	inset := min(width*0.12, 1)
	x := a.x(c.at)
	a.rect(c.role, box{x - width/2 + inset, a.y(c.from), min(x+width/2-inset, a.rightEdge()), a.y(c.to)}, "")
}

// drawBound draws an objective across the panel, named at its right end.
func (a *axes) drawBound(b chartBound) {
	y := a.y(b.value)
	a.line(objectiveRole, []xy{{a.leftEdge(), y}, {a.rightEdge(), y}})
	a.text(a.letters(8.5, -1).inBold(), objectiveRole, xy{a.rightEdge() - 2, y + 3}, b.name)
}

// drawLineNames names lines at their ends, below each other where they would meet. The keys have the names that
// have no room.
func (a *axes) drawLineNames() {
	step := 9 * a.scale
	style := a.letters(8, 0).inBold()
	type ending struct {
		chartLine
		y float64
	}
	var all []ending
	for _, l := range slices.Backward(a.lines) {
		if pieces := l.pieces(); len(pieces) > 0 && style.width(l.name) < a.right-4 {
			last := pieces[len(pieces)-1]
			all = append(all, ending{l, a.y(l.values[last[len(last)-1]])})
		}
	}
	// From the lowest up, each at least a step over the one below it, and none over the panel.
	slices.SortStableFunc(all, func(one, other ending) int { return cmp.Compare(one.y, other.y) })
	free := a.bottom - 3
	for i, e := range all {
		y := max(free, e.y-3)
		y = min(y, a.highest-step*float64(len(all)-i)+2)
		a.text(style, inkRole, xy{a.rightEdge() + 3, y}, e.name)
		free = y + step
	}
}
