package panel

import (
	"slices"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/view"
)

// Expectations shows what each fault was expected to bring about, and the verdicts as they fall.
type Expectations struct{ base }

// Title is the rule's word.
func (p *Expectations) Title() string { return "EXPECTATIONS" }

// Sync draws the newest injection first.
func (p *Expectations) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	faults := slices.DeleteFunc(slices.Clone(s.Now.Faults), func(f session.FaultState) bool { return len(f.Findings) == 0 })
	slices.SortStableFunc(faults, func(a, b session.FaultState) int { return b.Run - a.Run })
	if len(faults) == 0 {
		p.g.Text(0, 0, w, "none: no fault was injected yet", st.Dim)
	}
	y := 0
	for _, f := range faults {
		for _, x := range f.Findings {
			if y >= h {
				return
			}
			sign, style := st.Verdict(x.Verdict)
			word := expectationWords[x.Verdict]
			p.g.Text(0, y, 1, sign, style)
			right := w - p.g.TextRight(w, y, len(word), word, style)
			n := 2 + p.g.Text(2, y, right-3, x.Text, st.Text)
			if x.Reason != "" && right-n > 12 {
				p.g.Text(n+1, y, right-n-2, "· "+x.Reason, st.Dim)
			}
			y++
		}
	}
}

// expectationWords are the verdicts in words.
var expectationWords = map[event.ExpectationVerdict]string{
	event.ExpectationMet: "met", event.ExpectationFailed: "not met", event.ExpectationUnknown: "unknown", event.ExpectationPending: "waiting",
}
