// Package grid is a rectangle of character cells: what every panel of the console draws on.
//
// A cell knows the columns and rows it stands in, so that nothing drawn here can wrap or overflow,
// one drawing can be laid over another, and a whole frame becomes ANSI text in one pass. (The
// canvas of ntcharts renders each cell through lipgloss on its own, some 24,000 style calls a
// frame at 200x60; here a style is a small number until the frame is encoded.)
package grid

// Ink is a colour by its role: an index into the palette. 0 is the terminal's own colour.
type Ink uint8

// Attr is a set of text attributes.
type Attr uint8

// The attributes a cell may have.
const (
	Bold Attr = 1 << iota
	Faint
	Underline
	Reverse
)

// Style is how a cell looks. The zero value is plain text.
type Style struct {
	Fg, Bg Ink
	Attr   Attr
}

// On returns the style on another background.
func (s Style) On(bg Ink) Style {
	s.Bg = bg
	return s
}

// With returns the style with attributes added.
func (s Style) With(a Attr) Style {
	s.Attr |= a
	return s
}

// Cell is one character cell. Rune 0 is blank; a negative rune is a cluster of several runes or the
// right half of a wide character (see text.go).
type Cell struct {
	Rune  rune
	Style Style
}

// rightHalf marks the second cell of a character that is two cells wide.
const rightHalf = -1

// Grid is a rectangle of cells. The zero value is empty; Resize gives it a size.
type Grid struct {
	w, h     int
	cells    []Cell
	clusters []string // texts of cells that need more than one rune; cell rune is -2-index
}

// New returns a blank grid.
func New(w, h int) *Grid {
	g := &Grid{}
	g.Resize(w, h)
	return g
}

// Resize gives the grid a new size and blanks it. Negative sizes count as 0.
func (g *Grid) Resize(w, h int) {
	g.w, g.h = max(w, 0), max(h, 0)
	if n := g.w * g.h; n <= cap(g.cells) {
		g.cells = g.cells[:n]
	} else {
		g.cells = make([]Cell, n)
	}
	g.Clear()
}

// Clear blanks every cell.
func (g *Grid) Clear() {
	clear(g.cells)
	g.clusters = g.clusters[:0]
}

// Width is the number of columns.
func (g *Grid) Width() int { return g.w }

// Height is the number of rows.
func (g *Grid) Height() int { return g.h }

// At returns a cell, blank when outside.
func (g *Grid) At(x, y int) Cell {
	if !g.inside(x, y) {
		return Cell{}
	}
	return g.cells[y*g.w+x]
}

// Set writes one cell of a character that is one cell wide. Outside the grid it does nothing.
func (g *Grid) Set(x, y int, r rune, s Style) {
	if !g.inside(x, y) {
		return
	}
	g.unsplit(x, y)
	g.cells[y*g.w+x] = Cell{r, s}
}

// Fill writes the same character into a rectangle.
func (g *Grid) Fill(x, y, w, h int, r rune, s Style) {
	for row := y; row < y+h; row++ {
		for col := x; col < x+w; col++ {
			g.Set(col, row, r, s)
		}
	}
}

// Restyle changes how a rectangle looks and leaves its characters.
func (g *Grid) Restyle(x, y, w, h int, change func(Style) Style) {
	for row := max(y, 0); row < min(y+h, g.h); row++ {
		for col := max(x, 0); col < min(x+w, g.w); col++ {
			c := &g.cells[row*g.w+col]
			c.Style = change(c.Style)
		}
	}
}

// Blit copies another grid over this one with its top left corner at x, y. What falls outside is
// cut off.
func (g *Grid) Blit(x, y int, from *Grid) {
	for row := range from.h {
		if y+row < 0 || y+row >= g.h {
			continue
		}
		left, right := max(0, -x), min(from.w, g.w-x)
		if left >= right {
			continue
		}
		g.unsplit(x+left, y+row)
		g.unsplit(x+right-1, y+row)
		to := g.cells[(y+row)*g.w+x+left : (y+row)*g.w+x+right]
		copy(to, from.cells[row*from.w+left:row*from.w+right])
		if len(from.clusters) > 0 {
			g.adopt(to, from)
		}
		// A wide character cut in half by our edge leaves a blank.
		if to[0].Rune == rightHalf {
			to[0].Rune = ' '
		}
		if last := &to[len(to)-1]; right < from.w && from.cells[row*from.w+right].Rune == rightHalf {
			last.Rune = ' '
		}
	}
}

// adopt makes copied cells refer to this grid's own clusters.
func (g *Grid) adopt(cells []Cell, from *Grid) {
	for i := range cells {
		if r := cells[i].Rune; r < rightHalf {
			cells[i].Rune = g.keep(from.clusters[-2-r])
		}
	}
}

// keep stores a cluster and returns the rune that stands for it.
func (g *Grid) keep(cluster string) rune {
	g.clusters = append(g.clusters, cluster)
	return rune(-1 - len(g.clusters))
}

// unsplit blanks the other half of a wide character that is about to be overwritten at x, y.
func (g *Grid) unsplit(x, y int) {
	at := y*g.w + x
	if g.cells[at].Rune == rightHalf && x > 0 {
		g.cells[at-1].Rune = ' '
	}
	if x+1 < g.w && g.cells[at+1].Rune == rightHalf {
		g.cells[at+1].Rune = ' '
	}
}

func (g *Grid) inside(x, y int) bool { return x >= 0 && y >= 0 && x < g.w && y < g.h }
