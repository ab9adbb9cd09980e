package grid

import (
	"strconv"
	"unicode/utf8"
)

// Palette describes what the inks look like on one terminal. It is immutable once built.
type Palette struct {
	Fg, Bg []string      // SGR parameters per ink, such as "38;5;75"; "" leaves the colour alone
	Plain  bool          // no escape sequences at all: a terminal that knows none
	ASCII  map[rune]rune // what to write for a rune on a terminal without UTF-8; nil: everything as it is
}

// Encode writes the grid as ANSI text: rows separated by a newline, every row exactly as wide as
// the grid, every row ending with its styles reset. It appends to buf and returns it.
func (g *Grid) Encode(buf []byte, p *Palette) []byte {
	for y := range g.h {
		if y > 0 {
			buf = append(buf, '\n')
		}
		var now Style
		for _, c := range g.cells[y*g.w : (y+1)*g.w] {
			if c.Rune == rightHalf {
				if p.ASCII != nil {
					buf = append(buf, '?')
				}
				continue
			}
			if style := p.visible(c); p.differs(c, style, now) {
				buf = p.sgr(buf, style)
				now = style
			}
			buf = g.appendRune(buf, c.Rune, p)
		}
		if now != (Style{}) {
			buf = append(buf, "\x1b[0m"...)
		}
	}
	return buf
}

// visible drops what the terminal cannot show from a cell's style, so that cells that look the same
// need no sequence between them.
func (p *Palette) visible(c Cell) Style {
	s := c.Style
	if pick(p.Fg, s.Fg) == "" {
		s.Fg = 0
	}
	if pick(p.Bg, s.Bg) == "" {
		s.Bg = 0
	}
	return s
}

// differs reports whether a cell needs a sequence after what the terminal was last told.
func (p *Palette) differs(c Cell, style, now Style) bool {
	if p.Plain || style == now {
		return false
	}
	return !c.blank() || !style.sameGround(now)
}

// blank reports whether nothing of the cell's ink can be seen.
func (c Cell) blank() bool { return c.Rune == 0 || c.Rune == ' ' }

// sameGround reports whether a blank looks the same in both styles.
func (s Style) sameGround(other Style) bool {
	const drawn = Underline | Reverse
	return s.Bg == other.Bg && s.Attr&drawn == 0 && other.Attr&drawn == 0
}

func (g *Grid) appendRune(buf []byte, r rune, p *Palette) []byte {
	switch {
	case r == 0:
		return append(buf, ' ')
	case r < rightHalf:
		if p.ASCII != nil {
			return append(buf, '?')
		}
		return append(buf, g.clusters[-2-r]...)
	case r < utf8.RuneSelf || p.ASCII == nil:
		return utf8.AppendRune(buf, r)
	}
	if to, ok := p.ASCII[r]; ok {
		return utf8.AppendRune(buf, to)
	}
	return append(buf, '?')
}

// sgr writes the sequence that selects a style from any other.
func (p *Palette) sgr(buf []byte, s Style) []byte {
	buf = append(buf, "\x1b[0"...)
	for bit, code := range [...]int64{1, 2, 4, 7} {
		if s.Attr&(1<<bit) != 0 {
			buf = append(buf, ';')
			buf = strconv.AppendInt(buf, code, 10)
		}
	}
	for _, param := range [...]string{pick(p.Fg, s.Fg), pick(p.Bg, s.Bg)} {
		if param != "" {
			buf = append(buf, ';')
			buf = append(buf, param...)
		}
	}
	return append(buf, 'm')
}

func pick(params []string, ink Ink) string {
	if int(ink) < len(params) {
		return params[ink]
	}
	return ""
}
