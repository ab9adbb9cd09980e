package theme

import (
	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/tui/grid"
)

// Mark is how a moment looks on the axis.
func (s *Styles) Mark(tone event.Tone) grid.Style {
	return [...]grid.Style{event.Notable: s.Accent, event.Bad: s.Bad, event.Good: s.Good, event.Quiet: s.Dim}[tone]
}

// Fault is the sign of a fault's state: a shape first, then a colour.
func (s *Styles) Fault(state chaos.State) (sign string, style grid.Style) {
	switch state {
	case chaos.Active:
		return "●", s.Accent
	case chaos.NotReverted:
		return "✗", s.Bad
	case chaos.Idle:
		return "○", s.Dim
	default:
		return "◐", s.Accent
	}
}

// Verdict is how the verdict on an expectation looks.
func (s *Styles) Verdict(v event.ExpectationVerdict) (sign string, style grid.Style) {
	switch v {
	case event.ExpectationMet:
		return "✓", s.Good
	case event.ExpectationFailed:
		return "✗", s.Accent
	case event.ExpectationUnknown:
		return "?", s.Unknown
	default:
		return "○", s.Dim
	}
}

// Answer is how the answer of a check looks.
func (s *Styles) Answer(a event.Answer) (sign string, style grid.Style) {
	switch a {
	case chaos.Passes:
		return "✓", s.Good
	case chaos.Warns:
		return "!", s.Accent
	default:
		return "✗", s.Accent
	}
}

// Objective is how an objective's state looks: a sign and a word, and then a colour.
func (s *Styles) Objective(state slo.State) (grid.Style, string) {
	switch state {
	case slo.Pass:
		return s.Good, "✓ pass"
	case slo.Fail:
		return s.Bad, "✗ fail"
	default:
		return s.Unknown, "? unknown"
	}
}
