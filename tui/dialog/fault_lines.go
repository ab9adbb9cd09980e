package dialog

import (
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
)

// section is a part of a sheet that a key brings into view.
type section uint8

const (
	sectionNone section = iota
	sectionForm
	sectionDry
)

// dialogLine is one line of a sheet, before it is known whether it is in view.
type dialogLine struct {
	texts   []placedText
	section section // what begins here, or is picked here
	picked  bool
	input   int  // column of the value that is being typed; 0: none
	open    bool // without edges at its sides, so that a command can be copied with the mouse
}

// placedText is a styled text at a column.
type placedText struct {
	x     int
	text  string
	style grid.Style
}

// lineBuilder builds a sheet's lines for a width.
type lineBuilder struct {
	st  *theme.Styles
	w   int
	all []dialogLine
}

func (l *lineBuilder) add(texts ...placedText) { l.all = append(l.all, dialogLine{texts: texts}) }

// heading begins a part of the sheet, after a blank line.
func (l *lineBuilder) heading(text, more string) {
	if len(l.all) > 0 {
		l.add()
	}
	l.add(placedText{0, text, l.st.Accent}, placedText{grid.Width(text) + 2, more, l.st.Dim})
}

// wrapped writes a text from column x over as many lines as it needs; lead stands before the first.
func (l *lineBuilder) wrapped(lead placedText, x int, text string, style grid.Style) {
	for i, part := range grid.Wrap(text, l.w-x) {
		if i == 0 && lead.text != "" {
			l.add(lead, placedText{x, part, style})
			continue
		}
		l.add(placedText{x, part, style})
	}
}

// command writes a command so that it can be copied: broken only between words, each line but the last
// ended as a shell wants it.
func (l *lineBuilder) command(text string) {
	words := shellWords(text)
	now := ""
	put := func(part string) {
		l.all = append(l.all, dialogLine{texts: []placedText{{0, part, l.st.Strong}}, open: true})
	}
	for _, word := range words {
		if now != "" && grid.Width(now)+1+grid.Width(word) > l.w-2 {
			put(now + " \\")
			now = word
			continue
		}
		if now != "" {
			now += " "
		}
		now += word
	}
	for _, part := range grid.Wrap(now, l.w) { // a single word may be longer than a line
		put(part)
	}
}

// shellWords splits a command at the blanks that are outside of quotes.
func shellWords(text string) (words []string) {
	var word strings.Builder
	quote := rune(0)
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && r == ' ':
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
			continue
		}
		word.WriteRune(r)
	}
	if word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

// form writes a line per parameter that matters.
func (l *lineBuilder) form(f *form) {
	label := 0
	for _, r := range f.rows {
		label = max(label, grid.Width(r.Label))
	}
	label = min(label, 20) + 2
	value := min(max(l.w/4, 14), 24)
	for i, r := range f.rows {
		if !r.Applies(f.values) {
			continue
		}
		at := dialogLine{picked: i == f.picked && f.row() != nil}
		look := l.st.Strong
		if !f.editable(i) {
			look = l.st.Dim
		}
		if at.picked {
			at.section = sectionForm
		}
		x := 2 + label
		at.texts = append(at.texts, placedText{2, r.Label, l.st.Text})
		hint := x + max(value, grid.Width(f.values[r.Name]+unitText(r))+1) + 1
		cut := grid.Width(r.Help) > l.w-hint
		if !cut || !at.picked {
			at.texts = append(at.texts, placedText{hint, r.Help, l.st.Dim})
		}
		switch {
		case at.picked && f.typing:
			at.input = x
		case at.picked && r.Type == chaos.Choice:
			at.texts = append(at.texts, placedText{x, "← " + f.values[r.Name] + " →", look})
		default:
			at.texts = append(at.texts, placedText{x, f.values[r.Name] + unitText(r), look})
		}
		l.all = append(l.all, at)
		if cut && at.picked {
			l.wrapped(placedText{}, x, r.Help, l.st.Dim)
		}
		if !f.accepts(i) {
			l.wrapped(placedText{x, "✗", l.st.Accent}, x+2, "must be "+r.Accepts(), l.st.Accent)
		}
	}
}

func unitText(r chaos.Param) string {
	switch {
	case r.Type == chaos.Percent:
		return " %"
	case r.Unit != "":
		return " " + r.Unit
	}
	return ""
}

// checks writes conditions with their answers, the gravest first.
func (l *lineBuilder) checks(all []chaos.Check) {
	for _, answer := range [...]event.Answer{chaos.Refuses, chaos.Warns, chaos.Passes} {
		sign, style := l.st.Answer(answer)
		reason := style
		reason.Attr = 0
		for _, c := range all {
			if c.Answer != answer {
				continue
			}
			l.wrapped(placedText{0, sign, style}, 2, c.Text, l.st.Text)
			if c.Reason != "" {
				l.wrapped(placedText{}, 4, c.Reason, reason)
			}
		}
	}
}

// expected writes whether the last injection had an effect, and what the platform should do, with the verdicts there are.
func (l *lineBuilder) expected(fault *session.FaultState) {
	l.effect(fault)
	all := fault.Findings
	more := "of its last injection"
	if fault.On() {
		more = "of this injection, so far"
	}
	if len(all) == 0 {
		more = ""
		for _, e := range fault.Info.Expect {
			all = append(all, event.Finding{Text: e.Text})
		}
	}
	if len(all) == 0 {
		return
	}
	l.heading("Expected", more)
	for _, x := range all {
		sign, style := l.st.Verdict(x.Verdict)
		l.wrapped(placedText{0, sign, style}, 2, x.Text, l.st.Text)
		if x.Reason != "" {
			l.wrapped(placedText{}, 4, x.Reason, l.st.Dim)
		}
	}
}

// effect writes whether the last injection changed anything that is measured.
func (l *lineBuilder) effect(fault *session.FaultState) {
	if fault.Effect == nil || fault.On() {
		return
	}
	verdict := map[event.Effect]event.ExpectationVerdict{event.EffectSeen: event.ExpectationMet}[fault.Effect.Effect]
	if verdict == event.ExpectationPending {
		verdict = event.ExpectationUnknown
	}
	sign, style := l.st.Verdict(verdict)
	l.heading("Effect", "of its last injection, against the time before it")
	l.wrapped(placedText{0, sign, style}, 2, fault.Effect.Explain(), l.st.Text)
}
