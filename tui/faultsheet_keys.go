package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// key gives a key to what is being typed or asked, else to the sheet.
func (f *faultSheet) key(m *Model, k tea.KeyMsg) tea.Cmd {
	fault, _ := m.findFault(f.fault)
	if fault == nil {
		m.open(nil)
		return nil
	}
	switch k.Type {
	case tea.KeyCtrlD:
		if f.stage == offered || f.stage == held {
			return f.try(m)
		}
		return nil
	case tea.KeyCtrlR:
		return f.takeBack(m, fault)
	}
	halts := k.String() == "x" || k.String() == "X"
	switch {
	case halts && !f.naming && !f.form.typing: // while typing x is a letter, and Ctrl+X halts
		return m.halt()
	case f.naming:
		return f.nameKey(m, fault, k)
	case f.asking:
		return f.answerKey(m, fault, k)
	case f.form.typing:
		return f.typeKey(m, k)
	}
	f.note = ""
	switch k.Type {
	case tea.KeyEsc:
		m.open(f.from)
		return nil
	case tea.KeyEnter:
		return f.enterKey(m, fault)
	case tea.KeyPgDown:
		f.scroll = min(f.scroll+max(f.page-2, 1), f.most)
		return nil
	case tea.KeyPgUp:
		f.scroll = max(min(f.scroll, f.most)-max(f.page-2, 1), 0)
		return nil
	}
	if f.stage == stuck {
		return f.stuckKey(m, fault, k)
	}
	return f.formKey(m, k)
}

// formKey picks a row or begins to change it.
func (f *faultSheet) formKey(m *Model, k tea.KeyMsg) tea.Cmd {
	if k.String() == "u" && m.scene.now.Status == session.Halted {
		return m.release()
	}
	switch k.Type {
	case tea.KeyUp, tea.KeyShiftTab:
		f.form.move(-1)
		f.show = sectionForm
	case tea.KeyDown, tea.KeyTab:
		f.form.move(+1)
		f.show = sectionForm
	case tea.KeyLeft:
		return f.choose(m, -1)
	case tea.KeyRight:
		return f.choose(m, +1)
	default:
		if starts, keep := f.form.begins(k); starts {
			f.show = sectionForm
			f.form.begin(k, keep)
			return f.check(m, m.lull)
		}
	}
	return nil
}

func (f *faultSheet) choose(m *Model, by int) tea.Cmd {
	f.show = sectionForm
	if !f.form.choose(by) {
		return nil
	}
	return f.check(m, m.lull)
}

// typeKey writes into a value. What was typed wrong stays, with what is accepted.
func (f *faultSheet) typeKey(m *Model, k tea.KeyMsg) tea.Cmd {
	f.note = ""
	switch k.Type {
	case tea.KeyEsc:
		f.form.undo()
		return f.check(m, m.lull)
	case tea.KeyEnter:
		f.form.accept()
		return nil
	case tea.KeyUp, tea.KeyDown, tea.KeyTab, tea.KeyShiftTab:
		if f.form.accept() {
			return f.formKey(m, k)
		}
		return nil
	}
	before := f.form.input.Value()
	f.form.write(k)
	if f.form.input.Value() == before {
		return nil
	}
	return f.check(m, m.lull)
}

// paste adds pasted text to what is being typed.
func (f *faultSheet) paste(k tea.KeyMsg) {
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
func (f *faultSheet) nameKey(m *Model, fault *session.FaultState, k tea.KeyMsg) tea.Cmd {
	f.note = ""
	switch k.Type {
	case tea.KeyEsc:
		f.naming = false
	case tea.KeyEnter:
		switch plan, ok := f.known(); {
		case f.name.Value() != m.scene.now.Target:
			f.note = "that is not the target's name"
		case f.sent || !ok || len(plan.Refused()) > 0:
			f.naming = false // checked again meanwhile
		default:
			f.naming = false
			return f.inject(m, fault, f.name.Value())
		}
	default:
		f.name, _ = f.name.Update(k)
	}
	return nil
}

// stuckKey decides on a fault that could not be reverted.
func (f *faultSheet) stuckKey(m *Model, fault *session.FaultState, k tea.KeyMsg) tea.Cmd {
	if f.sent {
		return nil
	}
	switch k.String() {
	case "t":
		return f.settle(m, fault, event.Retry)
	case "o":
		if !fault.Moved {
			return f.refuse("nobody else has changed it: press t to try again")
		}
		f.asking, f.settles = true, event.Overwrite
	case "k":
		f.asking, f.settles = true, event.Abandon
	}
	return nil
}

// answerKey takes the answer to a question; Enter is none.
func (f *faultSheet) answerKey(m *Model, fault *session.FaultState, k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "y", "Y":
		return f.settle(m, fault, f.settles)
	case "n", "N", "esc":
		f.asking = false
	}
	return nil
}

// takeBack reverts what is on; on a fault that is off there is nothing to revert.
func (f *faultSheet) takeBack(m *Model, fault *session.FaultState) tea.Cmd {
	if f.stage != held && fault.State != chaos.Injecting && fault.State != chaos.Checking {
		return f.refuse("nothing to revert")
	}
	return m.revert(fault)
}
