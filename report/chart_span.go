package report

import (
	"cmp"
	"image/color"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"xinbot.ir/squall/internal/timeline"
)

// span is a shaded stretch of a chart.
type span struct {
	name     string
	shade    color.Color
	from, to float64 // seconds since the start
	tag      bool    // its name may stick out to the right where the stretch is too narrow
}

// allSpans are the faults, each whole, and the times in which the load stood aside. Faults that overlap
// are shaded over each other.
func (p *panel) allSpans(run *Run) []span {
	var all []span
	for _, i := range run.injections {
		if i.NotApplied() {
			continue
		}
		shade := p.fault
		if i.Spike() {
			shade = p.spike
		}
		all = append(all, span{i.Label, shade, i.From, i.to(run.length), true})
	}
	for _, ph := range run.cuts {
		if ph.Kind == timeline.Idle {
			all = append(all, span{ph.Name, p.idle, ph.From, ph.To, false})
		}
	}
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return all
}

// drawSpans shades the time in which something was done to the platform, or the load stood aside.
func (p *panel) drawSpans(run *Run) {
	for _, s := range p.allSpans(run) {
		p.rectangle(s.shade, p.x(s.from), p.bottom, max(p.x(s.to), p.x(s.from)+1), p.top)
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
func (p *panel) drawSpanNames(run *Run) {
	if len(run.injections) > mostSingle {
		return // nobody could tell which stretch a name belongs to
	}
	const laneHeight, gap = 12, 4
	style := textStyle(8, p.faint, false)
	var free [nameLanes]vg.Length // each lane is taken up to here
	for _, s := range p.allSpans(run) {
		x, width := p.x(s.from)+2, style.Width(s.name)+4
		if !s.tag && width+4 >= p.x(s.to)-p.x(s.from) {
			continue
		}
		x = max(p.left()+2, min(x, p.right()-width-2))
		lane := slices.IndexFunc(free[:], func(taken vg.Length) bool { return taken+gap <= x })
		if lane < 0 {
			continue
		}
		free[lane] = x + width
		top := p.top - laneHeight*vg.Length(lane)
		for _, fill := range []color.Color{color.White, s.shade} {
			p.rectangle(fill, x, top-12, x+width, top-1)
		}
		p.write(style, draw.XLeft, x+2, top-10, s.name)
	}
}
