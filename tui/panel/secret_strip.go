package panel

import (
	"slices"
	"time"

	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// SecretStrip shows on the time axis of the charts which secrets were accepted: a row per channel, told by signs and not by colour
// alone.
type SecretStrip struct{ base }

// Title is the rule's word.
func (p *SecretStrip) Title() string { return "ACCEPTED" }

// Columns is how many columns of the time axis fit.
func (p *SecretStrip) Columns() int { return max(p.g.Width()-chart.Gutter-chart.ProgressColumn, 1) }

// acceptedSign is what the gateway accepted in a time.
type acceptedSign struct {
	sign rune
	text string
	look func(*theme.Styles) grid.Style
}

// The signs, in the order of the legend.
var (
	onlyOld   = acceptedSign{'○', "old", func(st *theme.Styles) grid.Style { return st.Dim }}
	onlyNext  = acceptedSign{'●', "next", func(st *theme.Styles) grid.Style { return st.Good }}
	bothOf    = acceptedSign{'■', "both", func(st *theme.Styles) grid.Style { return st.Text }}
	someOf    = acceptedSign{'◐', "mixed", func(st *theme.Styles) grid.Style { return st.Accent }}
	noneOf    = acceptedSign{'✗', "neither", func(st *theme.Styles) grid.Style { return st.Bad }}
	anyOf     = acceptedSign{'!', "forged, too", func(st *theme.Styles) grid.Style { return st.Bad }}
	notKnown  = acceptedSign{'?', "no answer", func(st *theme.Styles) grid.Style { return st.Accent }}
	allOfSign = []acceptedSign{onlyOld, onlyNext, bothOf, someOf, noneOf, anyOf, notKnown}
)

// Sync draws one row per channel, and a legend where there is room.
func (p *SecretStrip) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	r := s.Now.Rotation
	if r == nil {
		return
	}
	y := 0
	for i := range r.Channels {
		if y >= h-1 {
			break
		}
		drawAccepted(&p.g, y, &r.Channels[i], s)
		y++
	}
	if y < h-1 {
		x := chart.Gutter
		for _, sign := range allOfSign {
			p.g.Set(x, h-1, sign.sign, sign.look(st))
			x += 2 + p.g.Text(x+2, h-1, w-x-2, sign.text, st.Dim) + 2
		}
		h--
	}
	chart.DrawAxis(&p.g, chart.Gutter, h-1, s)
}

// drawAccepted draws one channel in a row: its name, and a sign per column of the time axis.
func drawAccepted(g *grid.Grid, y int, c *session.ChannelRotation, s *view.State) {
	g.TextRight(chart.Gutter-1, y, chart.Gutter-1, c.Channel[:min(len(c.Channel), chart.Gutter-1)], s.Styles.Dim)
	a := s.History.Axis
	if a.Length == 0 {
		return
	}
	columns := map[int]rotation.Cell{}
	for i := len(c.Cells) - 1; i >= 0; i-- {
		cell := c.Cells[i]
		at := a.Place(time.Duration(cell.Second)*time.Second + time.Second/2)
		if at < 0 {
			break
		}
		sum := columns[at]
		sum.Old, sum.Next = sum.Old.Plus(cell.Old), sum.Next.Plus(cell.Next)
		sum.Forged += cell.Forged
		columns[at] = sum
	}
	for at, cell := range columns {
		if at < a.Count {
			sign := signOf(cell)
			if sign.sign == noneOf.sign && disagreed(s.Now.Timeline.Rotated(), c.Channel, a.End(at)-a.Length, a.End(at)) {
				sign = someOf // it is by chance that all came to the wrong replica
			}
			g.Set(chart.Gutter+at, y, sign.sign, sign.look(s.Styles))
		}
	}
}

// disagreed reports whether the replicas disagreed about a channel at some moment of a time.
func disagreed(r *timeline.Rotation, channel string, from, to time.Duration) bool {
	if r == nil {
		return false
	}
	return slices.ContainsFunc(r.Disagreed, func(d timeline.Disagreement) bool {
		return d.Channel == channel && view.Since(d.From) < to && (d.To == timeline.Open || view.Since(d.To) > from)
	})
}

// signOf is what was accepted in a column.
func signOf(c rotation.Cell) acceptedSign {
	old, oldKnown := c.Old.Share()
	next, nextKnown := c.Next.Share()
	switch {
	case c.Forged > 0:
		return anyOf
	case !oldKnown && !nextKnown:
		return notKnown
	case old > 0 && old < 1 || next > 0 && next < 1:
		return someOf
	case old == 1 && next == 1:
		return bothOf
	case next == 1:
		return onlyNext
	case old == 1:
		return onlyOld
	}
	return noneOf
}
