package grid

import (
	"slices"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two", 10, []string{"one two"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"onetwothree", 4, []string{"onet", "woth", "ree"}},
		{"a onetwothree", 4, []string{"a", "onet", "woth", "ree"}},
		{"one\ntwo", 10, []string{"one", "two"}},
		{"漢字漢字", 5, []string{"漢字", "漢字"}},
		{"x", 0, []string{"x"}},
	} {
		if got := Wrap(test.text, test.width); !slices.Equal(got, test.want) {
			t.Errorf("%q in %d cells: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// No line is wider than asked, and nothing but blanks and line breaks is lost.
func FuzzWrap(f *testing.F) {
	f.Add("one two three", 5)
	f.Add("漢字 x\n\n y", 1)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = 2 + (width%100+100)%100 // a wide character needs two cells
		lines := Wrap(text, width)
		for _, line := range lines {
			if Width(line) > width {
				t.Fatalf("%q is wider than %d", line, width)
			}
		}
		squeeze := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if squeeze(strings.Join(lines, "")) != squeeze(text) {
			t.Fatalf("%q became %q", text, lines)
		}
	})
}
