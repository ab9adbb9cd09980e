package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/tui/grid"
)

// faultTally counts faults by what an operator must know. The channel spike is not among them: it is our
// own load, and the header has a word of its own for it.
type faultTally struct{ on, stuck int }

func countFaults(faults []session.FaultState) (t faultTally) {
	for i := range faults {
		if faults[i].On() && faults[i].Info.ID != session.SpikeFault {
			t.on++
		}
		if faults[i].State == chaos.Stuck {
			t.stuck++
		}
	}
	return t
}

// faultCount is a number of faults in words.
func faultCount(n int) string {
	if n == 1 {
		return "1 fault"
	}
	return strconv.Itoa(n) + " faults"
}

// leftBehind tells which fault could not be reverted, and which key helps; "" when none.
func leftBehind(s *scene) string {
	for i := range s.now.Faults {
		f := &s.now.Faults[i]
		if f.State == chaos.Stuck {
			key := "F"
			if i < numFaultKeys {
				key = strconv.Itoa(i + 1)
			}
			return "✗ NOT REVERTED: " + f.Info.Title + " could not be reverted. Press " + key + " for what to do."
		}
	}
	return ""
}

// look is the sign of a fault's state: a shape first, then a colour.
func (s *styles) fault(state chaos.State) (sign string, style grid.Style) {
	switch state {
	case chaos.Active:
		return "●", s.accent
	case chaos.Stuck:
		return "✗", s.bad
	case chaos.Idle:
		return "○", s.dim
	default:
		return "◐", s.accent
	}
}

// activeWord is the state in a sentence.
func activeWord(state chaos.State) string {
	if state == chaos.Reverting {
		return "being reverted"
	}
	return state.String()
}

// faultClock is what a fault does now and how long that takes, or what became of it. The short text
// is for narrow places.
func faultClock(f *session.FaultState, clock time.Time, st *styles) (text, short string, style grid.Style) {
	switch f.State {
	case chaos.Idle:
		return recoveryClock(f, clock, st)
	case chaos.Active:
		text = "active"
		if !f.Until.IsZero() {
			text = formatClock(f.Until.Sub(clock)+time.Second-1) + " left"
		}
		return text, text, st.accent
	case chaos.Stuck:
		return "✗ not reverted", "not reverted", st.bad
	default:
		return f.State.String(), f.State.String(), st.accent
	}
}

// recoveryClock is the time from the undo until objectives are green again.
func recoveryClock(f *session.FaultState, clock time.Time, st *styles) (text, short string, style grid.Style) {
	r := f.Recovery
	since := clock.Sub(f.Reverted)
	late := r.Goal > 0 && (r.Watching && since > r.Goal || r.Done && r.Took > r.Goal || !r.Watching && !r.Done)
	switch {
	case f.Run == 0 || f.Reverted.IsZero():
		return "", "", st.dim
	case r.Done && late:
		return "✗ recovered in " + formatElapsed(r.Took) + ", goal " + formatElapsed(r.Goal), "✗ " + formatElapsed(r.Took), st.bad
	case r.Done && r.Unbroken:
		return "✓ objectives stayed green", "✓ stayed green", st.good
	case r.Done && r.Took < time.Second:
		return "✓ recovered at once", "✓ at once", st.good
	case r.Done:
		return "✓ recovered in " + formatElapsed(r.Took), "✓ " + formatElapsed(r.Took), st.good
	case r.Reason != "" && !r.Watching:
		return "? recovery unknown: " + r.Reason, "? recovery", st.unknown
	case late && r.Watching:
		return "✗ not within " + formatElapsed(r.Goal) + ", " + formatClock(since) + " so far", "✗ " + formatClock(since), st.bad
	case late:
		return "✗ not within " + formatElapsed(r.Goal), "✗ not recovered", st.bad
	case r.Watching && r.Goal > 0:
		return "recovering " + formatClock(since) + " of " + formatClock(r.Goal), "recovering " + formatClock(since), st.accent
	case r.Watching:
		return "recovering " + formatClock(since), "recovering " + formatClock(since), st.accent
	}
	return "", "", st.dim
}

// formatElapsed writes a length of time in whole seconds: 14 s, 2 min, 2 min 20 s.
func formatElapsed(d time.Duration) string {
	d = d.Truncate(time.Second)
	if rest := d % time.Minute; d > time.Minute && d < time.Hour && rest > 0 {
		return formatSpan(d-rest) + " " + formatSpan(rest)
	}
	return formatSpan(d)
}

// findings counts the verdicts on what was expected; what is still watched has none yet.
func findings(f *session.FaultState) (passed, failed, unknown int) {
	for _, x := range f.Findings {
		switch x.Verdict {
		case event.ExpectationMet:
			passed++
		case event.ExpectationFailed:
			failed++
		case event.ExpectationUnknown:
			unknown++
		case event.ExpectationPending: // still watched
		}
	}
	return passed, failed, unknown
}

// judged tells whether any of what was expected is decided.
func judged(f *session.FaultState) bool {
	return slices.ContainsFunc(f.Findings, func(x event.Finding) bool { return x.Verdict != event.ExpectationPending })
}

// drawFindings writes "✓2 ✗0 ?2" so that it ends before right and returns its width.
func drawFindings(g *grid.Grid, right, y int, st *styles, f *session.FaultState) int {
	passed, failed, unknown := findings(f)
	if !judged(f) {
		return 0
	}
	bad := st.dim
	if failed > 0 {
		bad = st.accent
	}
	x := right
	for _, part := range []struct {
		text  string
		style grid.Style
	}{
		{"?" + strconv.Itoa(unknown), st.unknown},
		{"✗" + strconv.Itoa(failed) + " ", bad},
		{"✓" + strconv.Itoa(passed) + " ", st.good},
	} {
		x -= grid.Width(part.text)
		g.Text(x, y, grid.Width(part.text), part.text, part.style)
	}
	return right - x
}

// findingsWidth is the room that drawFindings takes.
func findingsWidth(f *session.FaultState) int {
	if !judged(f) {
		return 0
	}
	passed, failed, unknown := findings(f)
	return len(strconv.Itoa(passed)+strconv.Itoa(failed)+strconv.Itoa(unknown)) + 5
}

// verdict is how the verdict on an expectation looks.
func (s *styles) verdict(v event.ExpectationVerdict) (sign string, style grid.Style) {
	switch v {
	case event.ExpectationMet:
		return "✓", s.good
	case event.ExpectationFailed:
		return "✗", s.accent
	case event.ExpectationUnknown:
		return "?", s.unknown
	default:
		return "○", s.dim
	}
}

// scalingText says how the pods of a workload moved: "gateway 2→5 of 8 pods".
func scalingText(w timeline.Workload) string {
	text := w.Name
	if n := len(w.Points); n > 0 {
		first, last := w.Points[0].Ready, w.Points[n-1]
		text += " "
		if first != last.Ready {
			text += strconv.Itoa(first) + "→"
		}
		text += strconv.Itoa(last.Ready)
		if w.Max > 0 {
			text += " of " + strconv.Itoa(w.Max)
		}
		text += " pods"
		if last.Wanted != last.Ready {
			text += ", " + strconv.Itoa(last.Wanted) + " wanted"
		}
	}
	return text
}

// scalingLine says it of every workload.
func scalingLine(all []timeline.Workload) string {
	texts := make([]string, 0, len(all))
	for _, w := range all {
		texts = append(texts, scalingText(w))
	}
	return strings.Join(texts, " · ")
}

// firstWord stands for a title where it does not fit.
func firstWord(title string) string {
	word, _, _ := strings.Cut(title, " ")
	return word
}
