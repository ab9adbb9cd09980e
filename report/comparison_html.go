package report

import (
	_ "embed" // the style of the page
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/units"
)

//go:embed html/comparison.css
var comparisonStyle string

// writeComparisonHTML writes a comparison as a page of its own, which needs nothing else and runs nothing.
func writeComparisonHTML(w io.Writer, r compare.Report) error {
	body := element("body", nil, lineBreak(), element("h1", nil, words(comparisonTitle(r))), lineBreak())
	for _, c := range r.Comparisons {
		within(body, element("p", class("answer "+comparisonVerdictName(c.Verdict())), words(comparisonAnswer(r, c).text())), lineBreak())
	}
	for _, c := range r.Comparisons {
		if len(r.Comparisons) > 1 {
			within(body, element("h2", nil, words(c.Base.Letter+" and "+c.Other.Letter)), lineBreak())
		}
		within(body, comparisonNodes(r, c)...)
	}
	within(body, soft(comparisonMethod(r)+" The band is the tolerance; pp: percentage points."), lineBreak())
	root := element("html", []string{"lang", "en"}, lineBreak(), head(comparisonTitle(r), comparisonStyle), lineBreak(), body, lineBreak())
	whole := within(&html.Node{Type: html.DocumentNode}, &html.Node{Type: html.DoctypeNode, Data: "html"}, lineBreak(), root, lineBreak())
	return html.Render(w, whole)
}

func soft(text string) *html.Node { return element("p", class("soft"), words(text)) }

// comparisonNodes are what a comparison has below its answer.
func comparisonNodes(r compare.Report, c compare.Comparison) (all []*html.Node) {
	if texts := comparisonRemarks(r, c); len(texts) > 0 {
		items := element("ul", class("remarks"))
		for _, text := range texts {
			within(items, element("li", nil, words(text.text())))
		}
		all = append(all, items, lineBreak())
	}
	runs := comparisonRows("th", "", "Run", "Started", "Compared", "Requests", "Failed")
	for _, cells := range comparedRuns(c) {
		runs = append(runs, comparisonRows("td", cells...)...)
	}
	all = append(all, scrolled("", runs))
	for _, part := range c.Parts {
		all = append(all, element("h3", nil, words(comparedPartTitle(c, part))), lineBreak())
		scale := plotScale(r, part)
		for rest := part.Series; len(rest) > 0; {
			flow, channels := rest[0], rest[1:]
			if n := slices.IndexFunc(channels, func(s compare.SeriesResult) bool { return s.Channel == "" }); n >= 0 {
				channels = channels[:n]
			}
			rest = rest[1+len(channels):]
			all = append(all, seriesNodes(r, c, part, flow, scale)...)
			if drawn := distributionCurves(c, flow); drawn != nil {
				all = append(all, drawn, soft("Share of requests that took no longer than a latency. Dashed: "+c.Base.Letter+", whole: "+c.Other.Letter+"."), lineBreak())
			}
			if len(channels) > 0 {
				folded := element("details", nil, element("summary", nil, words(units.Counted(uint64(len(channels)), "channel", "channels"))))
				for _, s := range channels {
					within(folded, seriesNodes(r, c, part, s, scale)...)
				}
				all = append(all, folded, lineBreak())
			}
		}
	}
	return all
}

// comparisonRows is a row of text, as it is put into a table.
func comparisonRows(cell string, texts ...string) []*html.Node {
	row := element("tr", nil)
	for _, text := range texts {
		within(row, element(cell, nil, words(text)))
	}
	return []*html.Node{row, lineBreak()}
}

// scrolled is a table that scrolls where the screen is narrow.
func scrolled(names string, rows []*html.Node) *html.Node {
	return element("div", class("scroll"), element("table", class(names), rows...))
}

// seriesNodes are the table of a series and its shape.
func seriesNodes(r compare.Report, c compare.Comparison, part compare.PartResult, s compare.SeriesResult, scale float64) []*html.Node {
	rows := comparisonRows("th", "", upperFirst(strings.TrimSpace(verdictHead(r))), c.Base.Letter, c.Other.Letter, "Difference", "Interval", "")
	for _, f := range s.Numbers {
		a, b := findingValues(f)
		verdict, difference, interval := findingVerdict(f, r.Tolerance), absent, absent
		plot := element("td", nil)
		if f.Judged {
			difference, interval = findingDifference(f), findingInterval(f)
			within(plot, intervalPlot(f, scale))
		} else {
			verdict += reasonText(c, part, f)
		}
		row := element("tr", nil,
			element("td", []string{"title", countText(f.Base.Requests) + " and " + countText(f.Other.Requests) + " requests"}, words(f.Number.String())),
			element("td", class(comparisonVerdictName(f.Verdict)), words(verdict)))
		for _, cell := range []string{a, b, difference, interval} {
			within(row, element("td", nil, words(cell)))
		}
		rows = append(rows, within(row, plot), lineBreak())
	}
	nodes := []*html.Node{element("h4", nil, words(seriesLabel(s))), lineBreak(), scrolled("numbers", rows), lineBreak()}
	if text := shapeText(s.Shape); text != "" {
		nodes = append(nodes, soft("Shape: "+text+"."), lineBreak())
	}
	return nodes
}

