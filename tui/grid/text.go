package grid

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Ellipsis ends a text that was cut.
const Ellipsis = '…'

// Text writes s at x, y, cut with an ellipsis to at most width cells, and returns the number of
// cells it took. Control characters, escape sequences and direction overrides in s never reach the
// terminal: texts may come from the platform under test.
func (g *Grid) Text(x, y, width int, s string, style Style) int {
	width = min(width, g.w-x)
	if width <= 0 || y < 0 || y >= g.h {
		return 0
	}
	s = clean(s)
	used, lastAt := 0, x
	for s != "" {
		cluster, w := next(s)
		s = s[len(cluster):]
		if w == 0 {
			continue
		}
		if used+w > width {
			g.cut(x, y, used, width, lastAt, style)
			return min(used+1, width)
		}
		lastAt = x + used
		g.put(lastAt, y, cluster, w, style)
		used += w
	}
	return used
}

// cut puts an ellipsis where the text no longer fits.
func (g *Grid) cut(x, y, used, width, lastAt int, style Style) {
	if used < width {
		g.Set(x+used, y, Ellipsis, style)
		return
	}
	g.Set(lastAt, y, Ellipsis, style)
	for col := lastAt + 1; col < x+used; col++ {
		g.Set(col, y, ' ', style)
	}
}

// TextRight writes s so that it ends before column right, cut to at most width cells.
func (g *Grid) TextRight(right, y, width int, s string, style Style) int {
	w := min(Width(s), width)
	return g.Text(right-w, y, w, s, style)
}

// Width is the number of cells that Text needs for s.
func Width(s string) (n int) {
	s = clean(s)
	for s != "" {
		cluster, w := next(s)
		s = s[len(cluster):]
		n += w
	}
	return n
}

// clean takes out of a text what must not reach a terminal: bytes that are not UTF-8 and control
// characters become blanks, escape sequences and what steers the direction of text go. What is left
// is cut into characters as the terminal will cut it.
func clean(s string) string {
	if harmless(s) {
		return s
	}
	s = ansi.Strip(strings.ToValidUTF8(s, " "))
	return strings.Map(func(r rune) rune {
		switch {
		case hidden(r):
			return -1
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, s)
}

// harmless reports whether a text can be drawn as it is.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
		if s[i] >= utf8.RuneSelf {
			return utf8.ValidString(s[i:]) && !strings.ContainsFunc(s[i:], func(r rune) bool { return r < ' ' || r == 0x7f || hidden(r) })
		}
	}
	return true
}

// put writes one character of one or two cells.
func (g *Grid) put(x, y int, cluster string, w int, style Style) {
	r, size := utf8.DecodeRuneInString(cluster)
	if size < len(cluster) {
		r = g.keep(cluster)
	} else if !printable(r) {
		r = ' '
	}
	g.Set(x, y, r, style)
	if w == 2 {
		g.Set(x+1, y, 0, style)
		g.cells[y*g.w+x+1].Rune = rightHalf
	}
}

// next returns the first character of a clean text and how many cells it takes: 0, 1 or 2.
func next(s string) (cluster string, width int) {
	if s[0] < utf8.RuneSelf && !joins(s[1:]) {
		return s[:1], 1
	}
	r, size := utf8.DecodeRuneInString(s)
	if simple(r) && !joins(s[size:]) {
		return s[:size], 1
	}
	cluster, width = ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	// A letter takes marks along, but not a vowel that terminals give a cell of its own.
	if r < utf8.RuneSelf {
		if ansi.StringWidth(cluster[size:]) > 0 {
			cluster = s[:size]
		}
		return cluster, 1
	}
	if len(cluster) == size && !printable(r) {
		width = min(width, 1) // shown as a blank
	}
	return cluster, min(width, 2)
}

// simple reports whether a rune is one cell wide without looking it up: lines, blocks and Braille.
func simple(r rune) bool {
	return r >= 0x2500 && r < 0x25fd || r >= 0x2800 && r < 0x2900 || r == Ellipsis || r == '·' || r == '×'
}

// joins reports whether what follows could attach to the character before it.
func joins(rest string) bool {
	if rest == "" || rest[0] < 0x80 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !simple(r)
}

// hidden are the runes that steer a terminal or the direction of its text: C1 controls, and the
// bidirectional overrides that can make a line read as something else.
func hidden(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r == 0xad || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
		r == 0x200e || r == 0x200f || r == 0xfeff || r == 0x2028 || r == 0x2029
}

func printable(r rune) bool { return r != utf8.RuneError && (unicode.IsPrint(r) || r == ' ') }
