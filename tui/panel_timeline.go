package tui

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/event"
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
	events := s.story.events
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

// collapse finds the first of the equal changes that end at i: a held key is one line.
func collapse(events []event.Event, i int) int {
	first := i
	const pause = 5 * time.Second
	for first > 0 && events[i].Setting() && events[first-1].Kind() == events[i].Kind() &&
		events[first-1].By == events[i].By && events[first].Time.Sub(events[first-1].Time) < pause {
		first--
	}
	return first
}

func (p *timelinePanel) line(y int, s *scene, first, last int) {
	// On a very wide screen who did it stays near what was done.
	w, st, e := min(p.g.Width(), 120), s.styles, s.story.events[last]
	p.g.Text(0, y, 8, e.Time.In(s.zone).Format("15:04:05"), st.dim)
	look := e.Look()
	p.g.Set(10, y, look.Sign, st.mark(look.Tone))
	by := min(grid.Width(e.By.String()), 24)
	p.g.TextRight(w, y, by, e.By.String(), st.dim)
	text := e.Text()
	if n := last - first + 1; n > 1 {
		text += " (" + strconv.Itoa(n) + " changes)"
	}
	style := st.text
	if look.Tone == event.Bad {
		style = st.bad
	}
	p.g.Text(12, y, w-12-by-2, text, style)
}
