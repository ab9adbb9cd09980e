package tui

import (
	"strconv"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// mixPanel shows the wanted and the live share of each channel.
type mixPanel struct{ sheet }

// Title is the rule's word.
func (p *mixPanel) Title() string { return "CHANNEL MIX" }

// Sync draws one row per channel.
func (p *mixPanel) Sync(s *scene) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.styles
	const name, share = 10, 5
	y := 0
	if h > load.NumChannels {
		p.g.TextRight(w-share-1, 0, share, "want", st.dim)
		p.g.TextRight(w, 0, share, "is", st.dim)
		y = 1
	}
	var most float64
	for c := range load.NumChannels {
		most = max(most, s.now.Mix[c], s.calm.Shares[c])
	}
	for c := range load.NumChannels {
		p.g.Text(0, y, name, s.tables.channels[c], st.text)
		if bar := w - name - 2*share - 3; bar > 2 && most > 0 {
			p.bar(name+1, y, bar, s.now.Mix[c]/most, s.calm.Shares[c]/most, st)
		}
		p.g.TextRight(w-share-1, y, share, wholePercent(s.now.Mix[c], true), st.text)
		p.g.TextRight(w, y, share, wholePercent(s.calm.Shares[c], !s.calm.Shares.IsZero()), st.strong)
		y++
	}
	if len(s.now.Load.Settings.BrandMix) > 0 && y < h {
		p.g.Text(0, y, w, formatInt(len(s.now.Load.Settings.BrandMix))+" brands have a mix of their own", st.dim)
	}
}

// bar draws the live share, with a tick where the wanted share is.
func (p *mixPanel) bar(x, y, w int, want, is float64, st *styles) {
	hbar(&p.g, x, y, w, is, grid.Style{Fg: inkTrend}, st.faint)
	p.g.Set(x+min(int(want*float64(w)), w-1), y, '┃', grid.Style{Fg: inkLine})
}

// wholePercent writes a share without decimals; a share below half a percent is not a zero.
func wholePercent(share float64, known bool) string {
	switch {
	case !known:
		return noValue
	case share > 0 && share < 0.005:
		return "<1 %"
	default:
		return strconv.Itoa(int(share*100+0.5)) + " %"
	}
}
