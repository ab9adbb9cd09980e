package report

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// The summary fits the terminal, loses no word, and leaves the paths of the report whole.
func TestTerminalIsWrapped(t *testing.T) {
	run, err := Load(synthetic{seconds: 240}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	path := "/a/path that/must be/copied " + strings.Repeat("x", 100)
	whole := Terminal(run, path, 0)
	for _, columns := range []int{200, 120, 80, 60} {
		text := Terminal(run, path, columns)
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		for _, line := range lines[:len(lines)-2] {
			if n := ansi.StringWidth(line); n > columns && strings.ContainsRune(strings.TrimSpace(line), ' ') {
				t.Errorf("%d columns: a line of %d: %q", columns, n, line)
			}
		}
		if last := lines[len(lines)-2:]; last[0] != "  report  "+path || last[1] != "          /a/path that/must be/report.html" {
			t.Errorf("%d columns: the last lines are %q", columns, last)
		}
		if got, want := strings.Fields(text), strings.Fields(whole); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%d columns: the words are others", columns)
		}
	}
	if text := Terminal(run, "", 0); !strings.HasSuffix(text, "\n  report  not written\n") || strings.Contains(text, HTMLFile) {
		t.Errorf("without a report: %q", text)
	}
	if got, want := wrap("  ! give --accept mix\n", 14), "  ! give\n    --accept\n    mix\n"; got != want {
		t.Errorf("wrapped %q, want %q", got, want)
	}
	if got, want := wrap("  ! one two three\n", 14), "  ! one two\n    three\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
