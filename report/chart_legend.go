package report

import "math"

// The legend of a picture, below its chart.
const (
	legendRow  = 13 // points
	legendRoom = 8
)

// drawLegend names series, in rows from a height downwards.
func (c *canvas) drawLegend(rows [][]chartKey, top float64) {
	for i, row := range rows {
		x, y := pngLayout.leftEdge(), top-float64(i+1)*legendRow+2
		for _, entry := range row {
			c.line(entry.role, []xy{{x, y + 3}, {x + 16, y + 3}})
			c.text(pngLayout.letters(8.5, 0), inkRole, xy{x + 20, y}, entry.name)
			x += legendWidth(entry.name)
		}
	}
}

// legendHeight is the room that rows take.
func legendHeight(rows [][]chartKey) float64 {
	if len(rows) == 0 {
		return 0
	}
	return float64(len(rows))*legendRow + legendRoom
}

// legendWidth is the room that a name takes in the legend.
func legendWidth(name string) float64 { return 20 + pngLayout.letters(8.5, 0).width(name) + 14 }

// legendRows puts the names of series into rows.
func legendRows(series []chartKey) (rows [][]chartKey) {
	room, used := pngLayout.width-pngLayout.left-pngLayout.right, math.Inf(1)
	for _, l := range series {
		name := fitted(pngLayout.letters(8.5, 0), oneLine(l.name))
		if used+legendWidth(name) > room {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], chartKey{name: name, role: l.role})
		used += legendWidth(name)
	}
	return rows
}

// fitted is a text that is no wider than the picture.
func fitted(s lettering, words string) string {
	return fittedTo(s, pngLayout.width-pngLayout.left-pngLayout.right, words)
}

// fittedTo is a text that is no wider than so many points.
func fittedTo(s lettering, room float64, words string) string {
	runes := []rune(words)
	if len(runes) > 400 { // wider than any picture
		runes = runes[:400]
	}
	if s.width(string(runes)) <= room && len(runes) == len([]rune(words)) {
		return words
	}
	n := len(runes)
	for n > 0 && s.width(string(runes[:n])+"…") > room {
		n--
	}
	return string(runes[:n]) + "…"
}

// lifted draws higher.
type lifted struct {
	*canvas
	by float64
}

func (l lifted) up(points []xy) []xy {
	moved := make([]xy, len(points))
	for i, p := range points {
		moved[i] = xy{p.x, p.y + l.by}
	}
	return moved
}

func (l lifted) rect(r role, b box, about string) {
	l.canvas.rect(r, box{b.x0, b.y0 + l.by, b.x1, b.y1 + l.by}, about)
}
func (l lifted) area(r role, points []xy)          { l.canvas.area(r, l.up(points)) }
func (l lifted) dot(r role, at xy, radius float64) { l.canvas.dot(r, xy{at.x, at.y + l.by}, radius) }

func (l lifted) text(s lettering, r role, at xy, words string) {
	l.canvas.text(s, r, xy{at.x, at.y + l.by}, words)
}

func (l lifted) line(r role, points []xy) {
	l.canvas.line(r, l.up(points))
}
