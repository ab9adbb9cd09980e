package panel

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Timeline lists what happened, newest at the bottom.
type Timeline struct {
	base
	Back int // lines scrolled back, in the full timeline
}

// Title is the rule's word.
func (p *Timeline) Title() string { return "TIMELINE" }

// Sync draws the last events that fit.
func (p *Timeline) Sync(s *view.State) {
	p.g.Clear()
	events := s.Marks.Events
	if len(events) == 0 {
		p.g.Text(0, 0, p.g.Width(), "nothing has happened yet", s.Styles.Dim)
		return
	}
	i := len(events) - 1
	for skip := p.Back; skip > 0 && i > 0; skip-- {
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

func (p *Timeline) line(y int, s *view.State, first, last int) {
	// On a very wide screen who did it stays near what was done.
	w, st, e := min(p.g.Width(), 120), s.Styles, s.Marks.Events[last]
	p.g.Text(0, y, 8, e.Time.In(s.Zone).Format("15:04:05"), st.Dim)
	look := e.Look()
	p.g.Set(10, y, look.Sign, st.Mark(look.Tone))
	by := min(grid.Width(e.By.String()), 24)
	p.g.TextRight(w, y, by, e.By.String(), st.Dim)
	text := e.Text()
	if n := last - first + 1; n > 1 {
		text += " (" + strconv.Itoa(n) + " changes)"
	}
	style := st.Text
	if look.Tone == event.Bad {
		style = st.Bad
	}
	p.g.Text(12, y, w-12-by-2, text, style)
}
