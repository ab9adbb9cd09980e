package panel

import (
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/chart"
	"xinbot.ir/squall/tui/view"
)

// Load shows what is being done to the platform.
type Load struct{ base }

// Title is the rule's word.
func (p *Load) Title() string { return "LOAD" }

// Sync draws the settings.
func (p *Load) Sync(s *view.State) {
	p.g.Clear()
	set := s.Now.Load.Settings
	if set.Open() {
		p.open(s)
	} else {
		p.closed(s, set)
	}
	p.spike(2, s, set)
	ramp := "at once"
	if set.Ramp > 0 {
		ramp = units.Duration(set.Ramp)
	}
	if set.Hold {
		ramp += ", held"
	}
	p.row(3, "ramp", ramp, s)
	p.row(4, "sent", units.CountShort(s.LastSecond.Load.Sent), s)
	if p.g.Height() > 5 {
		p.drawRequestRate(5, s)
	}
}

// loadLabel is the width of the names at the left.
const loadLabel = 8

func (p *Load) label(y int, text string, s *view.State) {
	p.g.Text(0, y, loadLabel-1, text, s.Styles.Dim)
}

func (p *Load) row(y int, name, value string, s *view.State) {
	p.label(y, name, s)
	p.g.Text(loadLabel, y, p.g.Width()-loadLabel, value, s.Styles.Text)
}

// closed shows virtual users achieved against intended, and their think time.
func (p *Load) closed(s *view.State, set load.Settings) {
	p.label(0, "VUs", s)
	p.level(0, s, float64(s.Now.Load.VUs), float64(s.Now.Load.WantedVUs), units.Int(s.Now.Load.VUs)+" of "+units.Int(s.Now.Load.WantedVUs))
	p.row(1, "think", set.Think.Text(), s)
}

// open shows the arrival rate achieved against intended, and what was missed.
func (p *Load) open(s *view.State) {
	w, now := p.g.Width(), s.SumRecent(1)
	got, want := now.PerSecond(now.Flows[load.Gateway.ID()]), s.LastSecond.Load.Rate
	p.label(0, "rate", s)
	p.level(0, s, got, want, units.Rate(got)+" of "+units.Rate(want)+"/s")
	p.label(1, "missed", s)
	style := s.Styles.Text
	if now.Missed > 0 {
		style = s.Styles.Accent
	}
	p.g.Text(loadLabel, 1, w-loadLabel, units.CountShort(s.LastSecond.Load.Missed)+" sends", style)
}

// level draws a number and a bar of achieved over intended.
func (p *Load) level(y int, s *view.State, got, want float64, text string) {
	w := p.g.Width()
	x := loadLabel + p.g.Text(loadLabel, y, w-loadLabel, text, s.Styles.Strong)
	at := max(x+1, 22)
	if want <= 0 || w-at < 5 {
		return
	}
	chart.HBar(&p.g, at, y, w-at, got/want, s.Styles.Progress, s.Styles.Rule)
}

func (p *Load) spike(y int, s *view.State, set load.Settings) {
	p.label(y, "spike", s)
	factor := units.Factor(set.SpikeFactor)
	if !set.Spike {
		p.g.Text(loadLabel, y, p.g.Width()-loadLabel, factor+" ○ off", s.Styles.Text)
		return
	}
	p.g.Text(loadLabel, y, p.g.Width()-loadLabel, factor+" ● ON "+units.Clock(spikeAge(s)), s.Styles.Accent)
}

// drawRequestRate draws the request rate over the charts' time range in the rows from y down.
func (p *Load) drawRequestRate(y int, s *view.State) {
	p.label(y, "req/s", s)
	w := p.g.Width() - loadLabel
	pl := chart.Plot{Grid: &p.g, X: loadLabel, Y: y, W: w, H: 1, Mono: s.Styles.Mono}
	count := s.History.Axis.Count
	for x := range min(w, count) {
		if c := s.History.At(count - 1 - x); c != nil {
			pl.Top = max(pl.Top, float64(c.Requests)/c.Seconds)
		}
	}
	for x := range min(w, count) {
		if c := s.History.At(count - 1 - x); c != nil {
			v := float64(c.Requests) / c.Seconds
			pl.Bar(min(w, count)-1-x, v, v, v, -1, trendInks)
		}
	}
}
