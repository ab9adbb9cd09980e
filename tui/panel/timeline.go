package panel

import (
	"slices"
	"strconv"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Timeline lists what happened, newest at the bottom.
type Timeline struct {
	base
	Whole bool // texts that are too long for a line take several
	Back  int  // entries scrolled back
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
	// From the bottom up; fewer lines than rows stand at the top.
	var entries []timelineEntry
	for rows := p.g.Height(); i >= 0 && rows > 0; {
		first := collapse(events, i)
		e := p.entry(events[i], i-first+1)
		if rows -= len(e.lines); rows < 0 && len(entries) > 0 {
			break
		}
		entries = append(entries, e)
		i = first - 1
	}
	y := 0
	for _, e := range slices.Backward(entries) {
		p.draw(y, s, e)
		y += len(e.lines)
	}
}

// timelineEntry is an event, or equal ones that follow each other, in lines.
type timelineEntry struct {
	event.Event
	lines []string
}

// wide is how much of the panel is used: on a very wide screen who did it stays near what was done.
func (p *Timeline) wide() int { return min(p.g.Width(), 120) }

// actorWidth is the room for who did it.
func actorWidth(e event.Event) int { return min(grid.Width(e.By.String()), 24) }

func (p *Timeline) entry(e event.Event, times int) timelineEntry {
	text := e.Text()
	if times > 1 {
		text += " (" + strconv.Itoa(times) + " changes)"
	}
	lines := []string{text}
	if p.Whole {
		lines = grid.Wrap(text, p.wide()-12-actorWidth(e)-2)
	}
	return timelineEntry{e, lines}
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

func (p *Timeline) draw(y int, s *view.State, e timelineEntry) {
	w, by, st := p.wide(), actorWidth(e.Event), s.Styles
	p.g.Text(0, y, 8, e.Time.In(s.Zone).Format("15:04:05"), st.Dim)
	look := e.Look()
	p.g.Set(10, y, look.Sign, st.Mark(look.Tone))
	p.g.TextRight(w, y, by, e.By.String(), st.Dim)
	style := st.Text
	if look.Tone == event.Bad {
		style = st.Bad
	}
	for i, line := range e.lines {
		p.g.Text(12, y+i, w-12-by-2, line, style)
	}
}
