package dialog

import (
	"strings"
	"testing"

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
