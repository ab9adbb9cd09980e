package panel

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// NumFaultKeys is how many faults have a key of their own, from 1 up.
const NumFaultKeys = 9

// FaultTally counts faults by what an operator must know. The channel spike is not among them: it is our
// own load, and the header has a word of its own for it.
type FaultTally struct{ On, stuck int }

// CountFaults counts the faults of a snapshot.
func CountFaults(faults []session.FaultState) (t FaultTally) {
	for i := range faults {
		if faults[i].On() && faults[i].Info.ID != session.SpikeFault {
			t.On++
		}
		if faults[i].State == chaos.NotReverted {
			t.stuck++
		}
	}
	return t
}

// FaultCount is a number of faults in words.
func FaultCount(n int) string {
	if n == 1 {
		return "1 fault"
	}
	return strconv.Itoa(n) + " faults"
}

// notRevertedHint names a fault that could not be reverted and the key to press; "" when there is none.
func notRevertedHint(s *view.State) string {
	for i := range s.Now.Faults {
		f := &s.Now.Faults[i]
		if f.State == chaos.NotReverted {
			key := "F"
			if i < NumFaultKeys {
				key = strconv.Itoa(i + 1)
			}
			return "✗ NOT REVERTED: " + f.Info.Title + " could not be reverted. Press " + key + " for what to do."
		}
	}
	return ""
}

// ActiveWord is the state in a sentence.
func ActiveWord(state chaos.State) string {
	if state == chaos.Reverting {
		return "being reverted"
	}
	return state.String()
}

// FaultClock is what a fault does now and how long that takes, or what became of it. The short text
// is for narrow places.
func FaultClock(f *session.FaultState, clock time.Time, st *theme.Styles) (text, short string, style grid.Style) {
	switch f.State {
	case chaos.Idle:
		return recoveryClock(f, clock, st)
	case chaos.Active:
		text = "active"
		if !f.Until.IsZero() {
			text = units.Clock(f.Until.Sub(clock)+time.Second-1) + " left"
		}
		return text, text, st.Accent
	case chaos.NotReverted:
		return "✗ not reverted", "not reverted", st.Bad
	default:
		return f.State.String(), f.State.String(), st.Accent
	}
}

// recoveryClock is the time from the undo until objectives are green again. A fault that changed nothing left nothing to
// recover from.
func recoveryClock(f *session.FaultState, clock time.Time, st *theme.Styles) (text, short string, style grid.Style) {
	r := f.Recovery
	since := clock.Sub(f.Reverted)
	late := r.Goal > 0 && (r.Watching && since > r.Goal || r.Done && r.Took > r.Goal || !r.Watching && !r.Done)
	switch {
	case f.Run == 0 || f.Reverted.IsZero():
		return "", "", st.Dim
	case f.Effect != nil && f.Effect.Effect == event.NoEffect:
		return "! no effect seen", "! no effect", st.Unknown
	case r.Done && late:
		return "✗ recovered in " + units.Duration(r.Took) + ", goal " + units.Duration(r.Goal), "✗ " + units.Duration(r.Took), st.Bad
	case r.Done:
		back := event.RecoveryAfter(r.Took, r.Unbroken)
		text = map[event.RecoveryKind]string{event.Unbroken: "", event.AtOnce: "recovered ", event.Measured: "recovered in "}[back.Kind] + back.String()
		short = map[event.RecoveryKind]string{event.Unbroken: "unbroken", event.AtOnce: "within 1 s", event.Measured: back.String()}[back.Kind]
		return "✓ " + text, "✓ " + short, st.Good
	case r.Reason != "" && !r.Watching:
		return "? recovery unknown: " + r.Reason, "? recovery", st.Unknown
	case late && r.Watching:
		return "✗ not within " + units.Duration(r.Goal) + ", " + units.Clock(since) + " so far", "✗ " + units.Clock(since), st.Bad
	case late:
		return "✗ not within " + units.Duration(r.Goal), "✗ not recovered", st.Bad
	case r.Watching && r.Goal > 0:
		return "recovering " + units.Clock(since) + " of " + units.Clock(r.Goal), "recovering " + units.Clock(since), st.Accent
	case r.Watching:
		return "recovering " + units.Clock(since), "recovering " + units.Clock(since), st.Accent
	}
	return "", "", st.Dim
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

// judged reports whether any of what was expected is decided.
func judged(f *session.FaultState) bool {
	return slices.ContainsFunc(f.Findings, func(x event.Finding) bool { return x.Verdict != event.ExpectationPending })
}

// DrawFindings writes "✓2 ✗0 ?2" so that it ends before right and returns its width.
func DrawFindings(g *grid.Grid, right, y int, st *theme.Styles, f *session.FaultState) int {
	passed, failed, unknown := findings(f)
	if !judged(f) {
		return 0
	}
	bad := st.Dim
	if failed > 0 {
		bad = st.Accent
	}
	x := right
	for _, part := range []struct {
		text  string
		style grid.Style
	}{
		{"?" + strconv.Itoa(unknown), st.Unknown},
		{"✗" + strconv.Itoa(failed) + " ", bad},
		{"✓" + strconv.Itoa(passed) + " ", st.Good},
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

// scalingText describes how the pods of a workload moved: "gateway 2→5 of 8 pods".
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

// scalingLine says it of every workload, with as much of the names as there is room for.
func scalingLine(all []timeline.Workload, width int) (line string) {
	longest := 0
	for _, w := range all {
		longest = min(width, max(longest, grid.Width(w.Name)))
	}
	for ; ; longest-- {
		texts := make([]string, 0, len(all))
		for _, w := range all {
			w.Name = tail(w.Name, longest)
			texts = append(texts, scalingText(w))
		}
		if line = strings.Join(texts, " · "); grid.Width(line) <= width || longest <= shortestName {
			return line
		}
	}
}

// shortestName is how much of a name is left in any case.
const shortestName = 6

// tail is the end of a name that is too long: names of workloads begin alike.
func tail(name string, width int) string {
	from, used := len(name), 0
	for from > 0 {
		letter, size := utf8.DecodeLastRuneInString(name[:from])
		if used += grid.Width(string(letter)); used > width-1 {
			break
		}
		from -= size
	}
	if from == 0 || grid.Width(name) <= width {
		return name
	}
	return "…" + name[from:]
}

// drawTrouble writes it at the right end of a width, boxed where there is room, and returns what it took.
func drawTrouble(t view.Outage, g *grid.Grid, right, y, width int, st *theme.Styles) int {
	text := " " + t.Text() + " "
	if grid.Width(text) > width {
		text = t.Text()
	}
	return g.TextRight(right, y, width, text, st.BadgeBad)
}
