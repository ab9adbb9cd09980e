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
var shadings = []func(*Run) []span{faultSpans, idleSpans}

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
		about := s.name + ", " + clock(s.from) + " to " + clock(s.to)
		a.rect(s.role, box{a.x(s.from), a.bottom, max(a.x(s.to), a.x(s.from)+1), a.top}, about)
	}
}

// headroom is how much higher than its highest value a chart should reach, so that the names of faults
// that overlap stand above its lines.
func headroom(run *Run) float64 {
	most := 0
	for _, i := range run.injections {
		together := 0
		for _, other := range run.injections {
			if other.From <= i.From && i.From < other.to(run.length) {
				together++
			}
		}
		most = max(most, together)
	}
	return 1.1 + 0.09*float64(max(0, min(most, nameLanes)-1))
}

// nameLanes is how many names of what is shaded can stand below each other.
const nameLanes = 3

// drawSpanNames writes the names of what is shaded, each on a patch of its own that no line drawn before
// crosses. Names that would meet stand below each other. The name of a fault sticks out of a stretch
// that is too narrow for it; other names are left out there.
func (a *axes) drawSpanNames() {
	if len(a.run.injections) > mostSingle {
		return // nobody could tell which stretch a name belongs to
	}
	const gap = 4
	style, laneHeight := a.letters(8, 0), 12*a.scale
	var free [nameLanes]float64 // each lane is taken up to here
	for _, s := range a.spans {
		x, width := a.x(s.from)+2, style.width(s.name)+4
		if !s.tag && width+4 >= a.x(s.to)-a.x(s.from) {
			continue
		}
		x = max(a.leftEdge()+2, min(x, a.rightEdge()-width-2))
		lane := slices.IndexFunc(free[:], func(taken float64) bool { return taken+gap <= x })
		if lane < 0 {
			continue
		}
		free[lane] = x + width
		top := a.top - laneHeight*float64(lane)
		for _, fill := range []role{paperRole, s.role} {
			a.rect(fill, box{x, top - laneHeight, x + width, top - 1}, "")
		}
		a.text(style, faintRole, xy{x + 2, top - 10*a.scale}, s.name)
	}
}
