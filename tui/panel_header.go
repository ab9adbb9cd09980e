package tui

import (
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

// headerPanel answers the first questions: which platform, is it all right, what is being done to it.
type headerPanel struct{ sheet }

// Title is empty: nothing stands above the header.
func (p *headerPanel) Title() string { return "" }

// phaseRow is how a phase of life looks.
type phaseRow struct {
	sign, word string
	style      func(*styles) grid.Style
}

func phaseTable() map[session.Status]phaseRow {
	calm := func(s *styles) grid.Style { return s.badge }
	active := func(s *styles) grid.Style { return s.badgeActive }
	return map[session.Status]phaseRow{
		session.Running:  {"●", "RUNNING", func(s *styles) grid.Style { return s.badgeGood }},
		session.Paused:   {"‖", "PAUSED", active},
		session.Halted:   {"■", "HALTED", func(s *styles) grid.Style { return s.badgeBad }},
		session.Draining: {"◐", "DRAINING", active},
		session.Finished: {"○", "FINISHED", calm},
		"":               {"○", "STARTING", calm},
	}
}

// Sync draws the header: two rows and the line of progress.
func (p *headerPanel) Sync(s *scene) {
	p.g.Clear()
	w, st := p.g.Width(), s.styles
	x := p.g.Text(0, 0, w, "squall", st.title)
	right := p.state(w, s)
	x = p.g.Text(x+2, 0, right-x-4, s.now.Target, st.strong) + x + 2
	if s.now.Host != "" && s.now.Host != s.now.Target {
		p.g.Text(x+1, 0, right-x-3, "· "+s.now.Host, st.dim)
	}
	p.answers(w, s)
	p.progress(w, s)
}

// state writes phase and time at the right and returns the column where it begins.
func (p *headerPanel) state(w int, s *scene) int {
	row, known := phaseTable()[s.now.Status]
	if !known {
		row = phaseRow{"?", string(s.now.Status), func(st *styles) grid.Style { return st.badge }}
	}
	clock := formatClock(s.now.Elapsed)
	if s.now.Duration > 0 {
		clock += " / " + formatClock(s.now.Duration)
	}
	badge := " " + row.sign + " " + row.word + " "
	x := w - grid.Width(clock)
	p.g.Text(x, 0, w, clock, s.styles.strong)
	left := ""
	if s.now.Duration > 0 {
		left = formatClock(s.now.Duration-s.now.Elapsed.Truncate(time.Second)) + " left "
	}
	if w >= 110 && left != "" {
		x -= grid.Width(left) + 1
		p.g.Text(x, 0, w, left, s.styles.dim)
	}
	x -= grid.Width(badge) + 2
	p.g.Text(x, 0, w, badge, row.style(s.styles))
	if s.now.Load.Settings.Hold && s.now.Status == session.Running {
		x -= 7
		p.g.Text(x, 0, 6, " HOLD ", s.styles.badgeActive)
	}
	if s.now.Load.Settings.Spike {
		text := " SPIKE " + strconv.FormatFloat(s.now.Load.Settings.SpikeFactor, 'g', 3, 64) + "× "
		x -= grid.Width(text) + 1
		p.g.Text(x, 0, w, text, s.styles.badgeActive)
	}
	return p.faults(x, s)
}

// faults writes at the left of column x how many faults are on, and which word is red.
func (p *headerPanel) faults(x int, s *scene) int {
	count := countFaults(s.now.Faults)
	put := func(n int, text string, style grid.Style) {
		if n > 0 {
			x -= grid.Width(text) + 1
			p.g.Text(x, 0, grid.Width(text), text, style)
		}
	}
	put(count.on-count.stuck, " ● "+strings.ToUpper(faultCount(count.on-count.stuck))+" ", s.styles.badgeActive)
	put(count.stuck, " ✗ NOT REVERTED ", s.styles.badgeBad)
	return x
}

// answers writes virtual users, request rate, error share and objectives.
func (p *headerPanel) answers(w int, s *scene) {
	st, now := s.styles, s.lately(load.RecentWindows)
	x := 0
	put := func(text string, style grid.Style) { x += p.g.Text(x, 1, w-x, text, style) }
	if settings := s.now.Load.Settings; settings.Open() {
		put("rate ", st.dim)
		put(formatRate(s.now.Load.Rate), st.strong)
		put("/s intended", st.dim)
	} else {
		put("VUs ", st.dim)
		put(formatInt(s.now.Load.VUs), st.strong)
		put(" of ", st.dim)
		put(formatInt(s.now.Load.WantedVUs), st.strong)
	}
	x = 23 // the widest the field can be
	last := s.lately(1)
	put(padLeft(formatRate(last.perSecond(last.requests)), 7), st.strong)
	put(" req/s", st.dim)
	x += 3
	put("errors ", st.dim)
	share, known := now.failedShare()
	text, style := noValue, st.strong
	if known {
		text = formatPercent(share)
	}
	sign := ""
	if v, found := findFailed(s.calm.Live); found {
		switch v.State {
		case load.Pass:
			sign = " ✓"
		case load.Fail:
			sign, style = " ✗", st.bad
		}
		if v.State != load.Unknown && v.Objective.Share() { // the number that was judged, as in the panel
			text = formatPercent(v.Value)
		}
	}
	put(text+sign, style)
	x = 23 + 13 + 3 + 7 + percentWidth + 2
	p.tally(w, x+3, s)
}

// tally counts the objectives by their state at the right end.
func (p *headerPanel) tally(w, left int, s *scene) {
	var count [3]int
	for _, v := range s.calm.Live {
		count[v.State]++
	}
	st := s.styles
	if len(s.calm.Live) == 0 {
		text := "no objectives"
		if !s.began() {
			text = "waiting for the first second"
		}
		p.g.TextRight(w, 1, w-left, text, st.dim)
		return
	}
	x := w
	put := func(text string, style grid.Style) {
		x -= grid.Width(text)
		if x >= left {
			p.g.Text(x, 1, w, text, style)
		}
	}
	put(strconv.Itoa(count[load.Unknown])+" ?", st.unknown)
	style := st.dim
	if count[load.Fail] > 0 {
		style = st.bad
	}
	put(strconv.Itoa(count[load.Fail])+" ✗  ", style)
	put(strconv.Itoa(count[load.Pass])+" ✓  ", st.good)
	put("objectives  ", st.dim)
}

// progress draws the third row: how much of the run is over, or what is wrong with squall itself.
func (p *headerPanel) progress(w int, s *scene) {
	if text, style := banner(s); text != "" {
		p.g.Fill(0, 2, w, 1, ' ', style)
		p.g.Text(1, 2, w-2, text, style)
		return
	}
	done := 0
	if s.now.Duration > 0 {
		share := min(float64(s.now.Elapsed)/float64(s.now.Duration), 1)
		done = int(share * float64(w))
	}
	for x := range w {
		switch {
		case x < done:
			p.g.Set(x, 2, '━', s.styles.progress)
		default:
			p.g.Set(x, 2, '─', s.styles.rule)
		}
	}
}

// banner is what an operator must know before believing the numbers, worst first.
func banner(s *scene) (string, grid.Style) {
	health, on := s.calm.Load.Health, countFaults(s.now.Faults).on
	switch {
	case s.now.Failure != "":
		return "✗ squall itself: " + s.now.Failure, s.styles.badgeBad
	case leftBehind(s) != "":
		return leftBehind(s), s.styles.badgeBad
	case health.Saturated:
		return "! GENERATOR SATURATED: " + health.Reason + ". These numbers may be its fault, not the platform's.", s.styles.badgeActive
	case s.now.Status == session.Draining && on > 0:
		return "◐ No new requests; reverting " + faultCount(on) + ", then the report is written.", s.styles.badgeActive
	case s.now.Status == session.Halted && on > 0:
		return "■ HALTED: reverting " + faultCount(on) + "; spikes and faults blocked.", s.styles.badgeBad
	case s.now.Status == session.Draining:
		return "◐ No new requests; waiting for " + formatInt(s.now.Load.InFlight) + " in flight, then the report is written.", s.styles.badgeActive
	case s.now.Status == session.Halted:
		return "■ HALTED: as at the start; spikes and faults blocked. Press u to release.", s.styles.badgeBad
	}
	return "", grid.Style{}
}

// findFailed returns the verdict on the share of failed requests.
func findFailed(verdicts []load.Verdict) (load.Verdict, bool) {
	for _, v := range verdicts {
		if v.Objective.Metric == "http_req_failed" && v.Objective.Channel == "" {
			return v, true
		}
	}
	return load.Verdict{}, false
}

// spikeAge is how long the spike has been on.
func spikeAge(s *scene) time.Duration {
	for i := len(s.story.spans) - 1; i >= 0; i-- {
		if sp := s.story.spans[i]; sp.spike && sp.to < 0 {
			return max(s.now.Elapsed-sp.from, 0)
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
