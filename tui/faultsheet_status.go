package tui

import (
	"strconv"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
)

// status is the one question, or what stands against it.
func (f *faultDialog) status(s *scene, fault *session.FaultState) (string, grid.Style) {
	st := s.styles
	switch {
	case f.note != "":
		return "! " + f.note, st.accent
	case f.asking:
		return f.question(), st.accent
	case f.sent:
		return "◐ asked for; no answer yet", st.accent
	case f.stage == working && fault.Detail != "":
		return "◐ " + fault.State.String() + ": " + fault.Detail, st.accent
	case f.stage == working:
		return "◐ " + fault.State.String(), st.accent
	case f.stage == stuck:
		return "Squall goes on trying only when asked. What is not reverted is told in the report, with these commands.", st.dim
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
func (f *faultDialog) question() string {
	if f.settles == event.Overwrite {
		return "Overwrite what somebody else has changed?"
	}
	return "Keep it as it is now, and forget how it was before?"
}

// offer is the question of an idle fault.
func (f *faultDialog) offer(s *scene, st *styles) (string, grid.Style) {
	if s.now.Status == session.Halted {
		return "■ blocked since the halt; press u to release", st.accent
	}
	if _, ok := f.form.params(); !ok {
		return "✗ correct the value marked ✗; nothing is injected until then", st.accent
	}
	switch q := f.plan; {
	case q == nil:
		return "Enter asks the target what would be hit", st.dim
	case !q.done:
		return "◐ checking what would be hit; nothing is changed", st.dim
	case q.err != nil:
		return "? the target could not be asked: nothing can be injected. Enter asks again.", st.accent
	case len(q.plan.Refused()) > 0:
		return "✗ refused: " + refusals(q.plan) + ". Enter checks again.", st.accent
	}
	text := "Enter injects it into " + s.now.Target + ": " + f.plan.plan.Scope
	if p := f.plan.plan.Params; p != "" {
		text += ", " + p
	}
	if !f.plan.plan.Momentary {
		text += "," + lasts(f.plan.params)
	}
	return text + "." + warnings(f.plan.plan.Checks), st.strong
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

// heldStatus says what Enter would change of an active fault.
func (f *faultDialog) heldStatus(fault *session.FaultState, st *styles) (string, grid.Style) {
	params, ok := f.form.params()
	if !ok {
		return "✗ correct the value marked ✗; nothing is changed until then", st.accent
	}
	if changes := f.changes(fault, params); len(changes) > 0 {
		return "Enter applies: " + strings.Join(changes, ", "), st.strong
	}
	return "● it is on. Change a value and press Enter, or revert it with Ctrl+R.", st.accent
}

// Keys are the keys that do something now.
func (f *faultDialog) Keys(s *scene) []hint {
	fault, _ := s.findFault(f.fault)
	if fault == nil {
		return nil
	}
	halt := hint{"x", "HALT"}
	switch {
	case f.naming:
		return []hint{{"Enter", "injects"}, {"Ctrl+X", "HALT"}, {"Esc", "back"}}
	case f.asking:
		return confirmationKeys("yes", "no")
	case f.form.typing:
		halt.key = "Ctrl+X"
		return []hint{{"Enter", "takes the value"}, {"Esc", "leaves it as it was"}, {"↑ ↓", "next"}, halt}
	case f.stage == stuck:
		all := []hint{{"t", "try again"}}
		if fault.Moved {
			all = append(all, hint{"o", "overwrite"})
		}
		return append(all, hint{"k", "keep as it is"}, halt, hint{"Esc", "close"})
	case f.stage == working && fault.State != chaos.Reverting:
		return []hint{{"Ctrl+R", "revert"}, halt, {"Esc", "close"}}
	case f.stage == working:
		return []hint{halt, {"Esc", "close"}}
	}
	all := []hint{{"↑ ↓", "pick"}}
	if r := f.form.row(); r != nil && r.Type == chaos.Choice {
		all = append(all, hint{"← →", "choose"})
	} else {
		all = append(all, hint{"0-9", "type"})
	}
	switch {
	case f.stage == held:
		all = append(all, hint{"Enter", "apply"}, hint{"Ctrl+R", "revert"})
	case s.now.Status == session.Halted:
		all = append(all, hint{"u", "release"})
	default:
		all = append(all, hint{"Enter", "inject"})
	}
	return append(all, hint{"Ctrl+D", "dry run"}, halt, hint{"Esc", "close"})
}
