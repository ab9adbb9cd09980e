package grid

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func render(g *Grid) string { return string(g.Encode(nil, &Palette{Plain: true})) }

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, text string
		width      int
		want       string
	}{
		{"fits", "squall", 8, "squall  "},
		{"exactly", "squallsq", 8, "squallsq"},
		{"cut", "squall console", 8, "squall …"},
		{"one cell", "squall", 1, "…       "},
		{"control characters", "a\tb\nc", 8, "a b c   "},
		{"escape sequence", "\x1b[31mred\x1b[0m", 8, "red     "},
		{"title sequence", "\x1b]0;owned\x07ok", 8, "ok      "},
		{"direction override", "a\u202eb", 8, "ab      "},
		{"invalid bytes", "a\xffb", 8, "a b     "},
		{"wide", "日本", 8, "日本    "},
		{"wide cut", "日本語日本", 8, "日本語… "},
		{"combining", "e\u0301te\u0301", 8, "e\u0301te\u0301     "},
		{"blocks", "▁▂█⠒…×", 8, "▁▂█⠒…×  "},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := New(8, 1)
			g.Text(0, 0, c.width, c.text, Style{})
			if got := render(g); got != c.want {
				t.Errorf("Text(%q, width %d) drew %q, want %q", c.text, c.width, got, c.want)
			}
		})
	}
}

func TestTextRight(t *testing.T) {
	g := New(8, 1)
	g.TextRight(8, 0, 8, "82 ms", Style{})
	if got, want := render(g), "   82 ms"; got != want {
		t.Errorf("drew %q, want %q", got, want)
	}
}

func TestOverwritingHalfOfAWideCharacterLeavesABlank(t *testing.T) {
	g := New(6, 1)
	g.Text(0, 0, 6, "日本語", Style{})
	g.Set(1, 0, 'x', Style{})
	g.Set(4, 0, 'y', Style{})
	if got, want := render(g), " x本y "; got != want {
		t.Errorf("drew %q, want %q", got, want)
	}
}

func TestBlitCutsAtItsEdges(t *testing.T) {
	small := New(4, 2)
	small.Text(0, 0, 4, "日本", Style{})
	small.Text(0, 1, 4, "e\u0301abc", Style{})
	for _, c := range []struct {
		x    int
		want string
	}{
		{0, "日本..\ne\u0301abc.."},
		{-1, " 本...\nabc..."},
		{3, "...日 \n...e\u0301ab"},
		{9, "......\n......"},
	} {
		g := New(6, 2)
		g.Fill(0, 0, 6, 2, '.', Style{})
		g.Blit(c.x, 0, small)
		if got := render(g); got != c.want {
			t.Errorf("at column %d: drew %q, want %q", c.x, got, c.want)
		}
	}
}

func TestEncodeChangesStyleOnlyWhereItShows(t *testing.T) {
	g := New(6, 1)
	g.Text(0, 0, 2, "ab", Style{Fg: 1})
	g.Set(2, 0, ' ', Style{Fg: 2})
	g.Text(3, 0, 1, "c", Style{Fg: 1})
	g.Text(4, 0, 1, "d", Style{Bg: 2, Attr: Bold})
	p := &Palette{Fg: []string{"", "38;5;75", "32"}, Bg: []string{"", "", "42"}}
	want := "\x1b[0;38;5;75mab c\x1b[0;1;42md\x1b[0m "
	if got := string(g.Encode(nil, p)); got != want {
		t.Errorf("encoded %q, want %q", got, want)
	}
}

func TestEncodeWithoutUTF8(t *testing.T) {
	g := New(6, 1)
	g.Text(0, 0, 6, "█日é", Style{})
	p := &Palette{Plain: true, ASCII: map[rune]rune{'█': '#'}}
	if got, want := string(g.Encode(nil, p)), "#???  "; got != want {
		t.Errorf("encoded %q, want %q", got, want)
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	g := New(200, 60)
	for y := range 60 {
		g.Text(0, y, 200, strings.Repeat("squall ▁▂█ ", 20), Style{Fg: Ink(y % 3)})
	}
	p := &Palette{Fg: []string{"", "31", "32"}}
	buf := g.Encode(nil, p)
	if n := testing.AllocsPerRun(10, func() { buf = g.Encode(buf[:0], p) }); n != 0 {
		t.Errorf("encoding a frame allocates %v times", n)
	}
}

// FuzzText draws any text into any width: the row always has its width and no escape sequence of
// the text survives.
func FuzzText(f *testing.F) {
	for _, s := range []string{"squall", "日本語", "\x1b[31m", "e\u0301", "👩‍👩‍👧‍👦", "سلام\u200cها", "\xff\xfe", "a\u202e\u0000b", "🇮🇷x", "👧\u200d\x1b👦", "0\u0eb3"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = min(max(width, 0), 40)
		g := New(20, 1)
		used := g.Text(0, 0, width, s, Style{})
		if used > min(width, 20) {
			t.Fatalf("Text(%q, %d) used %d cells", s, width, used)
		}
		got := render(g)
		if strings.ContainsAny(got, "\x1b\n\r\a") {
			t.Fatalf("Text(%q) let a control character through: %q", s, got)
		}
		if !utf8.ValidString(got) {
			t.Fatalf("Text(%q) drew invalid text %q", s, got)
		}
		if w := ansi.StringWidth(got); w != 20 {
			t.Fatalf("Text(%q, %d) drew a row of %d cells: %q", s, width, w, got)
		}
	})
}