// plotScale is how far the intervals of a part's latencies are drawn from zero: as far as they reach, within bounds.
func plotScale(r compare.Report, p compare.PartResult) float64 {
	most := max(0.1, 1.5*r.Tolerance)
	for _, s := range p.Series {
		for _, f := range s.Numbers {
			if f.Judged && f.Number.Latency() {
				most = max(most, math.Abs(f.Low), math.Abs(f.High))
			}
		}
	}
	return min(most, 1) * 1.05
}

// The drawing of an interval, in its own units.
const (
	plotWidth  = 200.0
	plotHeight = 22.0
)

// svgPlace writes a place in a drawing.
func svgPlace(v float64) string { return fmt.Sprintf("%.1f", v) }

// drawnLine is a line of a drawing.
func drawnLine(name string, x1, y1, x2, y2 float64) *html.Node {
	return element("line", class(name, "x1", svgPlace(x1), "y1", svgPlace(y1), "x2", svgPlace(x2), "y2", svgPlace(y2)))
}

// comparisonSVG is an image of so many units, with a name for those who do not see it.
func comparisonSVG(name, label string, left, top, width, height float64) *html.Node {
	return element("svg", class(name, "viewBox", svgPlace(left)+" "+svgPlace(top)+" "+svgPlace(width)+" "+svgPlace(height), "role", "img", "aria-label", label))
}

// intervalPlot draws an interval, the tolerance and zero. What lies beyond the scale is cut at its edge. Shares have a scale of
// their own.
func intervalPlot(f compare.Finding, scale float64) *html.Node {
	if !f.Number.Latency() {
		scale = max(math.Abs(f.Low), math.Abs(f.High), f.Limit, 1e-9) * 1.1
	}
	x := func(v float64) float64 { return plotWidth / 2 * (1 + max(-1, min(1, v/scale))) }
	svg := comparisonSVG("plot", findingInterval(f), 0, 0, plotWidth, plotHeight)
	within(svg, element("title", nil, words(findingDifference(f)+" ("+findingInterval(f)+")")))
	if f.Limit > 0 {
		within(svg, element("rect", class("tolerance", "x", svgPlace(x(-f.Limit)), "y", "0", "width", svgPlace(x(f.Limit)-x(-f.Limit)), "height", svgPlace(plotHeight))))
	}
	return within(svg,
		drawnLine("zero", plotWidth/2, 0, plotWidth/2, plotHeight),
		drawnLine("interval", x(f.Low), plotHeight/2, max(x(f.High), x(f.Low)+1), plotHeight/2),
		element("circle", class("value", "cx", svgPlace(x(f.Difference)), "cy", svgPlace(plotHeight/2), "r", "4")))
}

// The drawing of two distributions.
const (
	curveWidth  = 560.0
	curveHeight = 170.0
	curveBottom = 22.0 // for the scale
	curveMargin = 24.0 // for what stands over its edges
)

// distributionCurves draws the cumulative distributions of both sides over a logarithmic axis; nil without latencies.
func distributionCurves(c compare.Comparison, s compare.SeriesResult) *html.Node {
	if len(s.Base.Micros) == 0 || len(s.Other.Micros) == 0 {
		return nil
	}
	low := max(1, min(s.Base.Micros[0], s.Other.Micros[0]))
	high := max(s.Base.Micros[len(s.Base.Micros)-1], s.Other.Micros[len(s.Other.Micros)-1], low*1.1)
	x := func(us float64) float64 { return curveWidth * math.Log(max(us, low)/low) / math.Log(high/low) }
	y := func(share float64) float64 { return (curveHeight - curveBottom - 4) * (1 - share) }
	svg := comparisonSVG("curves", "Share of requests not slower than a latency", -curveMargin, -4, curveWidth+2*curveMargin, curveHeight+4)
	for _, share := range []float64{0.5, 0.95} {
		within(svg, drawnLine("grid", 0, y(share), curveWidth, y(share)),
			element("text", []string{"x", "2", "y", svgPlace(y(share) - 2)}, words(fmt.Sprintf("%g %%", 100*share))))
	}
	for _, us := range curveTicks(low, high) {
		within(svg, drawnLine("grid", x(us), 0, x(us), y(0)),
			element("text", []string{"x", svgPlace(x(us)), "y", svgPlace(curveHeight - 6), "text-anchor", "middle"}, words(units.LatencyBound(time.Duration(us)*time.Microsecond))))
	}
	for _, side := range []struct {
		class, name string
		d           compare.Distribution
	}{{"base", c.Base.Letter, s.Base}, {"other", c.Other.Letter, s.Other}} {
		points := svgPlace(x(side.d.Micros[0])) + "," + svgPlace(y(0))
		for k, us := range side.d.Micros {
			points += " " + svgPlace(x(us)) + "," + svgPlace(y(side.d.Share[k]))
		}
		points += " " + svgPlace(curveWidth) + "," + svgPlace(y(1))
		within(svg, element("polyline", class(side.class, "points", points), element("title", nil, words(side.name))))
	}
	return svg
}

// curveTicks are the latencies that stand at an axis, in µs: 1, 2 and 5 of each power of ten, or of more than a few
// powers the first alone.
func curveTicks(low, high float64) (all []float64) {
	steps := []float64{1, 2, 5}
	if high/low > 1000 {
		steps = steps[:1]
	}
	for decade := math.Pow(10, math.Floor(math.Log10(low))); decade <= high; decade *= 10 {
		for _, step := range steps {
			if at := decade * step; at >= low && at <= high {
				all = append(all, at)
			}
		}
	}
	return all
}
