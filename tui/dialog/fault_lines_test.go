package dialog

import (
	"strings"
	"testing"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/tui/theme"
)

func TestCommandsAreBrokenOnlyBetweenWords(t *testing.T) {
	const command = `kubectl -n xin-staging patch statefulset redis --type=merge -p '{"spec": {"replicas": 2}}' --request-timeout=10s`
	for w := 40; w < 140; w++ {
		l := &lineBuilder{st: new(theme.Styles), w: w}
		l.command(command)
		var joined strings.Builder
		for i, line := range l.all {
			text := line.texts[0].text
			if !line.open || i < len(l.all)-1 && !strings.HasSuffix(text, " \\") {
				t.Fatalf("at %d columns a line is %q", w, text)
			}
			joined.WriteString(strings.TrimSuffix(text, "\\"))
		}
		if joined.String() != command {
			t.Fatalf("at %d columns the shell would read %q", w, joined.String())
		}
	}
}

// A person who looks at a fault is told what came of it, once it is over.
func TestEffectOfAFault(t *testing.T) {
	f := session.FaultState{Effect: &event.EffectJudged{Effect: event.NoEffect, Tolerance: 0.05, Before: 30, During: 30, Judged: []string{"Gateway"}}}
	for state, want := range map[chaos.State]string{
		chaos.Active: "",
		chaos.Idle:   "no effect seen: nothing that was measured moved by more than 5 % for certain, in 30 s of it against 30 s before (Gateway)",
	} {
		f.State = state
		l := &lineBuilder{st: new(theme.Styles), w: 200}
		l.expected(&f)
		said := ""
		for _, line := range l.all {
			for _, text := range line.texts {
				said += text.text + "|"
			}
		}
		if (said == "") != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%v: %q, want %q", state, said, want)
		}
	}
}
