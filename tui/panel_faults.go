package tui

import (
	"strconv"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
)

// faultsPanel shows every fault with its key, state and clock: a row each, or one after the other
// where there are only a few rows.
type faultsPanel struct {
	sheet
	pods bool // also how autoscaled workloads move: where they have no chart
}

// flowRows is the height up to which faults share rows.
const flowRows = 3

// Title is the rule's word.
func (p *faultsPanel) Title() string { return "FAULTS" }

// Sync draws the faults.
func (p *faultsPanel) Sync(s *scene) {
	p.g.Clear()
	switch {
	case s.now.Started.IsZero():
		p.g.Text(0, 0, p.g.Width(), "not known yet", s.styles.dim)
	case len(s.now.Faults) == 0:
		p.g.Text(0, 0, p.g.Width(), "no faults: no Toxiproxy or Kubernetes configured", s.styles.dim)
		p.scaling(1, s)
	case p.g.Height() <= flowRows && p.g.Height() < len(s.now.Faults):
		p.flow(s)
	default:
		p.list(s)
	}
}

// list draws a row per fault, then what the busy ones hit.
func (p *faultsPanel) list(s *scene) {
	faults, h := s.now.Faults, p.g.Height()
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
		p.g.Text(4, y, p.g.Width()-4, "and "+strconv.Itoa(hidden)+" more, all off: F lists them", s.styles.dim)
		return
	}
	free := h - y
	if p.pods && free > 0 && len(s.now.Timeline.Workloads) > 0 {
		p.scaling(h-1, s)
		free--
	}
	for _, i := range telling(faults) {
		if free == 0 {
			return
		}
		p.note(y, i, s)
		y, free = y+1, free-1
	}
}

// row draws one fault: its key, its state, its name, its parameters, its clock.
func (p *faultsPanel) row(y, i, name int, s *scene) {
	f, st, w := &s.now.Faults[i], s.styles, p.g.Width()
	sign, look := st.fault(f.State)
	p.g.Text(0, y, 1, faultKeyName(i), st.strong)
	p.g.Text(2, y, 1, sign, look)
	title := st.text
	if f.State != chaos.Idle {
		title = look
	}
	p.g.Text(4, y, name, f.Info.Title, title)
	left := 4 + name + 2
	text, short, style := faultClock(f, s.clock, st)
	counts := findingsWidth(f)
	if counts > 0 {
		counts += 2
	}
	summary := faultSummary(f)
	if grid.Width(text)+counts+grid.Width(summary)+2 > w-left {
		text = short
	}
	right := w - p.g.TextRight(w, y, w-left, text, style)
	if right < w {
		right -= 2
	}
	if counts > 0 && right-counts >= left+min(grid.Width(summary), 24) {
		right -= drawFindings(&p.g, right, y, st, f) + 2
	}
	if room := right - left; room >= 5 {
		p.g.Text(left, y, room, summary, st.dim)
	}
}

// note says what a fault hits, and how far it is.
func (p *faultsPanel) note(y, i int, s *scene) {
	f, st := &s.now.Faults[i], s.styles
	text, style := faultKeyName(i)+" hits "+f.Scope, st.dim
	switch {
	case f.State == chaos.Stuck:
		text, style = faultKeyName(i)+" not reverted: "+f.Detail, st.bad
	case f.Detail != "": // of one that is off: why it was not injected
		text, style = faultKeyName(i)+" "+f.State.String()+": "+f.Detail, st.accent
		style.Attr = 0
	case f.State == chaos.Idle:
		text = faultKeyName(i) + " hit " + f.Scope
	}
	p.g.Text(4, y, p.g.Width()-4, text, style)
}

// scaling writes how the pods move.
func (p *faultsPanel) scaling(y int, s *scene) {
	if p.pods && len(s.now.Timeline.Workloads) > 0 {
		p.g.Text(4, y, p.g.Width()-4, scalingLine(s.now.Timeline.Workloads), s.styles.dim)
	}
}

// faultKeyName is the key of a fault; the later ones have none.
func faultKeyName(i int) string {
	if i < numFaultKeys {
		return strconv.Itoa(i + 1)
	}
	return " "
}

// faultSummary is a fault's parameters; before they are known, what it does.
func faultSummary(f *session.FaultState) string {
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

// busyFault tells whether something goes on with a fault that must not leave the screen.
func busyFault(f *session.FaultState) bool { return f.State != chaos.Idle || f.Recovery.Watching }

// telling lists the faults to say more about: stuck ones, then those that are on, else the last.
func telling(faults []session.FaultState) (list []int) {
	last := -1
	for i := range faults {
		if faults[i].State == chaos.Stuck {
			list = append(list, i)
		}
		if faults[i].Run > 0 && (last < 0 || faults[i].Run > faults[last].Run) {
			last = i
		}
	}
	for i := range faults {
		if f := &faults[i]; f.State != chaos.Stuck && (f.State != chaos.Idle && f.Scope != "" || f.Detail != "") {
			list = append(list, i)
		}
	}
	if len(list) == 0 && last >= 0 && faults[last].Scope != "" {
		list = append(list, last)
	}
	return list
}
