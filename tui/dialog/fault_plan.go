package dialog

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
)

// CheckDebounce is how long a form rests before what was typed is checked with the target.
const CheckDebounce = 300 * time.Millisecond

// pendingPlan is a question to the target that may take seconds: a preflight or a dry run. It is known
// by its address, so that an answer to an older one is noticed and dropped.
type pendingPlan struct {
	params chaos.Params
	cancel context.CancelFunc // nil before it is asked

	done   bool
	plan   chaos.Plan
	checks []chaos.Check // of a dry run
	err    error
}

// stop ends the question; its answer will not be heard.
func (q *pendingPlan) stop() {
	if q != nil && q.cancel != nil {
		q.cancel()
	}
}

// checkDueMsg means that a form has rested long enough.
type checkDueMsg struct{ q *pendingPlan }

// planMsg carries the target's answer.
type planMsg struct {
	q     *pendingPlan
	plan  chaos.Plan
	tried []chaos.Check
	err   error
}

// check begins a preflight with the values of the form, after a lull. An older one is stopped.
func (f *Fault) check(lull time.Duration) tea.Cmd {
	f.plan.stop()
	f.plan = nil
	f.dry.stop()
	f.dry = nil
	params, ok := f.form.params()
	if !ok {
		return nil
	}
	q := &pendingPlan{params: params}
	f.plan = q
	if lull > 0 {
		return tea.Tick(lull, func(time.Time) tea.Msg { return checkDueMsg{q} })
	}
	return f.ask(q)
}

// ask puts the preflight's question off the screen's goroutine.
func (f *Fault) ask(q *pendingPlan) tea.Cmd {
	ctx, cancel := context.WithCancel(context.Background())
	q.cancel = cancel
	target, id := f.target, f.fault
	return func() tea.Msg {
		defer cancel()
		plan, err := target.Preflight(ctx, id, q.params)
		return planMsg{q: q, plan: plan, err: err}
	}
}

// startDryRun begins a dry run, unless one is on its way.
func (f *Fault) startDryRun() tea.Cmd {
	params, ok := f.form.params()
	if !ok {
		return f.refuse("correct the value marked ✗ first")
	}
	if f.dry != nil && !f.dry.done {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	q := &pendingPlan{params: params, cancel: cancel}
	f.dry, f.note = q, ""
	f.show = sectionDry
	target, id := f.target, f.fault
	return func() tea.Msg {
		defer cancel()
		plan, tried, err := target.DryRun(ctx, id, params)
		return planMsg{q: q, plan: plan, tried: tried, err: err}
	}
}

// checkIfDue asks the target when nothing was typed since.
func (f *Fault) checkIfDue(d checkDueMsg) tea.Cmd {
	if f.plan != d.q {
		return nil
	}
	return f.ask(d.q)
}

// receive takes the target's answer, unless it is to an older question.
func (f *Fault) receive(a planMsg) {
	if a.q != f.plan && a.q != f.dry {
		return
	}
	a.q.done, a.q.plan, a.q.checks, a.q.err = true, a.plan, a.tried, a.err
	if a.q == f.plan {
		f.note = "" // what Enter was waiting for has come
	} else {
		f.show = sectionDry // its lines have come
	}
	if a.err == nil {
		f.lastPlan = &a.plan
	}
}

// currentPlan is the newest plan that the target has answered with, for what is on the form now.
func (f *Fault) currentPlan() (chaos.Plan, bool) {
	if f.plan != nil && f.plan.done && f.plan.err == nil {
		return f.plan.plan, true
	}
	return chaos.Plan{}, false
}
