package report

import (
	"strconv"
	"strings"
)

// svgLayouts are the sizes in which a chart is drawn into a page, which shows the one that fits: text keeps
// its size, and labels their distance. A page has the title and the keys of a chart as text.
var svgLayouts = []struct {
	class string
	chartLayout
}{
	{"wide", chartLayout{width: 720, left: 62, right: 52, top: 22, scale: 1.2, named: true}},
	{"narrow", chartLayout{width: 340, left: 54, right: 32, top: 22, scale: 1.3, named: true}},
}

// svg is a chart as shapes, in the order in which they are drawn. Its coordinates have their origin in
// the upper left corner.
type svg struct {
	Class                string
	Alt                  string
	Width, Height        float64
	Left, Right, Seconds float64 // margins, and what lies between them
	Shapes               []svgShape
}

// svgShape is a path (with D), a text (with Words), a dot (with R), or else a rectangle.
type svgShape struct {
	Class, D, Words, About string
	X, Y, W, H, R, Size    string
	Anchor                 string
}

// drawSVG draws a chart of a laid out run.
func drawSVG(d *drawing, class string, c chart) *svg {
	s := &svg{Class: class, Alt: c.alt, Width: d.width, Height: d.heightOf(c), Left: d.left, Right: d.right, Seconds: d.seconds}
	d.draw(s, c)
	return s
}

func (s *svg) add(shape svgShape) { s.Shapes = append(s.Shapes, shape) }

func (s *svg) rect(r role, b box, about string) {
	s.add(svgShape{
		Class: "fill-" + r.look().name, About: oneLine(about),
		X: tenths(b.x0), Y: tenths(s.Height - b.y1), W: tenths(max(0, b.x1-b.x0)), H: tenths(max(0, b.y1-b.y0)),
	})
}

func (s *svg) line(r role, points []xy) {
	s.add(svgShape{Class: "line-" + r.look().name, D: s.path(points)})
}

func (s *svg) area(r role, points []xy) {
	s.add(svgShape{Class: "fill-" + r.look().name, D: s.path(points) + "Z"})
}

func (s *svg) dot(r role, at xy, radius float64) {
	s.add(svgShape{Class: "fill-" + r.look().name, X: tenths(at.x), Y: tenths(s.Height - at.y), R: tenths(radius)})
}

func (s *svg) text(l lettering, r role, at xy, words string) {
	shape := svgShape{
		Class: "fill-" + r.look().name, X: tenths(at.x), Y: tenths(s.Height - at.y), Size: tenths(l.size),
		Words: oneLine(words), Anchor: map[float64]string{0: "start", -0.5: "middle", -1: "end"}[l.align],
	}
	if l.bold {
		shape.Class += " bold"
	}
	s.add(shape)
}

// path goes through points. What would not move it by a tenth of a point is left out.
func (s *svg) path(points []xy) string {
	var b strings.Builder
	letter, last := byte('M'), ""
	for _, p := range points {
		at := tenths(p.x) + " " + tenths(s.Height-p.y)
		if at == last {
			continue
		}
		b.WriteByte(letter)
		b.WriteString(at)
		letter, last = 'L', at
	}
	return b.String()
}

// tenths writes a coordinate to a tenth of a point.
func tenths(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}
