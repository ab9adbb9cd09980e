package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// Sizes in pixels.
const (
	cellWidth  = 9
	cellHeight = 19
	fontSize   = 15
	baseline   = 14
	padding    = 18
)

// theme is the picture's own colours: ground, text, and the 16 old ones.
type theme struct {
	ground, text string
	basic        [16]string
}

var themes = map[string]theme{
	"dark": {"#0F1319", "#D6DCE4", [16]string{
		"#14181E", "#E5534B", "#57AB5A", "#C69026", "#3D7FC4", "#B083F0", "#39C5CF", "#ADBAC7",
		"#636E7B", "#FF7B72", "#6BC46D", "#DAAA3F", "#6CB6FF", "#DCBDFB", "#56D4DD", "#F0F3F6",
	}},
	"light": {"#FFFFFF", "#1F2630", [16]string{
		"#24292F", "#CF222E", "#116329", "#7D4E00", "#0969DA", "#8250DF", "#1B7C83", "#6E7781",
		"#57606A", "#A40E26", "#1A7F37", "#633C01", "#218BFF", "#A475F9", "#3192AA", "#F6F8FA",
	}},
}

// resolve is a colour as SVG writes it.
func (t theme) resolve(c colour, otherwise string) string {
	switch c.kind {
	case direct:
		return fmt.Sprintf("#%06X", c.value)
	case indexed:
		return t.palette(c.value)
	default:
		return otherwise
	}
}

// palette is the usual table of 256: 16 old ones, a cube of 6x6x6, and 24 greys.
func (t theme) palette(n uint32) string {
	switch {
	case n < 16:
		return t.basic[n]
	case n < 232:
		level := func(v uint32) uint32 {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		n -= 16
		return fmt.Sprintf("#%02X%02X%02X", level(n/36), level(n/6%6), level(n%6))
	default:
		v := 8 + 10*(n-232)
		return fmt.Sprintf("#%02X%02X%02X", v, v, v)
	}
}

// colours are a cell's ink and ground; no ground is "".
func (t theme) colours(s style) (ink, ground string) {
	ink, ground = t.resolve(s.fg, t.text), t.resolve(s.bg, "")
	if s.swaps {
		if ground == "" {
			ground = t.ground
		}
		ink, ground = ground, ink
	}
	return ink, ground
}

// writeSVG draws the screen.
func writeSVG(w io.Writer, rows [][]cell, look theme, title string) {
	columns := 0
	for _, row := range rows {
		n := 0
		for _, c := range row {
			n += c.width
		}
		columns = max(columns, n)
	}
	width, height := columns*cellWidth+2*padding, len(rows)*cellHeight+2*padding
	fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height, width, height)
	fmt.Fprintf(w, "<title>%s</title>\n", escape(title))
	fmt.Fprintf(w, "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"%s\"/>\n", width, height, look.ground)
	fmt.Fprint(w, "<g shape-rendering=\"crispEdges\">\n")
	for y, row := range rows {
		writeGrounds(w, y, row, look)
		writeShapes(w, y, row, look)
	}
	fmt.Fprint(w, "</g>\n")
	fmt.Fprintf(w, "<g font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"%d\">\n", fontSize)
	for y, row := range rows {
		writeText(w, y, row, look)
	}
	fmt.Fprint(w, "</g>\n</svg>\n")
}

// writeGrounds paints runs of cells that have a ground of their own.
func writeGrounds(w io.Writer, y int, row []cell, look theme) {
	from, x, paint := 0, 0, ""
	flush := func() {
		if paint != "" && x > from {
			writeRect(w, float64(from*cellWidth), float64(y*cellHeight), float64((x-from)*cellWidth), cellHeight, paint, 1)
		}
	}
	for _, c := range row {
		if _, ground := look.colours(c.style); ground != paint {
			flush()
			from, paint = x, ground
		}
		x += c.width
	}
	flush()
}

// writeShapes draws blocks, lines and dots; equal neighbours that touch become one.
func writeShapes(w io.Writer, y int, row []cell, look theme) {
	x := 0
	var open *stripe
	for _, c := range row {
		ink, _ := look.colours(c.style)
		parts := shapes(first(c.text))
		if len(parts) == 1 && parts[0].x == 0 && parts[0].w == 1 && open.extends(x, parts[0], ink) {
			open.cells++
			x += c.width
			continue
		}
		open.write(w, y)
		open = nil
		switch {
		case len(parts) == 1 && parts[0].x == 0 && parts[0].w == 1:
			open = &stripe{from: x, cells: 1, part: parts[0], ink: ink}
		default:
			for _, p := range parts {
				(&stripe{from: x, cells: 1, part: p, ink: ink}).write(w, y)
			}
		}
		x += c.width
	}
	open.write(w, y)
}

// stripe is a shape that fills its cells from side to side.
type stripe struct {
	from, cells int
	part        rect
	ink         string
}

func (r *stripe) extends(x int, part rect, ink string) bool {
	return r != nil && r.from+r.cells == x && r.part == part && r.ink == ink
}

func (r *stripe) write(w io.Writer, y int) {
	if r == nil {
		return
	}
	width := r.part.w
	if r.cells > 1 {
		width = float64(r.cells)
	}
	writeRect(w, (float64(r.from)+r.part.x)*cellWidth, (float64(y)+r.part.y)*cellHeight, width*cellWidth, r.part.h*cellHeight, r.ink, r.part.opacity)
}

func writeRect(w io.Writer, x, y, width, height float64, fill string, opacity float64) {
	fmt.Fprintf(w, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"", px(x+padding), px(y+padding), px(width), px(height), fill)
	if opacity < 1 {
		fmt.Fprintf(w, " fill-opacity=\"%s\"", px(opacity))
	}
	fmt.Fprint(w, "/>\n")
}

// px writes a number with at most two decimals.
func px(v float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

// writeText writes words, each at its own place and fitted to its cells: blanks are never left to a
// reader's font.
func writeText(w io.Writer, y int, row []cell, look theme) {
	x, from := 0, 0
	var word strings.Builder
	var now style
	flush := func() {
		if word.Len() == 0 {
			return
		}
		ink, _ := look.colours(now)
		fmt.Fprintf(w, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\" fill=\"%s\"%s>%s</text>\n",
			from*cellWidth+padding, y*cellHeight+baseline+padding, (x-from)*cellWidth, ink, attributes(now), escape(word.String()))
		word.Reset()
	}
	for _, c := range row {
		blank := c.text == " " || shapes(first(c.text)) != nil
		if blank || c.style != now {
			flush()
		}
		if !blank {
			if word.Len() == 0 {
				from, now = x, c.style
			}
			word.WriteString(c.text)
		}
		x += c.width
	}
	flush()
}

func attributes(s style) (text string) {
	if s.bold {
		text += " font-weight=\"bold\""
	}
	if s.faint {
		text += " opacity=\"0.6\""
	}
	if s.line {
		text += " text-decoration=\"underline\""
	}
	return text
}

func first(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}
