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

// Colours of charts. Percentiles are one hue that darkens with the percentile; what was done to
// the platform is amber (more load) or violet (a fault), what breaks an objective is red. Lines differ in weight too, so that a
// chart reads without colour.
type palette struct {
	ink, faint, grid   color.Color
	p50, p95, p99      color.Color
	objective          color.Color
	spike, fault, idle color.Color
	level, wanted      color.Color
}

func newPalette() palette {
	rgb := func(hex uint32) color.Color {
		return color.NRGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
	}
	return palette{
		ink: rgb(0x24292f), faint: rgb(0x6e7781), grid: rgb(0xe6e9ed),
		p50: rgb(0x8fbfe8), p95: rgb(0x2a6fb8), p99: rgb(0x12305c),
		objective: rgb(0xc62f2f), spike: color.NRGBA{0xf5, 0xa6, 0x23, 46}, fault: color.NRGBA{0x9a, 0x3c, 0xb8, 38}, idle: color.NRGBA{0x8c, 0x95, 0x9f, 46},
		level: rgb(0x2a6fb8), wanted: rgb(0x57606a),
	}
}

// Sizes of a chart, in points. All charts have the same width and margins, so that one moment
// stands at the same place in each.
const (
	chartWidth  = 720
	leftMargin  = 58
	rightMargin = 16
	topMargin   = 62 // of title, explanation and marks
	underPanel  = 26 // of the labels of the time axis
	chartDPI    = 150
)

// chart is a picture being drawn. Coordinates are in points from the lower left corner.
type chart struct {
	draw.Canvas
	image  *vgimg.Canvas
	height vg.Length
	palette
}

func newChart(height vg.Length) *chart {
	image := vgimg.NewWith(vgimg.UseWH(chartWidth, height), vgimg.UseDPI(chartDPI), vgimg.UseBackgroundColor(color.White))
	return &chart{Canvas: draw.New(image), image: image, height: height, palette: newPalette()}
}

// textStyle is a sans serif of a size; bold is for titles.
func textStyle(size vg.Length, c color.Color, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: f, XAlign: draw.XLeft, YAlign: draw.YBottom, Handler: sansSerif()}
}

// write sets one line of text; align is draw.XLeft, draw.XCenter or draw.XRight.
func (c *chart) write(s text.Style, align text.XAlignment, x, y vg.Length, words string) {
	s.XAlign = align
	c.FillText(s, vg.Point{X: x, Y: y}, words)
}

// key explains one kind of line at the head of a chart.
type key struct {
	name   string
	style  draw.LineStyle
	filled bool // a patch, not a line
}

// head writes the title, what is drawn, and the keys at the right.
func (c *chart) head(title, explanation string, keys []key) {
	c.write(textStyle(13, c.ink, true), draw.XLeft, 14, c.height-22, title)
	c.write(textStyle(8.5, c.faint, false), draw.XLeft, 14, c.height-36, explanation)
	style := textStyle(9, c.ink, false)
	x := vg.Length(chartWidth - rightMargin)
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		x -= style.Width(k.name)
		c.write(style, draw.XLeft, x, c.height-21, k.name)
		x -= 5
		y := c.height - 18
		if k.filled {
			c.rectangle(k.style.Color, x-12, y-4, x, y+4)
		} else {
			c.StrokeLine2(k.style, x-18, y, x, y)
			x -= 6
		}
		x -= 12 + 14
	}
}

func (c *chart) rectangle(fill color.Color, x0, y0, x1, y1 vg.Length) {
	c.FillPolygon(fill, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
}

func stroke(c color.Color, width vg.Length, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}

// save writes the picture as PNG.
func (c *chart) save(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("create chart directory: %w", err)
	}
	return atomicfile.Write(path, atomicfile.Mode, func(w io.Writer) error {
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, c.image.Image())
	})
}
