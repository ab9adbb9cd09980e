package dialog

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// Update takes a key, what the target or the session answered, or follows the fault.
func (f *Fault) Update(msg tea.Msg, c Console) (next Dialog, cmd tea.Cmd) {
	s := c.State()
	fault, _ := s.FindFault(f.fault)
	if fault == nil {
		return nil, nil
	}
	defer func() {
		if next == Dialog(f) {
			f.arrange(s)
		}
	}()
	switch msg := msg.(type) {
	case tea.KeyMsg:
		if msg.Paste {
			f.paste(msg)
			return f, nil
		}
		return f.key(c, fault, msg)
	case ShownMsg:
		return f, f.follow(fault)
	case checkDueMsg:
		return f, f.checkIfDue(msg)
	case planMsg:
		f.receive(msg)
	case AnsweredMsg:
		if f.answered(msg.Err) {
			return nil, nil
		}
	}
	return f, nil
}

// Typing is on while a value or the target's name is typed.
func (f *Fault) Typing() bool { return f.naming || f.form.typing }

// key gives a key to what is being typed or asked, else to the dialog.
func (f *Fault) key(c Console, fault *session.FaultState, k tea.KeyMsg) (Dialog, tea.Cmd) {
	switch k.Type {
	case tea.KeyCtrlD:
		if f.stage == offered || f.stage == held {
			return f, f.startDryRun()
		}
		return f, nil
	case tea.KeyCtrlR:
		return f, f.revert(c, fault)
	}
	switch {
	case f.naming:
		return f, f.nameKey(c, fault, k)
	case f.asking:
		return f, f.answerKey(c, fault, k)
	case f.form.typing:
		return f, f.typeKey(c, k)
	}
	f.note = ""
	switch k.Type {
	case tea.KeyEsc:
		return f.from, nil
	case tea.KeyEnter:
		return f, f.enterKey(c, fault)
	case tea.KeyPgDown:
		f.scroll = min(f.scroll+max(f.page-2, 1), f.most)
		return f, nil
	case tea.KeyPgUp:
		f.scroll = max(min(f.scroll, f.most)-max(f.page-2, 1), 0)
		return f, nil
	}
	if f.stage == stuck {
		return f, f.stuckKey(c, fault, k)
	}
	return f, f.formKey(c, k)
}

// formKey picks a row or begins to change it.
func (f *Fault) formKey(c Console, k tea.KeyMsg) tea.Cmd {
	if k.String() == "u" && c.State().Now.Status == session.Halted {
		return c.ReleaseHalt()
	}
	switch k.Type {
	case tea.KeyUp, tea.KeyShiftTab:
		f.form.move(-1)
		f.show = sectionForm
	case tea.KeyDown, tea.KeyTab:
		f.form.move(+1)
		f.show = sectionForm
	case tea.KeyLeft:
		return f.choose(-1)
	case tea.KeyRight:
		return f.choose(+1)
	default:
		if starts, keep := f.form.begins(k); starts {
			f.show = sectionForm
			f.form.begin(k, keep)
			return f.check(f.debounce)
		}
	}
	return nil
}

func (f *Fault) choose(by int) tea.Cmd {
	f.show = sectionForm
	if !f.form.choose(by) {
		return nil
	}
	return f.check(f.debounce)
}

// typeKey writes into a value. What was typed wrong stays, with what is accepted.
func (f *Fault) typeKey(c Console, k tea.KeyMsg) tea.Cmd {
	f.note = ""
	switch k.Type {
	case tea.KeyEsc:
		f.form.undo()
		return f.check(f.debounce)
	case tea.KeyEnter:
		f.form.accept()
		return nil
	case tea.KeyUp, tea.KeyDown, tea.KeyTab, tea.KeyShiftTab:
		if f.form.accept() {
			return f.formKey(c, k)
		}
		return nil
	}
	before := f.form.input.Value()
	f.form.write(k)
	if f.form.input.Value() == before {
		return nil
	}
	return f.check(f.debounce)
}

// paste adds pasted text to what is being typed.
func (f *Fault) paste(k tea.KeyMsg) {
	switch {
	case f.naming:
		f.name, _ = f.name.Update(k)
	case f.form.typing:
		f.form.write(k)
		f.plan.stop()
		f.plan = nil // Enter checks what was pasted before it injects
	}
}

// nameKey types a protected target's name.
func (f *Fault) nameKey(c Console, fault *session.FaultState, k tea.KeyMsg) tea.Cmd {
	f.note = ""
	switch k.Type {
	case tea.KeyEsc:
		f.naming = false
	case tea.KeyEnter:
		switch plan, ok := f.currentPlan(); {
		case f.name.Value() != c.State().Now.Target:
			f.note = "that is not the target's name"
		case f.sent || !ok || len(plan.Refused()) > 0:
			f.naming = false // checked again meanwhile
		default:
			f.naming = false
			return f.inject(c, fault, f.name.Value())
		}
	default:
		f.name, _ = f.name.Update(k)
	}
	return nil
}

// stuckKey decides on a fault that could not be reverted.
func (f *Fault) stuckKey(c Console, fault *session.FaultState, k tea.KeyMsg) tea.Cmd {
	if f.sent {
		return nil
	}
	switch k.String() {
	case "t":
		return f.decide(c, fault, event.Retry)
	case "o":
		if !fault.Conflict {
			return f.refuse("nobody else has changed it: press t to try again")
		}
		f.asking, f.settles = true, event.Overwrite
	case "k":
		f.asking, f.settles = true, event.Abandon
	}
	return nil
}

// answerKey takes the answer to a question.
func (f *Fault) answerKey(c Console, fault *session.FaultState, k tea.KeyMsg) tea.Cmd {
	switch confirmation(k) {
	case answerYes:
		return f.decide(c, fault, f.settles)
	case answerNo:
		f.asking = false
	case noAnswer:
	}
	return nil
}

// revert reverts what is on; on a fault that is off there is nothing to revert.
func (f *Fault) revert(c Console, fault *session.FaultState) tea.Cmd {
	if f.stage != held && fault.State != chaos.Injecting && fault.State != chaos.Checking {
		return f.refuse("nothing to revert")
	}
	return c.Revert(fault)
}
