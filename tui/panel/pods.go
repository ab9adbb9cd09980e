package panel

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Pods charts the pods of autoscaled workloads on the time axis of the other charts, a lane per
// workload. While there are none its place belongs to another panel.
type Pods struct {
	base
	other Panel
	none  bool
	key   podsKey
}

// podsKey reports whether the chart would look the same again.
type podsKey struct{ version, events, points, w, h int }

// NewPods returns the chart of pods; other stands in its place until a workload is watched.
func NewPods(other Panel) *Pods { return &Pods{other: other, none: true} }

// Title is the rule's word.
func (p *Pods) Title() string {
	if p.none {
		return p.other.Title()
	}
	return "PODS"
}

// SetSize sets the size of both panels; the next Sync draws anew.
func (p *Pods) SetSize(w, h int) {
	p.base.SetSize(w, h)
	p.other.SetSize(w, h)
	p.key = podsKey{}
}

// Columns is how many columns of the time axis fit.
func (p *Pods) Columns() int { return max(p.g.Width()-chart.Gutter-chart.ProgressColumn, 1) }

// View is the drawing of the last Sync.
func (p *Pods) View() *grid.Grid {
	if p.none {
		return p.other.View()
	}
	return p.base.View()
}

// Sync draws the lanes again when a second has closed or pods have moved.
func (p *Pods) Sync(s *view.State) {
	p.none = len(s.Now.Timeline.Workloads) == 0
	if p.none {
		p.other.Sync(s)
		return
	}
	key := podsKey{s.History.Version, s.Marks.Read, 0, p.g.Width(), p.g.Height()}
	for _, w := range s.Now.Timeline.Workloads {
		key.points += len(w.Points)
	}
	h := p.g.Height()
	if key != p.key {
		p.key = key
		p.g.Clear()
		p.lanes(s, h-1)
	}
	chart.DrawAxis(&p.g, chart.Gutter, h-1, s)
}

// lanes divides the rows among the workloads.
func (p *Pods) lanes(s *view.State, rows int) {
	const least = 2 // a row of text, a row of bars
	shown := s.Now.Timeline.Workloads
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
func (p *Pods) lane(s *view.State, w timeline.Workload, y, rows int) {
	st, top := s.Styles, float64(w.Max)
	for _, point := range w.Points {
		top = max(top, float64(point.Ready), float64(point.Wanted))
	}
	p.g.Set(0, y, '█', grid.Style{Fg: theme.InkTrend})
	counts, wanted := "", ""
	if n := len(w.Points); n > 0 {
		last := w.Points[n-1]
		counts = strconv.Itoa(last.Ready) + " of " + strconv.Itoa(int(top)) + " pods"
		if last.Wanted != last.Ready {
			wanted = strconv.Itoa(last.Wanted) + " wanted"
		}
	}
	room := p.g.Width() - 2
	for _, text := range []string{counts, wanted} {
		if text != "" {
			room -= 2 + grid.Width(text)
		}
	}
	x := 2 + p.g.Text(2, y, p.g.Width(), tail(w.Name, max(room, shortestName)), st.Dim)
	x += 2 + p.g.Text(x+2, y, p.g.Width(), counts, st.Strong)
	p.g.Text(x+2, y, p.g.Width(), wanted, st.Accent)
	pl := chart.Plot{Grid: &p.g, X: chart.Gutter, Y: y + 1, W: p.g.Width() - chart.Gutter - chart.ProgressColumn, H: rows - 1, Top: top, Mono: st.Mono}
	if pl.W <= 0 || pl.H <= 0 || top <= 0 {
		return
	}
	p.g.TextRight(chart.Gutter-1, pl.Y, chart.Gutter-1, strconv.Itoa(int(top)), st.Dim)
	if pl.H > 1 {
		p.g.TextRight(chart.Gutter-1, pl.Y+pl.H-1, chart.Gutter-1, "0", st.Dim)
	}
	a := s.History.Axis
	for x := range min(pl.W, a.Count) {
		if s.History.At(x) == nil {
			continue
		}
		ready, wanted := podsAt(w.Points, a.End(x))
		if ready+wanted > 0 {
			r := float64(ready)
			pl.Bar(x, max(float64(wanted), r), r, r, -1, podInks)
		}
	}
	for _, m := range s.Marks.Marks {
		if m.Guide {
			pl.Guide(a.Place(m.At), st.Faint)
		}
	}
}

// podsAt is how many pods there were just before a moment.
func podsAt(points []timeline.Pods, until time.Duration) (ready, wanted int) {
	for _, p := range points {
		if view.Since(p.At) >= until {
			break
		}
		ready, wanted = p.Ready, p.Wanted
	}
	return ready, wanted
}
