package tui

import (
	"strconv"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// loadPanel shows what is being done to the platform.
type loadPanel struct{ sheet }

// Title is the rule's word.
func (p *loadPanel) Title() string { return "LOAD" }

// Sync draws the settings.
func (p *loadPanel) Sync(s *scene) {
	p.g.Clear()
	set := s.now.Load.Settings
	if set.Open() {
		p.open(s, set)
	} else {
		p.closed(s, set)
	}
	p.spike(2, s, set)
	ramp := "at once"
	if set.Ramp > 0 {
		ramp = formatSpan(set.Ramp)
	}
	if set.Hold {
		ramp += ", held"
	}
	p.row(3, "ramp", ramp, s)
	p.row(4, "sent", formatCount(s.calm.Load.Sent), s)
	if p.g.Height() > 5 {
		p.spark(5, s)
	}
}

// loadLabel is the width of the names at the left.
const loadLabel = 8

func (p *loadPanel) label(y int, text string, s *scene) {
	p.g.Text(0, y, loadLabel-1, text, s.styles.dim)
}

func (p *loadPanel) row(y int, name, value string, s *scene) {
	p.label(y, name, s)
	p.g.Text(loadLabel, y, p.g.Width()-loadLabel, value, s.styles.text)
}

// closed shows virtual users achieved against intended, and their think time.
func (p *loadPanel) closed(s *scene, set load.Settings) {
	p.label(0, "VUs", s)
	p.level(0, s, float64(s.now.Load.VUs), float64(s.now.Load.WantedVUs), formatInt(s.now.Load.VUs)+" of "+formatInt(s.now.Load.WantedVUs))
	p.row(1, "think", thinkText(set.Think), s)
}

// open shows the arrival rate achieved against intended, and what was missed.
func (p *loadPanel) open(s *scene, set load.Settings) {
	w, now := p.g.Width(), lately(&s.calm, 1)
	got, want := now.perSecond(now.flows[load.Gateway]), s.calm.Load.Rate
	p.label(0, "rate", s)
	p.level(0, s, got, want, formatRate(got)+" of "+formatRate(want)+"/s")
	p.label(1, "missed", s)
	style := s.styles.text
	if now.missed > 0 {
		style = s.styles.accent
	}
	p.g.Text(loadLabel, 1, w-loadLabel, formatCount(s.calm.Load.Missed)+" sends", style)
}

// level draws a number and a bar of achieved over intended.
func (p *loadPanel) level(y int, s *scene, got, want float64, text string) {
	w := p.g.Width()
	x := loadLabel + p.g.Text(loadLabel, y, w-loadLabel, text, s.styles.strong)
	at := max(x+1, 22)
	if want <= 0 || w-at < 5 {
		return
	}
	hbar(&p.g, at, y, w-at, got/want, s.styles.progress, s.styles.rule)
}

func (p *loadPanel) spike(y int, s *scene, set load.Settings) {
	p.label(y, "spike", s)
	factor := strconv.FormatFloat(set.SpikeFactor, 'g', 4, 64) + "×"
	if !set.Spike {
		p.g.Text(loadLabel, y, p.g.Width()-loadLabel, factor+" ○ off", s.styles.text)
		return
	}
	p.g.Text(loadLabel, y, p.g.Width()-loadLabel, factor+" ● ON "+formatClock(spikeAge(s)), s.styles.accent)
}

// spark draws the request rate over the charts' time range in the rows from y down.
func (p *loadPanel) spark(y int, s *scene) {
	p.label(y, "req/s", s)
	w := p.g.Width() - loadLabel
	pl := plot{g: &p.g, x: loadLabel, y: y, w: w, h: 1, mono: s.styles.mono}
	count := s.history.axis.count
	for x := range min(w, count) {
		if c := s.history.at(count - 1 - x); c != nil {
			pl.top = max(pl.top, float64(c.requests)/c.seconds)
		}
	}
	for x := range min(w, count) {
		if c := s.history.at(count - 1 - x); c != nil {
			v := float64(c.requests) / c.seconds
			pl.bar(min(w, count)-1-x, v, v, -1, barInks{inkTrend, inkTrend, inkTrend, inkTrend})
		}
	}
}

// thinkText writes a think time as people say it.
func thinkText(t load.Think) string {
	switch {
	case t.Max == 0:
		return "none"
	case t.Min == t.Max:
		return formatSpan(t.Min)
	case t.Min == 0:
		return "0 – " + formatSpan(t.Max)
	default:
		return formatSpan(t.Min) + " – " + formatSpan(t.Max)
	}
}

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
