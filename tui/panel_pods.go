package tui

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/tui/grid"
)

// podsPanel charts the pods of autoscaled workloads on the time axis of the other charts, a lane per
// workload. While there are none its place belongs to another panel.
type podsPanel struct {
	sheet
	other panel
	none  bool
	key   podsKey
}

// podsKey tells whether the chart would look the same again.
type podsKey struct{ version, events, points, w, h int }

func newPodsPanel(other panel) *podsPanel { return &podsPanel{other: other, none: true} }

// Title is the rule's word.
func (p *podsPanel) Title() string {
	if p.none {
		return p.other.Title()
	}
	return "PODS"
}

// SetSize gives both panels their size; the next Sync draws anew.
func (p *podsPanel) SetSize(w, h int) {
	p.sheet.SetSize(w, h)
	p.other.SetSize(w, h)
	p.key = podsKey{}
}

func (p *podsPanel) columns() int { return max(p.g.Width()-gutter-beat, 1) }

// View is the drawing of the last Sync.
func (p *podsPanel) View() *grid.Grid {
	if p.none {
		return p.other.View()
	}
	return p.sheet.View()
}

// Sync draws the lanes again when a second has closed or pods have moved.
func (p *podsPanel) Sync(s *scene) {
	p.none = len(s.now.Timeline.Workloads) == 0
	if p.none {
		p.other.Sync(s)
		return
	}
	key := podsKey{s.history.version, s.story.read, 0, p.g.Width(), p.g.Height()}
	for _, w := range s.now.Timeline.Workloads {
		key.points += len(w.Points)
	}
	h := p.g.Height()
	if key != p.key {
		p.key = key
		p.g.Clear()
		p.lanes(s, h-1)
	}
	drawAxis(&p.g, gutter, h-1, s)
}

// lanes divides the rows among the workloads.
func (p *podsPanel) lanes(s *scene, rows int) {
	const least = 2 // a row of text, a row of bars
	shown := s.now.Timeline.Workloads
	if most := max(rows/least, 1); len(shown) > most {
		shown = shown[:most]
	}
	y := 0
	for i, w := range shown {
		each := (rows - y) / (len(shown) - i)
		p.lane(s, w, y, each)
		y += each
	}
}

// lane draws one workload: bars of ready pods, paler up to what is wanted, out of the most there may be.
func (p *podsPanel) lane(s *scene, w timeline.Workload, y, rows int) {
	st, top := s.styles, float64(w.Max)
	for _, point := range w.Points {
		top = max(top, float64(point.Ready), float64(point.Wanted))
	}
	p.g.Set(0, y, '█', grid.Style{Fg: inkTrend})
	x := 2 + p.g.Text(2, y, p.g.Width()/2, w.Name, st.dim)
	if n := len(w.Points); n > 0 {
		last := w.Points[n-1]
		x += 2 + p.g.Text(x+2, y, p.g.Width(), strconv.Itoa(last.Ready)+" of "+strconv.Itoa(int(top))+" pods", st.strong)
		if last.Wanted != last.Ready {
			p.g.Text(x+2, y, p.g.Width(), strconv.Itoa(last.Wanted)+" wanted", st.accent)
		}
	}
	pl := plot{g: &p.g, x: gutter, y: y + 1, w: p.g.Width() - gutter - beat, h: rows - 1, top: top, mono: st.mono}
	if pl.w <= 0 || pl.h <= 0 || top <= 0 {
		return
	}
	p.g.TextRight(gutter-1, pl.y, gutter-1, strconv.Itoa(int(top)), st.dim)
	if pl.h > 1 {
		p.g.TextRight(gutter-1, pl.y+pl.h-1, gutter-1, "0", st.dim)
	}
	a := s.history.axis
	for x := range min(pl.w, a.count) {
		if s.history.at(x) == nil {
			continue
		}
		ready, wanted := podsAt(w.Points, time.Duration(a.first()+x+1)*a.length)
		if ready+wanted > 0 {
			r := float64(ready)
			pl.bar(x, max(float64(wanted), r), r, r, -1, barInks{inkP99, inkTrend, inkTrend, inkTrend, inkTrend})
		}
	}
	for _, m := range s.story.marks {
		if m.guide {
			pl.guide(a.place(m.at), st.faint)
		}
	}
}

// podsAt is how many pods there were just before a moment.
func podsAt(points []timeline.Pods, until time.Duration) (ready, wanted int) {
	for _, p := range points {
		if since(p.At) >= until {
			break
		}
		ready, wanted = p.Ready, p.Wanted
	}
	return ready, wanted
}
