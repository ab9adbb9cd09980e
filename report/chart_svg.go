package report

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
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

// svg is a chart being drawn as shapes. Their coordinates have their origin in the upper left corner.
type svg struct {
	root   *html.Node
	height float64
}

// drawSVG draws a chart of a laid out run.
func drawSVG(d *drawing, name string, c chart) *html.Node {
	height := d.heightOf(c)
	s := &svg{height: height, root: element("svg", class("drawing "+name,
		"viewBox", "0 0 "+tenths(d.width)+" "+tenths(height), "role", "img", "aria-label", oneLine(c.alt),
		"data-left", tenths(d.left), "data-right", tenths(d.right), "data-seconds", strconv.FormatFloat(d.seconds, 'f', -1, 64)))}
	d.draw(s, c)
	within(s.root, lineBreak())
	return s.root
}

func (s *svg) add(n *html.Node) { within(s.root, lineBreak(), n) }

func (s *svg) rect(r role, b box, about string) {
	n := element("rect", fill(r, "x", tenths(b.x0), "y", tenths(s.height-b.y1), "width", tenths(max(0, b.x1-b.x0)), "height", tenths(max(0, b.y1-b.y0))))
	if about != "" {
		within(n, element("title", nil, words(about)))
	}
	s.add(n)
}

func (s *svg) line(r role, points []xy) {
	s.add(element("path", class("line-"+r.look().name, "d", s.path(points))))
}

func (s *svg) area(r role, points []xy) {
	s.add(element("path", fill(r, "d", s.path(points)+"Z")))
}

func (s *svg) dot(r role, at xy, radius float64) {
	s.add(element("circle", fill(r, "cx", tenths(at.x), "cy", tenths(s.height-at.y), "r", tenths(radius))))
}

func (s *svg) text(l lettering, r role, at xy, text string) {
	attributes := fill(r, "x", tenths(at.x), "y", tenths(s.height-at.y), "font-size", tenths(l.size))
	if l.bold {
		attributes[1] += " bold"
	}
	if anchor := map[float64]string{-0.5: "middle", -1: "end"}[l.align]; anchor != "" {
		attributes = append(attributes, "text-anchor", anchor)
	}
	s.add(element("text", attributes, words(text)))
}

// fill are the attributes of what is filled in the colour of a role.
func fill(r role, more ...string) []string { return class("fill-"+r.look().name, more...) }

// path goes through points. What would not move it by a tenth of a point is left out.
func (s *svg) path(points []xy) string {
	var b strings.Builder
	letter, last := byte('M'), ""
	for _, p := range points {
		at := tenths(p.x) + " " + tenths(s.height-p.y)
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
