package panel

import (
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Header answers the first questions: which platform, is it all right, what is being done to it.
type Header struct{ base }

// Title is empty: nothing stands above the header.
func (p *Header) Title() string { return "" }

// phaseRow is how a phase of life looks.
type phaseRow struct {
	sign, word string
	style      func(*theme.Styles) grid.Style
}

var phaseTable = map[session.Status]phaseRow{
	session.Running:  {"●", "RUNNING", func(s *theme.Styles) grid.Style { return s.BadgeGood }},
	session.Paused:   {"‖", "PAUSED", activeBadge},
	session.Halted:   {"■", "HALTED", func(s *theme.Styles) grid.Style { return s.BadgeBad }},
	session.Draining: {"◐", "DRAINING", activeBadge},
	session.Finished: {"○", "FINISHED", plainBadge},
	"":               {"○", "STARTING", plainBadge},
}

func plainBadge(s *theme.Styles) grid.Style  { return s.Badge }
func activeBadge(s *theme.Styles) grid.Style { return s.BadgeActive }

// Sync draws the header: two rows and the line of progress.
func (p *Header) Sync(s *view.State) {
	p.g.Clear()
	w, st := p.g.Width(), s.Styles
	x := p.g.Text(0, 0, w, "squall", st.Title)
	right := p.state(w, s)
	x = p.g.Text(x+2, 0, right-x-4, s.Now.Target, st.Strong) + x + 2
	if s.Now.Host != "" && s.Now.Host != s.Now.Target {
		p.g.Text(x+1, 0, right-x-3, "· "+s.Now.Host, st.Dim)
	}
	p.answers(w, s)
	p.progress(w, s)
}

// state writes phase and time at the right and returns the column where it begins.
func (p *Header) state(w int, s *view.State) int {
	row, known := phaseTable[s.Now.Status]
	if !known {
		row = phaseRow{"?", string(s.Now.Status), func(st *theme.Styles) grid.Style { return st.Badge }}
	}
	clock := units.Clock(s.Now.Elapsed)
	if s.Now.Duration > 0 {
		clock += " / " + units.Clock(s.Now.Duration)
	}
	badge := " " + row.sign + " " + row.word + " "
	x := w - grid.Width(clock)
	p.g.Text(x, 0, w, clock, s.Styles.Strong)
	left := ""
	if s.Now.Duration > 0 {
		left = units.Clock(s.Now.Duration-s.Now.Elapsed.Truncate(time.Second)) + " left "
	}
	if w >= 110 && left != "" {
		x -= grid.Width(left) + 1
		p.g.Text(x, 0, w, left, s.Styles.Dim)
	}
	x -= grid.Width(badge) + 2
	p.g.Text(x, 0, w, badge, row.style(s.Styles))
	if s.Now.Load.Settings.Hold && s.Now.Status == session.Running {
		x -= 7
		p.g.Text(x, 0, 6, " HOLD ", s.Styles.BadgeActive)
	}
	if s.Now.Load.Settings.Spike {
		text := " SPIKE " + units.Factor(s.Now.Load.Settings.SpikeFactor) + " "
		x -= grid.Width(text) + 1
		p.g.Text(x, 0, w, text, s.Styles.BadgeActive)
	}
	return p.faults(x, s)
}

// faults writes at the left of column x how many faults are on, and which word is red.
func (p *Header) faults(x int, s *view.State) int {
	count := CountFaults(s.Now.Faults)
	put := func(n int, text string, style grid.Style) {
		if n > 0 {
			x -= grid.Width(text) + 1
			p.g.Text(x, 0, grid.Width(text), text, style)
		}
	}
	put(count.On-count.stuck, " ● "+strings.ToUpper(FaultCount(count.On-count.stuck))+" ", s.Styles.BadgeActive)
	put(count.stuck, " ✗ NOT REVERTED ", s.Styles.BadgeBad)
	return x
}

// answers writes virtual users, request rate, error share and objectives.
func (p *Header) answers(w int, s *view.State) {
	st, now := s.Styles, s.SumRecent(metric.RecentWindows)
	x := 0
	put := func(text string, style grid.Style) { x += p.g.Text(x, 1, w-x, text, style) }
	if settings := s.Now.Load.Settings; settings.Open() {
		put("rate ", st.Dim)
		put(units.Rate(s.Now.Load.Rate), st.Strong)
		put("/s intended", st.Dim)
	} else {
		put("VUs ", st.Dim)
		put(units.Int(s.Now.Load.VUs), st.Strong)
		put(" of ", st.Dim)
		put(units.Int(s.Now.Load.WantedVUs), st.Strong)
	}
	x = 23 // the widest the field can be
	last := s.SumRecent(1)
	put(padLeft(units.Rate(last.PerSecond(last.Requests)), 7), st.Strong)
	put(" req/s", st.Dim)
	x += 3
	put("errors ", st.Dim)
	share, known := now.FailedShare()
	text, style := units.None, st.Strong
	if known {
		text = units.Percent(share)
	}
	sign := ""
	if v, found := view.FindFailed(s.LastSecond.Live); found {
		switch v.State {
		case slo.Pass:
			sign = " ✓"
		case slo.Fail:
			sign, style = " ✗", st.Bad
		}
		if v.State != slo.Unknown && v.Objective.Share() { // the number that was judged, as in the panel
			text = units.Percent(v.Value)
		}
	}
	put(text+sign, style)
	x = 23 + 13 + 3 + 7 + units.PercentWidth + 2
	p.tally(w, x+3, s)
}

// tally counts the objectives by their state at the right end.
func (p *Header) tally(w, left int, s *view.State) {
	var count [3]int
	for _, v := range s.Verdicts() {
		count[v.State]++
	}
	st := s.Styles
	if len(s.LastSecond.Live) == 0 {
		text := "no objectives"
		if !s.Began() {
			text = "waiting for the first second"
		}
		p.g.TextRight(w, 1, w-left, text, st.Dim)
		return
	}
	x := w
	put := func(text string, style grid.Style) {
		x -= grid.Width(text)
		if x >= left {
			p.g.Text(x, 1, w, text, style)
		}
	}
	put(strconv.Itoa(count[slo.Unknown])+" ?", st.Unknown)
	style := st.Dim
	if count[slo.Fail] > 0 {
		style = st.Bad
	}
	put(strconv.Itoa(count[slo.Fail])+" ✗  ", style)
	put(strconv.Itoa(count[slo.Pass])+" ✓  ", st.Good)
	put("objectives  ", st.Dim)
}

// progress draws the third row: how much of the run is over, or what is wrong with squall itself.
func (p *Header) progress(w int, s *view.State) {
	if text, style := banner(s); text != "" {
		p.g.Fill(0, 2, w, 1, ' ', style)
		p.g.Text(1, 2, w-2, text, style)
		return
	}
	done := 0
	if s.Now.Duration > 0 {
		share := min(float64(s.Now.Elapsed)/float64(s.Now.Duration), 1)
		done = int(share * float64(w))
	}
	for x := range w {
		switch {
		case x < done:
			p.g.Set(x, 2, '━', s.Styles.Progress)
		default:
			p.g.Set(x, 2, '─', s.Styles.Rule)
		}
	}
}

// banner is what an operator must know before believing the numbers, worst first.
func banner(s *view.State) (string, grid.Style) {
	health, on := s.LastSecond.Load.Health, CountFaults(s.Now.Faults).On
	switch {
	case s.Now.Failure != "":
		return "✗ squall itself: " + s.Now.Failure, s.Styles.BadgeBad
	case notRevertedHint(s) != "":
		return notRevertedHint(s), s.Styles.BadgeBad
	case s.Now.Status == session.Halted && on > 0:
		return "■ HALTED: reverting " + FaultCount(on) + "; spikes and faults blocked.", s.Styles.BadgeBad
	case s.Now.Status == session.Halted:
		return "■ HALTED, u releases: settings as at the start, spikes and faults blocked.", s.Styles.BadgeBad
	case s.AwayLately() > 0:
		return "! GENERATOR WAS AWAY for " + units.Duration(s.AwayLately().Round(10*time.Millisecond)) + ": squall or this machine stood still. Requests under way then are not measured.", s.Styles.BadgeActive
	case health.Saturated:
		return "! GENERATOR SATURATED: " + health.Reason + ". These numbers may be its fault, not the platform's.", s.Styles.BadgeActive
	case s.Now.Status == session.Draining && on > 0:
		return "◐ No new requests; reverting " + FaultCount(on) + ", then the report is written.", s.Styles.BadgeActive
	case s.Now.Status == session.Draining:
		return "◐ No new requests; waiting for " + units.Int(s.Now.Load.InFlight) + " in flight, then the report is written.", s.Styles.BadgeActive
	}
	return "", grid.Style{}
}

// spikeAge is how long the spike has been on.
func spikeAge(s *view.State) time.Duration {
	for i := len(s.Marks.Spans) - 1; i >= 0; i-- {
		if sp := s.Marks.Spans[i]; sp.Spike && sp.To < 0 {
			return max(s.Now.Elapsed-sp.From, 0)
		}
	}
	return 0
}

func padLeft(s string, w int) string {
	for n := grid.Width(s); n < w; n++ {
		s = " " + s
	}
	return s
}
