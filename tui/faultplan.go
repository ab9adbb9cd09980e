package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
)

// checkLull is how long a form rests before what was typed is checked with the target.
const checkLull = 300 * time.Millisecond

// inquiry is a question to the target that may take seconds: a preflight or a dry run. It is known
// by its address, so that an answer to an older one is noticed and dropped.
type inquiry struct {
	params chaos.Params
	cancel context.CancelFunc // nil before it is asked

	done  bool
	plan  chaos.Plan
	tried []chaos.Check // of a dry run
	err   error
}

// stop ends the question; its answer will not be heard.
func (q *inquiry) stop() {
	if q != nil && q.cancel != nil {
		q.cancel()
	}
}

// dueMsg says that a form has rested long enough.
type dueMsg struct{ q *inquiry }

// answerMsg brings the target's answer.
type answerMsg struct {
	q     *inquiry
	plan  chaos.Plan
	tried []chaos.Check
	err   error
}

// check begins a preflight with the values of the form, after a lull. An older one is stopped.
func (f *faultSheet) check(m *Model, lull time.Duration) tea.Cmd {
	f.plan.stop()
	f.plan = nil
	f.dry.stop()
	f.dry = nil
	params, ok := f.form.params()
	if !ok {
		return nil
	}
	q := &inquiry{params: params}
	f.plan = q
	if lull > 0 {
		return tea.Tick(lull, func(time.Time) tea.Msg { return dueMsg{q} })
	}
	return f.ask(m, q)
}

// ask puts the preflight's question off the screen's goroutine.
func (f *faultSheet) ask(m *Model, q *inquiry) tea.Cmd {
	ctx, cancel := context.WithCancel(context.Background())
	q.cancel = cancel
	s, id := m.session, f.fault
	return guard(func() tea.Msg {
		defer cancel()
		plan, err := s.Preflight(ctx, id, q.params)
		return answerMsg{q: q, plan: plan, err: err}
	})
}

// try begins a dry run, unless one is on its way.
func (f *faultSheet) try(m *Model) tea.Cmd {
	params, ok := f.form.params()
	if !ok {
		return f.refuse("correct the value marked ✗ first")
	}
	if f.dry != nil && !f.dry.done {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	q := &inquiry{params: params, cancel: cancel}
	f.dry, f.note = q, ""
	f.show = sectionDry
	s, id := m.session, f.fault
	return guard(func() tea.Msg {
		defer cancel()
		plan, tried, err := s.DryRun(ctx, id, params)
		return answerMsg{q: q, plan: plan, tried: tried, err: err}
	})
}

// reach asks when the sheet is still open and nothing was typed since.
func (d dueMsg) reach(m *Model) tea.Cmd {
	if f, ok := m.mode.(*faultSheet); ok && f.plan == d.q {
		return f.ask(m, d.q)
	}
	return nil
}

// reach takes the answer into the sheet that asked.
func (a answerMsg) reach(m *Model) {
	f, ok := m.mode.(*faultSheet)
	if !ok || a.q != f.plan && a.q != f.dry {
		return
	}
	a.q.done, a.q.plan, a.q.tried, a.q.err = true, a.plan, a.tried, a.err
	if a.q == f.plan {
		f.note = "" // what Enter was waiting for has come
	}
	if a.err == nil {
		f.shown = &a.plan
	}
}

// known is the newest plan that the target has answered with, for what is on the form now.
func (f *faultSheet) known() (chaos.Plan, bool) {
	if f.plan != nil && f.plan.done && f.plan.err == nil {
		return f.plan.plan, true
	}
	return chaos.Plan{}, false
}
