package report

import (
	"cmp"
	"slices"

	"xinbot.ir/squall/internal/timeline"
)

// span is a shaded stretch of a chart.
type span struct {
	name     string
	role     role
	from, to float64 // seconds since the start
	tag      bool    // its name may stick out to the right where the stretch is too narrow
}

// shadings make what is shaded on every chart. Another kind is one function and one row here, and a role
// that says how it looks.
var shadings = []func(*Run) []span{
	faultSpans,
	idleSpans,
}

// spansOf are all stretches that are shaded, by their beginnings. Those that overlap are shaded over each
// other.
func spansOf(run *Run) (all []span) {
	for _, of := range shadings {
		all = append(all, of(run)...)
	}
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return all
}

// faultSpans are the faults, each whole.
func faultSpans(run *Run) (all []span) {
	for _, i := range run.injections {
		if i.NotApplied() {
			continue
		}
		r := faultRole
		if i.Spike() {
			r = spikeRole
		}
		all = append(all, span{i.Label, r, i.From, i.to(run.length), true})
	}
	return all
}

// idleSpans are the times in which the load stood aside.
func idleSpans(run *Run) (all []span) {
	for _, ph := range run.cuts {
		if ph.Kind == timeline.Idle {
			all = append(all, span{ph.Name, idleRole, ph.From, ph.To, false})
		}
	}
	return all
}

// drawSpans shades the time in which something was done to the platform, or the load stood aside.
func (a *axes) drawSpans() {
	for _, s := range a.spans {
		about := ""
		if len(a.spans) <= mostSingle { // else they are too many, and too narrow to point at
			about = s.name + ", " + clock(s.from) + " to " + clock(s.to)
		}
		a.rect(s.role, box{a.x(s.from), a.bottom, max(a.x(s.to), a.x(s.from)+1), a.top}, about)
	}
}

// nameLanes is how many names of what is shaded can stand below each other.
const nameLanes = 3

// spanName is the name of what is shaded, in the strip of names.
type spanName struct {
	span
	x, width float64 // points
	lane     int     // 0 is the uppermost
}

func (l chartLayout) laneHeight() float64 { return 12 * l.scale }

// placeNames finds a place for the names of what is shaded, and the height of the strip that they need.
// Names that would meet stand below each other. The name of a fault sticks out of a stretch that is too
// narrow for it; other names are left out there.
func (d *drawing) placeNames() (names []spanName, strip float64) {
	if len(d.run.injections) > mostSingle {
		return nil, 0 // nobody could tell which stretch a name belongs to
	}
	const gap = 4
	style := d.letters(8, 0)
	var free [nameLanes]float64 // each lane is taken up to here
	for _, s := range d.spans {
		x, width := d.x(s.from)+2, style.width(s.name)+4
		if !s.tag && width+4 >= d.x(s.to)-d.x(s.from) {
			continue
		}
		x = max(d.leftEdge()+2, min(x, d.rightEdge()-width-2))
		lane := slices.IndexFunc(free[:], func(taken float64) bool { return taken+gap <= x })
		if lane < 0 {
			continue
		}
		free[lane] = x + width
		names = append(names, spanName{s, x, width, lane})
		strip = max(strip, d.laneHeight()*float64(lane+1)+2)
	}
	return names, strip
}

// drawSpanNames writes the names, each on a patch of its own that no line drawn before crosses.
func (a *axes) drawSpanNames() {
	style, height := a.letters(8, 0), a.laneHeight()
	for _, n := range a.names {
		top := a.top - height*float64(n.lane)
		for _, fill := range []role{paperRole, n.role} {
			a.rect(fill, box{n.x, top - height, n.x + n.width, top - 1}, "")
		}
		a.text(style, faintRole, xy{n.x + 2, top - 10*a.scale}, n.name)
	}
}
