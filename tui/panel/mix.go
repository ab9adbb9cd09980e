package panel

import (
	"strconv"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// ChannelMix shows the wanted and the live share of each channel.
type ChannelMix struct{ base }

// Title is the rule's word.
func (p *ChannelMix) Title() string { return "CHANNEL MIX" }

// Sync draws one row per channel.
func (p *ChannelMix) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	const name, share = 10, 5
	y := 0
	if h > load.NumChannels {
		p.g.TextRight(w-share-1, 0, share, "want", st.Dim)
		p.g.TextRight(w, 0, share, "is", st.Dim)
		y = 1
	}
	var most float64
	for c := range load.NumChannels {
		most = max(most, s.Now.Mix[c], s.LastSecond.Shares[c])
	}
	for c := range load.NumChannels {
		p.g.Text(0, y, name, load.Channel(c).String(), st.Text)
		if bar := w - name - 2*share - 3; bar > 2 && most > 0 {
			p.bar(name+1, y, bar, s.Now.Mix[c]/most, s.LastSecond.Shares[c]/most, st)
		}
		p.g.TextRight(w-share-1, y, share, WholePercent(s.Now.Mix[c], true), st.Text)
		p.g.TextRight(w, y, share, WholePercent(s.LastSecond.Shares[c], !s.LastSecond.Shares.IsZero()), st.Strong)
		y++
	}
	if len(s.Now.Load.Settings.BrandMix) > 0 && y < h {
		p.g.Text(0, y, w, units.Int(len(s.Now.Load.Settings.BrandMix))+" brands have a mix of their own", st.Dim)
	}
}

// bar draws the live share, with a tick where the wanted share is.
func (p *ChannelMix) bar(x, y, w int, want, is float64, st *theme.Styles) {
	chart.HBar(&p.g, x, y, w, is, grid.Style{Fg: theme.InkTrend}, st.Faint)
	p.g.Set(x+min(int(want*float64(w)), w-1), y, '┃', grid.Style{Fg: theme.InkLine})
}

// WholePercent writes a share without decimals; a share below half a percent is not a zero.
func WholePercent(share float64, known bool) string {
	switch {
	case !known:
		return units.None
	case share > 0 && share < 0.005:
		return "<1 %"
	default:
		return strconv.Itoa(int(share*100+0.5)) + " %"
	}
}
