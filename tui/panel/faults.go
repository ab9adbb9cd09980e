package panel

import (
	"strconv"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/view"
)

// Faults shows every fault with its key, state and clock: a row each, or one after the other
// where there are only a few rows.
type Faults struct {
	base
	Pods bool // also how autoscaled workloads move: where they have no chart
}

// flowRows is the height up to which faults share rows.
const flowRows = 3

// Title is the rule's word.
func (p *Faults) Title() string { return "FAULTS" }

// Sync draws the faults.
func (p *Faults) Sync(s *view.State) {
	p.g.Clear()
	switch {
	case s.Now.Started.IsZero():
		p.g.Text(0, 0, p.g.Width(), "not known yet", s.Styles.Dim)
	case len(s.Now.Faults) == 0:
		p.g.Text(0, 0, p.g.Width(), "no faults: no Toxiproxy or Kubernetes configured", s.Styles.Dim)
		p.scaling(1, s)
	case p.g.Height() <= flowRows && p.g.Height() < len(s.Now.Faults):
		p.flow(s)
	default:
		p.list(s)
	}
}

// list draws a row per fault, then what the busy ones hit.
func (p *Faults) list(s *view.State) {
	faults, h := s.Now.Faults, p.g.Height()
	shown := chooseFaults(faults, h)
	name := 0
	for _, i := range shown {
		name = max(name, grid.Width(faults[i].Info.Title))
	}
	name = min(name, p.g.Width()*2/5)
	y := 0
	for _, i := range shown {
		p.row(y, i, name, s)
		y++
	}
	if hidden := len(faults) - len(shown); hidden > 0 {
		p.g.Text(4, y, p.g.Width()-4, "and "+strconv.Itoa(hidden)+" more, all off: F lists them", s.Styles.Dim)
		return
	}
	free := h - y
	if p.Pods && free > 0 && len(s.Now.Timeline.Workloads) > 0 {
		p.scaling(h-1, s)
		free--
	}
	for _, i := range notable(faults) {
		if free == 0 {
			return
		}
		p.note(y, i, s)
		y, free = y+1, free-1
	}
}

// row draws one fault: its key, its state, its name, its parameters, its clock.
func (p *Faults) row(y, i, name int, s *view.State) {
	f, st, w := &s.Now.Faults[i], s.Styles, p.g.Width()
	sign, look := st.Fault(f.State)
	p.g.Text(0, y, 1, FaultKeyName(i), st.Strong)
	p.g.Text(2, y, 1, sign, look)
	title := st.Text
	if f.State != chaos.Idle {
		title = look
	}
	p.g.Text(4, y, name, f.Info.Title, title)
	left := 4 + name + 2
	text, short, style := FaultClock(f, s.Clock, st)
	counts := findingsWidth(f)
	if counts > 0 {
		counts += 2
	}
	summary := FaultSummary(f)
	if grid.Width(text)+counts+grid.Width(summary)+2 > w-left {
		text = short
	}
	right := w - p.g.TextRight(w, y, w-left, text, style)
	if right < w {
		right -= 2
	}
	if counts > 0 && right-counts >= left+min(grid.Width(summary), 24) {
		right -= DrawFindings(&p.g, right, y, st, f) + 2
	}
	if room := right - left; room >= 5 {
		p.g.Text(left, y, room, summary, st.Dim)
	}
}

// note describes what a fault hits, and how far it is.
func (p *Faults) note(y, i int, s *view.State) {
	f, st := &s.Now.Faults[i], s.Styles
	text, style := FaultKeyName(i)+" hits "+f.Scope, st.Dim
	switch {
	case f.State == chaos.NotReverted:
		text, style = FaultKeyName(i)+" not reverted: "+f.Detail, st.Bad
	case f.Detail != "": // of one that is off: why it was not injected
		text, style = FaultKeyName(i)+" "+f.State.String()+": "+f.Detail, st.Accent
		style.Attr = 0
	case f.State == chaos.Idle:
		text = FaultKeyName(i) + " hit " + f.Scope
	}
	p.g.Text(4, y, p.g.Width()-4, text, style)
}

// scaling writes how the pods move.
func (p *Faults) scaling(y int, s *view.State) {
	if p.Pods && len(s.Now.Timeline.Workloads) > 0 {
		p.g.Text(4, y, p.g.Width()-4, scalingLine(s.Now.Timeline.Workloads, p.g.Width()-4), s.Styles.Dim)
	}
}

// FaultKeyName is the key of a fault; the later ones have none.
func FaultKeyName(i int) string {
	if i < NumFaultKeys {
		return strconv.Itoa(i + 1)
	}
	return " "
}

// FaultSummary is a fault's parameters; before they are known, what it does.
func FaultSummary(f *session.FaultState) string {
	if f.Summary != "" {
		return f.Summary
	}
	return f.Info.Summary
}

// chooseFaults picks the faults that get a row: all, or those that are busy and then the first ones,
// leaving a row to say so.
func chooseFaults(faults []session.FaultState, rows int) (shown []int) {
	if len(faults) > rows {
		rows--
	}
	busy := 0
	for i := range faults {
		if busyFault(&faults[i]) {
			busy++
		}
	}
	calm := max(rows-busy, 0)
	for i := range faults {
		switch {
		case len(shown) == rows:
			return shown
		case busyFault(&faults[i]):
			shown = append(shown, i)
		case calm > 0:
			shown, calm = append(shown, i), calm-1
		}
	}
	return shown
}

// busyFault reports whether something goes on with a fault that must not leave the screen.
func busyFault(f *session.FaultState) bool { return f.State != chaos.Idle || f.Recovery.Watching }

// notable lists the faults to say more about: stuck ones, then those that are on, else the last.
func notable(faults []session.FaultState) (list []int) {
	last := -1
	for i := range faults {
		if faults[i].State == chaos.NotReverted {
			list = append(list, i)
		}
		if faults[i].Run > 0 && (last < 0 || faults[i].Run > faults[last].Run) {
			last = i
		}
	}
	for i := range faults {
		if f := &faults[i]; f.State != chaos.NotReverted && (f.State != chaos.Idle && f.Scope != "" || f.Detail != "") {
			list = append(list, i)
		}
	}
	if len(list) == 0 && last >= 0 && faults[last].Scope != "" {
		list = append(list, last)
	}
	return list
}
