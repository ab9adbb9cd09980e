package dialog

import (
	"strconv"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// status is the one question, or what stands against it.
func (f *Fault) status(s *view.State, fault *session.FaultState) (string, grid.Style) {
	st := s.Styles
	switch {
	case f.note != "":
		return "! " + f.note, st.Accent
	case f.asking:
		return f.question(), st.Accent
	case f.sent:
		return "◐ asked for; no answer yet", st.Accent
	case f.stage == working && fault.Detail != "":
		return "◐ " + fault.State.String() + ": " + fault.Detail, st.Accent
	case f.stage == working:
		return "◐ " + fault.State.String(), st.Accent
	case f.stage == stuck:
		return "squall tries again only when you ask. The report lists what is not reverted, with these commands.", st.Dim
	}
	text, style := f.offer(s, st)
	if f.stage == held {
		text, style = f.heldStatus(fault, st)
	}
	if does, found := strings.CutPrefix(text, "Enter "); found && f.form.typing {
		text = "Enter takes the value, a second Enter " + does
	}
	return text, style
}

// question asks once before somebody else's change is overwritten, or a record forgotten.
func (f *Fault) question() string {
	if f.settles == event.Overwrite {
		return "Overwrite what somebody else has changed?"
	}
	return "Keep it as it is now, and forget how it was before?"
}

// offer is the question of an idle fault.
func (f *Fault) offer(s *view.State, st *theme.Styles) (string, grid.Style) {
	if s.Now.Status == session.Halted {
		return "■ blocked since the halt; press u to release", st.Accent
	}
	if _, ok := f.form.params(); !ok {
		return "✗ correct the value marked ✗; nothing is injected until then", st.Accent
	}
	switch q := f.plan; {
	case q == nil:
		return "Enter asks the target what would be hit", st.Dim
	case !q.done:
		return "◐ checking what would be hit; nothing is changed", st.Dim
	case q.err != nil:
		return "? the target could not be asked: nothing can be injected. Enter asks again.", st.Accent
	case len(q.plan.Refused()) > 0:
		return "✗ refused: " + refusals(q.plan) + ". Enter checks again.", st.Accent
	}
	text := "Enter injects it into " + s.Now.Target + ": " + f.plan.plan.Scope
	if p := f.plan.plan.Params; p != "" {
		text += ", " + p
	}
	if !f.plan.plan.OneShot {
		text += "," + lasts(f.plan.params)
	}
	return text + "." + warnings(f.plan.plan.Checks), st.Strong
}

// warnings counts what a person should know, and says the first of it.
func warnings(checks []chaos.Check) string {
	n, first := 0, ""
	for _, c := range checks {
		if c.Answer != chaos.Warns {
			continue
		}
		if n++; n == 1 {
			first = c.Text
			if c.Reason != "" {
				first = c.Reason
			}
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return " ! " + first
	default:
		return " ! " + strconv.Itoa(n) + " warnings: " + first
	}
}

// heldStatus describes what Enter would change of an active fault.
func (f *Fault) heldStatus(fault *session.FaultState, st *theme.Styles) (string, grid.Style) {
	params, ok := f.form.params()
	if !ok {
		return "✗ correct the value marked ✗; nothing is changed until then", st.Accent
	}
	if changes := f.changes(fault, params); len(changes) > 0 {
		return "Enter applies: " + strings.Join(changes, ", "), st.Strong
	}
	return "● it is on. Change a value and press Enter, or revert it with Ctrl+R.", st.Accent
}

// Keys are the keys that do something now.
func (f *Fault) Keys(s *view.State) []Hint {
	fault, _ := s.FindFault(f.fault)
	if fault == nil {
		return nil
	}
	halt := Hint{"x", "HALT"}
	switch {
	case f.naming:
		return []Hint{{"Enter", "injects"}, {"Ctrl+X", "HALT"}, {"Esc", "back"}}
	case f.asking:
		return confirmationKeys("yes", "no")
	case f.form.typing:
		halt.Key = "Ctrl+X"
		return []Hint{{"Enter", "takes the value"}, {"Esc", "leaves it as it was"}, {"↑ ↓", "next"}, halt}
	case f.stage == stuck:
		all := []Hint{{"t", "try again"}}
		if fault.Conflict {
			all = append(all, Hint{"o", "overwrite"})
		}
		return append(all, Hint{"k", "keep as it is"}, halt, Hint{"Esc", "close"})
	case f.stage == working && fault.State != chaos.Reverting:
		return []Hint{{"Ctrl+R", "revert"}, halt, {"Esc", "close"}}
	case f.stage == working:
		return []Hint{halt, {"Esc", "close"}}
	}
	all := []Hint{{"↑ ↓", "pick"}}
	if r := f.form.row(); r != nil && r.Type == chaos.Choice {
		all = append(all, Hint{"← →", "choose"})
	} else {
		all = append(all, Hint{"0-9", "type"})
	}
	switch {
	case f.stage == held:
		all = append(all, Hint{"Enter", "apply"}, Hint{"Ctrl+R", "revert"})
	case s.Now.Status == session.Halted:
		all = append(all, Hint{"u", "release"})
	default:
		all = append(all, Hint{"Enter", "inject"})
	}
	return append(all, Hint{"Ctrl+D", "dry run"}, halt, Hint{"Esc", "close"})
}
