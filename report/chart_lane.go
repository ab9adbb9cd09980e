package report

import (
	"math"
	"slices"

	"xinbot.ir/squall/internal/units"
)

// lane is a row at the foot of every chart: the times in which one thing was so, such as an alert that fired.
type lane struct {
	name  string
	sign  string // before the name, so that the lane reads without colour
	role  role
	spans []laneSpan // by their beginnings; they do not overlap
}

// laneSpan is one time in a lane.
type laneSpan struct {
	from, to float64 // seconds since the start
	end      laneEnd
	about    string // said to those who point at it
}

// laneEnd is what is known of the end of a time in a lane.
type laneEnd uint8

const (
	laneEnded  laneEnd = iota
	laneGoesOn         // it was so when the data end
	laneUnread         // nobody could tell any more
)

// mostLanes is how many lanes a chart has room for.
const mostLanes = 6

// lanings make the lanes of every chart. Another kind is one function and one row here, and a role that
// says how it looks.
var lanings = []func(*Run) []lane{
	alertLanes,
}

// lanesOf are the lanes of a run, and how many there is no room for.
func lanesOf(run *Run) (shown []lane, more int) {
	for _, of := range lanings {
		shown = append(shown, of(run)...)
	}
	n := min(len(shown), mostLanes)
	return shown[:n], len(shown) - n
}

// laneNames are what was so in the lanes, as spans that have a name.
func laneNames(lanes []lane) (all []span) {
	for _, l := range lanes {
		for _, s := range l.spans {
			all = append(all, span{name: l.sign + " " + l.name, role: l.role, from: s.from, to: s.to})
		}
	}
	return all
}

// footOf is the height of lanes.
func (l chartLayout) footOf(lanes []lane) float64 {
	if len(lanes) == 0 {
		return 0
	}
	return l.laneHeight()*float64(len(lanes)) + 5
}

// drawLanes draws the lanes below the panel.
func (a *axes) drawLanes() {
	for n, l := range a.lanes {
		top := a.bottom - 3 - a.laneHeight()*float64(n)
		bar := box{y0: top - a.laneHeight() + 2, y1: top - 2}
		var bars []box
		for _, s := range l.spans {
			bar.x0 = a.x(s.from)
			bar.x1 = max(a.x(s.to), bar.x0+2)
			a.rect(l.role, bar, s.about)
			bars = append(bars, bar)
			switch half := (bar.y1 - bar.y0) / 2; s.end {
			case laneEnded:
			case laneGoesOn:
				a.area(l.role, []xy{{bar.x1, bar.y0 - 1}, {bar.x1 + half + 1, bar.y0 + half}, {bar.x1, bar.y1 + 1}})
			case laneUnread:
				bars[len(bars)-1].x1 += 2 + 2*half
				a.text(a.letters(8, 0).inBold(), inkRole, xy{bar.x1 + 2, bar.y0 + 1}, "?")
			}
		}
		a.drawLaneName(l, bars)
	}
}

// drawLaneName writes the name of a lane where no bar is: behind the first one, before it, or between others. Where there is
// no such room it stands on a patch.
func (a *axes) drawLaneName(l lane, bars []box) {
	const apart = 4
	style := a.letters(8, 0)
	name := fittedTo(style, a.rightEdge()-a.leftEdge()-2*apart, l.sign+" "+oneLine(l.name))
	width := style.width(name)
	edges := []float64{a.leftEdge() - apart}
	for _, b := range bars {
		edges = append(edges, b.x0, b.x1)
	}
	edges = append(edges, a.rightEdge()+apart)
	fits := func(gap int) bool { return edges[2*gap+1]-edges[2*gap] >= width+2*apart }
	order := []int{1, 0}
	for gap := 2; gap <= len(bars); gap++ {
		order = append(order, gap)
	}
	y := bars[0].y0 + (bars[0].y1-bars[0].y0-style.size)/2 + 1
	at := slices.IndexFunc(order, fits)
	switch {
	case at < 0:
		x := math.Max(a.leftEdge()+apart, math.Min(bars[0].x0+2*apart, a.rightEdge()-width-apart))
		a.rect(paperRole, box{x - 2, bars[0].y0, x + width + 2, bars[0].y1}, "")
		a.text(style, inkRole, xy{x, y}, name)
	case order[at] == 0:
		a.text(style, inkRole, xy{bars[0].x0 - apart - width, y}, name)
	default:
		a.text(style, inkRole, xy{edges[2*order[at]] + apart, y}, name)
	}
}

// laneLegend explains the lanes of a run, and says which of them are not drawn.
func laneLegend(run *Run) string {
	lanes, more := lanesOf(run)
	if len(lanes) == 0 {
		return ""
	}
	text := " Bars under a chart, named with !: alerts of the platform, from firing to resolved; one that ends in an arrow still fired at the end."
	if slices.ContainsFunc(lanes, func(l lane) bool {
		return slices.ContainsFunc(l.spans, func(s laneSpan) bool { return s.end == laneUnread })
	}) {
		text += " One that ends in a question mark was not known of any more, as its source gave nothing."
	}
	if more > 0 {
		text += " " + units.Counted(uint64(more), "more alert that fired has", "more alerts that fired have") + " no bar: see Alerts."
	}
	return text
}
