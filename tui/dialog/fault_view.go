package dialog

import (
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/panel"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

const (
	sheetFoot  = 4   // rows below the lines: a rule, two of status, the keys
	sheetWide  = 104 // inner width from which the form and the plan stand beside each other
	sheetSpace = 4   // between them
)

// arrange settles after each message how tall the dialog is and what of it is in view.
func (f *Fault) arrange(s *view.State) {
	fault, _ := s.FindFault(f.fault)
	if fault == nil {
		return
	}
	left, right := f.columns(fault, s.Styles, f.inner(s))
	f.tall = max(f.tall, len(left), len(right), 14)
	f.page = max(min(f.tall+sheetFoot+2, s.Height-4)-2-sheetFoot, 0)
	f.most = max(max(len(left), len(right))-f.page, 0)
	f.scrollTo(left, right)
}

// inner is the dialog's width without its frame.
func (f *Fault) inner(s *view.State) int {
	if f.stage == stuck { // commands stand alone in their rows
		return s.Width - 6
	}
	return min(s.Width-2, 150) - 4
}

// View shows the dialog above the footer, with the header in view.
func (f *Fault) View(frame *grid.Grid, s *view.State) {
	fault, _ := s.FindFault(f.fault)
	if fault == nil {
		return
	}
	st, inner := s.Styles, f.inner(s)
	left, right := f.columns(fault, st, inner)
	x, y, w, h := bottomBox(frame, st, inner+4, f.page+sheetFoot+2, fault.Info.Title+", by "+f.driver(fault))
	defer setGround(frame, st, x-2, y, w+4, h)
	f.state(s, fault, frame, x+w, y-1)
	for row := range f.page {
		i := f.scroll + row
		if right == nil {
			f.line(frame, st, left, i, x, y+row, w)
			continue
		}
		half := sheetLeft(w)
		f.line(frame, st, left, i, x, y+row, half)
		f.line(frame, st, right, i, x+half+sheetSpace, y+row, w-half-sheetSpace)
	}
	f.foot(s, fault, frame, x, y+f.page, w)
}

// driver is the name of what carries the fault out: that of the last plan, where more than one could.
func (f *Fault) driver(fault *session.FaultState) string {
	if f.lastPlan != nil && f.lastPlan.Driver != "" {
		return f.lastPlan.Driver
	}
	return fault.Info.Driver
}

// sheetLeft is the width of the form beside the plan.
func sheetLeft(w int) int { return (w - sheetSpace) * 11 / 20 }

// columns are the sheet's lines: one column, or two where there is room; right is nil for one.
func (f *Fault) columns(fault *session.FaultState, st *theme.Styles, w int) (left, right []dialogLine) {
	if f.stage == stuck {
		l := &lineBuilder{st: st, w: w}
		f.stuckLines(l, fault)
		l.expected(fault)
		return l.all, nil
	}
	two := w >= sheetWide
	l := &lineBuilder{st: st, w: w}
	if two {
		l.w = sheetLeft(w)
	}
	r := l
	l.wrapped(placedText{}, 0, fault.Info.Summary, st.Dim)
	if f.stage == offered && fault.Detail != "" { // why it was not injected
		l.wrapped(placedText{0, "!", st.Accent}, 2, fault.Detail, st.Accent)
	}
	l.form(&f.form)
	if two {
		r = &lineBuilder{st: st, w: w - sheetSpace - l.w}
		l.expected(fault)
	}
	f.preflightLines(r, fault)
	f.dryRunLines(r)
	if !two {
		l.expected(fault)
		return l.all, nil
	}
	return l.all, r.all
}

// preflightLines writes what the target said about the plan.
func (f *Fault) preflightLines(l *lineBuilder, fault *session.FaultState) {
	more := ""
	switch {
	case f.plan == nil:
		more = "with the values before"
	case !f.plan.done && f.lastPlan != nil:
		more = "checking again…"
	case !f.plan.done:
		more = "checking…"
	}
	if f.plan == nil && f.lastPlan == nil {
		if fault.Scope != "" {
			l.heading("What it hits", "")
			l.wrapped(placedText{}, 2, fault.Scope, l.st.Text)
		}
		return
	}
	l.heading("What it hits", more)
	if f.plan != nil && f.plan.err != nil {
		l.wrapped(placedText{0, "?", l.st.Accent}, 2, f.plan.err.Error(), l.st.Accent)
		return
	}
	if f.lastPlan == nil {
		return
	}
	name := 0
	for _, fact := range f.lastPlan.Facts {
		name = max(name, grid.Width(fact.Name))
	}
	name = min(name, 20) + 2
	for _, fact := range f.lastPlan.Facts {
		l.wrapped(placedText{2, fact.Name, l.st.Dim}, 2+name, fact.Text, l.st.Text)
	}
	if len(f.lastPlan.Checks) > 0 {
		l.heading("Checks", "")
		l.checks(f.lastPlan.Checks)
	}
}

// dryRunLines writes what a dry run found, and the commands that a person would type for the same.
func (f *Fault) dryRunLines(l *lineBuilder) {
	if f.dry == nil {
		return
	}
	more := "nothing was changed"
	if !f.dry.done {
		more = "asking…"
	}
	l.heading("Dry run", more)
	l.all[len(l.all)-1].section = sectionDry
	if f.dry.err != nil {
		l.wrapped(placedText{0, "?", l.st.Accent}, 2, f.dry.err.Error(), l.st.Accent)
	}
	l.checks(f.dry.checks)
	for _, step := range f.dry.plan.Steps {
		if step.Command != "" {
			l.wrapped(placedText{0, "$", l.st.Dim}, 2, step.Command, l.st.Dim)
		}
	}
}

// stuckLines writes why a fault could not be reverted and what a person can run.
func (f *Fault) stuckLines(l *lineBuilder, fault *session.FaultState) {
	l.wrapped(placedText{0, "✗", l.st.Bad}, 2, fault.Info.Title+" could not be reverted. "+fault.Detail, l.st.Text)
	if fault.Conflict {
		l.wrapped(placedText{0, "!", l.st.Accent}, 2, "Somebody else has changed it since: putting it back would overwrite that.", l.st.Text)
	}
	if len(fault.Remedies) > 0 {
		l.heading("By hand", "from a shell with the same rights")
		for _, remedy := range fault.Remedies {
			l.command(remedy)
		}
	}
}

// scrollTo scrolls to what a key asked to see.
func (f *Fault) scrollTo(columns ...[]dialogLine) {
	if f.show != sectionNone {
		for _, column := range columns {
			for i, line := range column {
				if line.section != f.show {
					continue
				}
				if i < f.scroll || f.show == sectionDry {
					f.scroll = i
				} else if i >= f.scroll+f.page {
					f.scroll = i - f.page + 1
				}
			}
		}
		f.show = sectionNone
	}
	f.scroll = min(max(f.scroll, 0), f.most)
}

// line draws one line of a column.
func (f *Fault) line(frame *grid.Grid, st *theme.Styles, column []dialogLine, i, x, y, w int) {
	if i >= len(column) {
		return
	}
	at := column[i]
	for _, t := range at.texts {
		frame.Text(x+t.x, y, w-t.x, t.text, t.style)
	}
	if at.open {
		frame.Set(x-2, y, ' ', st.Sheet)
		frame.Set(x+w+1, y, ' ', st.Sheet)
	}
	if at.picked {
		pickRow(frame, x, y, w, st)
	}
	if at.input > 0 {
		room := min(max(w/4, 14), 24)
		frame.Fill(x+at.input, y, room, 1, ' ', st.Pick)
		drawInput(frame, x+at.input, y, room, f.form.input, st)
	}
}

// state writes the fault's state on the upper edge.
func (f *Fault) state(s *view.State, fault *session.FaultState, frame *grid.Grid, right, y int) {
	st := s.Styles
	sign, style := st.Fault(fault.State)
	text := fault.State.String()
	if clock, _, _ := panel.FaultClock(fault, s.Clock, st); fault.State == chaos.Active || fault.State == chaos.Idle && clock != "" {
		text += ", " + clock
	}
	text = " " + sign + " " + text + " "
	frame.TextRight(right, y, grid.Width(text), text, style.On(st.Sheet.Bg))
}

// foot draws the rule, the one question or what stands against it, and the keys.
func (f *Fault) foot(s *view.State, fault *session.FaultState, frame *grid.Grid, x, y, w int) {
	st := s.Styles
	frame.Fill(x, y, w, 1, '─', st.Rule)
	if below := f.most - f.scroll; below > 0 {
		frame.TextRight(x+w, y, w, " PgDn: "+strconv.Itoa(below)+" more ↓ ", st.Dim)
	} else if f.scroll > 0 {
		frame.TextRight(x+w, y, w, " PgUp: "+strconv.Itoa(f.scroll)+" above ↑ ", st.Dim)
	}
	if f.naming {
		f.nameRow(s, frame, x, y+1, w)
	} else {
		text, style := f.status(s, fault)
		drawWrapped(frame, x, y+1, w, 2, text, style)
	}
	drawHints(frame, x, y+3, w, st, f.Keys(s))
}

// nameRow asks for a protected target's name.
func (f *Fault) nameRow(s *view.State, frame *grid.Grid, x, y, w int) {
	st := s.Styles
	text := "This target is protected. Type its name to inject: "
	n := frame.Text(x, y, w, text, st.Accent)
	drawInput(frame, x+n, y, w-n, f.name, st)
	note, style := "its name is "+s.Now.Target, st.Dim
	if f.note != "" {
		note, style = "✗ "+f.note+": "+s.Now.Target, st.Accent
	}
	frame.Text(x, y+1, w, note, style)
}

// lasts is how long a fault with these parameters would be on, in words.
func lasts(p chaos.Params) string {
	if d := p.Duration(chaos.TTL); d > 0 {
		return " for " + units.Duration(d.Truncate(time.Second))
	}
	return ""
}

// refusals describes what forbids a plan.
func refusals(plan chaos.Plan) string {
	refused := plan.Refused()
	texts := make([]string, 0, len(refused))
	for _, c := range refused {
		texts = append(texts, c.String())
	}
	return strings.Join(texts, "; ")
}
