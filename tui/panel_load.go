package tui

import (
	"strconv"

	"xinbot.ir/squall/load"
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
		p.open(s)
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
func (p *loadPanel) open(s *scene) {
	w, now := p.g.Width(), s.lately(1)
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
			pl.bar(min(w, count)-1-x, v, v, v, -1, barInks{inkTrend, inkTrend, inkTrend, inkTrend, inkTrend})
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
