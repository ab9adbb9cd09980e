package tui

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/tui/grid"
)

// timelinePanel tells what happened, newest at the bottom.
type timelinePanel struct {
	sheet
	back int // lines scrolled back, in the full timeline
}

// Title is the rule's word.
func (p *timelinePanel) Title() string { return "TIMELINE" }

// Sync draws the last events that fit.
func (p *timelinePanel) Sync(s *scene) {
	p.g.Clear()
	events := s.now.Events
	if len(events) == 0 {
		p.g.Text(0, 0, p.g.Width(), "nothing has happened yet", s.styles.dim)
		return
	}
	i := len(events) - 1
	for skip := p.back; skip > 0 && i > 0; skip-- {
		first := collapse(events, i)
		i = first - 1
	}
	// From the bottom up; fewer events than rows stand at the top.
	var lines [][2]int
	for i >= 0 && len(lines) < p.g.Height() {
		first := collapse(events, i)
		lines = append(lines, [2]int{first, i})
		i = first - 1
	}
	for y := range lines {
		line := lines[len(lines)-1-y]
		p.line(y, s, line[0], line[1])
	}
}

// settings are the kinds of event that a held key makes many of.
func isSetting(k rundir.Kind) bool {
	switch k {
	case rundir.SetVUs, rundir.SetRate, rundir.SetThink, rundir.SetRamp, rundir.SetMix, rundir.SetFactor:
		return true
	}
	return false
}

// collapse finds the first of the equal changes that end at i: a held key is one line.
func collapse(events []rundir.Event, i int) int {
	first := i
	const pause = 5 * time.Second
	for first > 0 && isSetting(events[i].Kind) && events[first-1].Kind == events[i].Kind &&
		events[first-1].By == events[i].By && events[first].Time.Sub(events[first-1].Time) < pause {
		first--
	}
	return first
}

func (p *timelinePanel) line(y int, s *scene, first, last int) {
	// On a very wide screen who did it stays near what was done.
	w, st, e := min(p.g.Width(), 120), s.styles, s.now.Events[last]
	p.g.Text(0, y, 8, e.Time.In(s.zone).Format("15:04:05"), st.dim)
	look := markRow{sign: '·', ink: markCalm}
	if last < len(s.story.looks) {
		look = s.story.looks[last]
	}
	p.g.Set(10, y, look.sign, st.mark(look.ink))
	by := min(grid.Width(e.By), 14)
	p.g.TextRight(w, y, by, e.By, st.dim)
	text := e.Text
	if n := last - first + 1; n > 1 {
		text += " (" + strconv.Itoa(n) + " changes)"
	}
	style := st.text
	if look.ink == markBad {
		style = st.bad
	}
	p.g.Text(12, y, w-12-by-2, text, style)
}
