package printable

import (
	"strings"
	"testing"
	"unicode"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"statefulset xin-staging/redis": "statefulset xin-staging/redis",
		"é ✓ 漢":                         "é ✓ 漢",
		"\x1b]0;x\x07":                  `\x1b]0;x\a`,
		"a\r\nFORGED":                   `a\r\nFORGED`,
		"\u202eevil":                    `\u202eevil`,
		"\u009b2J":                      `\u009b2J`,
		"\xff":                          `\xff`,
		"می\u200cخواهم":                 "می\u200cخواهم",
		"\ufffd":                        "\ufffd",
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
	if got := Lines("a\n\tb\x1b"); got != "a\n\tb\\x1b" {
		t.Errorf("Lines: %q", got)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b[2J\r\n\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		line := Line(text)
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) && r != '\u200c' && r != '\u200d' }) {
			t.Errorf("%q became %q", text, line)
		}
		if Line(line) != line {
			t.Errorf("%q is escaped twice", line)
		}
		var b strings.Builder
		if n, err := (Writer{&b}).Write([]byte(text)); n != len(text) || err != nil || b.String() != Lines(text) {
			t.Errorf("Write: %d, %v, %q", n, err, b.String())
		}
	})
}

func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		`=HYPERLINK("http://x")`: `'=HYPERLINK("http://x")`, "+1": "'+1", "-a": "'-a", "@SUM(A1)": "'@SUM(A1)",
		"": "", `{a="="}`: `{a="="}`, "a-b": "a-b", "\t=1": `\t=1`, "'quoted'": "'quoted'",
	} {
		if got := Cell(text); got != want || Uncell(got) != Line(text) {
			t.Errorf("Cell(%q) = %q, want %q; back it is %q", text, got, want, Uncell(got))
		}
	}
}
