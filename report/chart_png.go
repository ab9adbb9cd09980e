package report

import (
	"fmt"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"xinbot.ir/squall/internal/atomicfile"
)

// pngLayout has the title, the explanation, the keys and the numbers of marks over the first panel.
var pngLayout = chartLayout{width: 720, left: 58, right: 16, top: 62, scale: 1}

const pngDPI = 150

// canvas is a picture being drawn.
type canvas struct {
	draw.Canvas
	image  *vgimg.Canvas
	height float64
}

func newCanvas(height float64) *canvas {
	image := vgimg.NewWith(vgimg.UseWH(vg.Length(pngLayout.width), vg.Length(height)), vgimg.UseDPI(pngDPI), vgimg.UseBackgroundColor(color.White))
	return &canvas{Canvas: draw.New(image), image: image, height: height}
}

// drawPNG draws a chart as a picture.
func drawPNG(run *Run, c chart) *canvas {
	d, rows := pngLayout.of(run), legendRows(c.series)
	below := legendHeight(rows)
	on := newCanvas(d.heightOf(c) + below)
	c.title, c.explanation = fitted(pngLayout.letters(13, 0).inBold(), c.title), fitted(pngLayout.letters(8.5, 0), c.explanation)
	on.head(c)
	d.draw(lifted{on, below}, c)
	on.drawLegend(rows, below)
	return on
}

// head writes the title, what is drawn, and the keys at the right.
func (c *canvas) head(of chart) {
	l := pngLayout
	c.text(l.letters(13, 0).inBold(), inkRole, xy{14, c.height - 22}, of.title)
	c.text(l.letters(8.5, 0), faintRole, xy{14, c.height - 36}, of.explanation)
	style := l.letters(9, 0)
	x := l.width - l.right
	for i := len(of.keys) - 1; i >= 0; i-- {
		k := of.keys[i]
		x -= style.width(k.name)
		c.text(style, inkRole, xy{x, c.height - 21}, k.name)
		x -= 5
		y := c.height - 18
		if k.filled {
			c.rect(k.role, box{x - 12, y - 4, x, y + 4}, "")
		} else {
			c.line(k.role, []xy{{x - 18, y}, {x, y}})
			x -= 6
		}
		x -= 12 + 14
	}
}

// style is the lettering in a sans serif.
func (s lettering) style(c color.Color) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(s.size)}
	if s.bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: f, XAlign: text.XAlignment(s.align), YAlign: draw.YBottom, Handler: sansSerif()}
}

// width is how wide words are, in points.
func (s lettering) width(words string) float64 { return float64(s.style(color.Black).Width(words)) }

func (c *canvas) text(s lettering, r role, at xy, words string) {
	c.FillText(s.style(r.color()), at.point(), words)
}

func (c *canvas) rect(r role, b box, _ string) {
	c.area(r, []xy{{b.x0, b.y0}, {b.x1, b.y0}, {b.x1, b.y1}, {b.x0, b.y1}})
}

func (c *canvas) area(r role, points []xy) { c.FillPolygon(r.color(), pointsOf(points)) }

func (c *canvas) line(r role, points []xy) { c.stroke(r, r.look().width, points) }

func (c *canvas) stroke(r role, width float64, points []xy) {
	style := draw.LineStyle{Color: r.color(), Width: vg.Length(width)}
	for _, d := range r.look().dashes {
		style.Dashes = append(style.Dashes, vg.Length(d))
	}
	c.StrokeLines(style, pointsOf(points))
}

func (c *canvas) dot(r role, at xy, radius float64) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: r.color(), Radius: vg.Length(radius), Shape: draw.CircleGlyph{}}, at.point())
}

func (p xy) point() vg.Point { return vg.Point{X: vg.Length(p.x), Y: vg.Length(p.y)} }

func pointsOf(all []xy) []vg.Point {
	points := make([]vg.Point, len(all))
	for i, p := range all {
		points[i] = p.point()
	}
	return points
}

// save writes the picture as PNG.
func (c *canvas) save(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create chart directory: %w", err)
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("create chart directory: %s leads elsewhere, and no pictures are written there", dir)
	}
	return atomicfile.Write(path, atomicfile.Mode, func(w io.Writer) error {
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, c.image.Image())
	})
}
