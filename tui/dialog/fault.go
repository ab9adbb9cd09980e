package dialog

import (
	"context"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// Fault is one fault: what it would hit, its parameters, and the one question before it begins;
// while it is on, what can be changed; when it could not be reverted, what can be done.
type Fault struct {
	fault string // id
	from  Dialog // what Esc goes back to
	stage stage
	form  form

	target   planner       // whom to ask what it would hit
	debounce time.Duration // without a key before an edited form is checked again
	plan     *pendingPlan  // the preflight of what is on the form; nil while that is wrong
	dry      *pendingPlan  // a dry run; nil: none was asked for
	lastPlan *chaos.Plan   // the last plan that came

	naming  bool // a protected target's name is being typed
	name    textinput.Model
	asking  bool // whether to settle, and how
	settles event.Decision
	sent    bool   // a command is on its way
	closes  bool   // it closes the dialog when it is carried out
	note    string // what a key could not do; "" nothing

	scroll int     // lines of the sheet above its first visible one
	show   section // to scroll to with the next frame
	tall   int     // lines the sheet has needed: it never shrinks
	page   int     // lines in view
	most   int     // lines that scrolling can pass
}

// stage is what a sheet is for: it follows the fault's state.
type stage uint8

const (
	offered stage = iota // idle: may be injected
	working              // on its way in or out
	held                 // active
	stuck
)

func stageOf(s chaos.State) stage {
	return [...]stage{
		chaos.Idle: offered, chaos.Checking: working, chaos.Injecting: working, chaos.Active: held,
		chaos.Reverting: working, chaos.NotReverted: stuck,
	}[s]
}

// planner asks the target what a fault would do, which may take seconds, and changes nothing.
type planner interface {
	Preflight(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error)
	DryRun(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, []chaos.Check, error)
}

// NewFault opens a fault and asks the target what it would hit. Esc goes back to from, nil for the
// screen.
func NewFault(fault *session.FaultState, from Dialog, target planner, lull time.Duration) (*Fault, tea.Cmd) {
	d := &Fault{fault: fault.Info.ID, from: from, target: target, debounce: lull, name: newInput(80)}
	return d, d.enter(fault)
}

// enter fits the sheet to the fault's state.
func (f *Fault) enter(fault *session.FaultState) tea.Cmd {
	f.stage = stageOf(fault.State)
	values := fault.Overrides
	if fault.On() && fault.Params != nil {
		values = fault.Params
	}
	f.form = newForm(fault.Info.Params, values)
	f.form.live, f.form.fixed = f.stage == held, f.stage == working || f.stage == stuck
	f.form.selectFirst()
	f.naming, f.asking, f.sent, f.note = false, false, false, ""
	if f.stage == offered || f.stage == held {
		return f.check(0)
	}
	f.Close()
	f.plan, f.dry = nil, nil
	return nil
}

// follow follows the fault into another state.
func (f *Fault) follow(fault *session.FaultState) tea.Cmd {
	if stageOf(fault.State) == f.stage {
		return nil
	}
	return f.enter(fault)
}

// Close stops what is being asked.
func (f *Fault) Close() {
	f.plan.stop()
	f.dry.stop()
}

// refuse returns why a key does nothing.
func (f *Fault) refuse(note string) tea.Cmd {
	f.note = note
	return nil
}

// enterKey is the one question, answered: it injects, applies what was changed, or asks again.
func (f *Fault) enterKey(c Console, fault *session.FaultState) tea.Cmd {
	params, ok := f.form.params()
	switch {
	case f.sent || f.stage == working || f.stage == stuck:
		return nil
	case !ok:
		f.form.picked = f.form.problem()
		return f.refuse("correct the value marked ✗ first")
	case f.stage == held:
		return f.adjust(c, fault, params)
	case c.State().Now.Status == session.Halted:
		return f.refuse("blocked since the halt; press u to release")
	case c.Ending():
		return f.refuse("the run is ending: nothing new is injected")
	case f.plan == nil || f.plan.done && (f.plan.err != nil || len(f.plan.plan.Refused()) > 0):
		return f.check(0) // the world may have changed
	case !f.plan.done:
		return f.refuse("not yet: the target has not answered")
	case c.State().Now.Protected:
		f.naming = true
		f.name.SetValue("")
		return nil
	}
	return f.inject(c, fault, "")
}

// inject sends the command. The sheet closes when it is accepted, and says why when it is not.
func (f *Fault) inject(c Console, fault *session.FaultState, confirm string) tea.Cmd {
	id, params := f.fault, f.plan.params
	f.sent, f.closes, f.note = true, true, ""
	return c.Send("injecting "+fault.Info.Title+": "+f.plan.plan.Scope, Request{
		Command: command.Inject{Fault: id, Params: params, Confirm: confirm}, From: f,
	})
}

// adjust sends what was changed of an active fault.
func (f *Fault) adjust(c Console, fault *session.FaultState, params chaos.Params) tea.Cmd {
	changes := f.changes(fault, params)
	if len(changes) == 0 {
		return f.refuse("nothing was changed")
	}
	id, live := f.fault, chaos.Params{}
	for _, r := range fault.Info.Params {
		if r.Live {
			live[r.Name] = params[r.Name]
		}
	}
	f.sent, f.note = true, ""
	return c.Send(fault.Info.Title+": "+strings.Join(changes, ", "), Request{Command: command.Adjust{Fault: id, Params: live}, From: f})
}

// changes describes what differs from the fault's present parameters.
func (f *Fault) changes(fault *session.FaultState, params chaos.Params) (texts []string) {
	for _, r := range fault.Info.Params {
		if now := fault.Params[r.Name]; r.Live && params[r.Name] != now {
			texts = append(texts, strings.ToLower(r.Label)+" "+now+" → "+params[r.Name])
		}
	}
	return texts
}

// decide sends a decision on a stuck fault.
func (f *Fault) decide(c Console, fault *session.FaultState, d event.Decision) tea.Cmd {
	id := f.fault
	f.asking, f.sent, f.note = false, true, ""
	echo := map[event.Decision]string{
		event.Retry: "trying again to revert ", event.Overwrite: "overwriting, to revert ", event.Abandon: "keeping as it is: ",
	}[d]
	return c.Send(echo+fault.Info.Title, Request{Command: command.Decide{Fault: id, Decision: d}, From: f})
}

// answered takes the session's answer to a command of this dialog, and reports whether to close.
func (f *Fault) answered(err error) (closes bool) {
	closes = f.closes && err == nil
	f.sent, f.closes = false, false
	if err != nil {
		f.note = err.Error()
	}
	return closes
}
