package report

import (
	_ "embed"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/units"
)

//go:embed comparison.css
var comparisonStyle string

// comparisonPage is a page that is being written. Text goes through text, which escapes it. (A template of the standard
// library would make the program 39 MB larger: it calls methods by their names, so the linker has to keep every method that
// there is, above all those of Kubernetes' types.)
type comparisonPage struct{ strings.Builder }

// text appends text from anywhere.
func (p *comparisonPage) text(text string) *comparisonPage {
	p.WriteString(html.EscapeString(oneLine(text)))
	return p
}

// markup appends what is written here.
func (p *comparisonPage) markup(parts ...string) *comparisonPage {
	for _, m := range parts {
		p.WriteString(m)
	}
	return p
}

// element appends text in an element, with a class unless that is "".
func (p *comparisonPage) element(name, class, text string) *comparisonPage {
	p.markup("<", name)
	if class != "" {
		p.markup(` class="`, class, `"`)
	}
	return p.markup(">").text(text).markup("</", name, ">\n")
}

// writeComparisonHTML writes a comparison as a page of its own, which needs nothing else.
func writeComparisonHTML(w io.Writer, r compare.Report) error {
	var p comparisonPage
	p.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	p.element("title", "", comparisonTitle(r)).markup("<style>\n", comparisonStyle, "</style>\n</head>\n<body>\n")
	p.element("h1", "", comparisonTitle(r))
	for _, c := range r.Comparisons {
		p.element("p", "answer "+comparisonVerdictName(c.Verdict()), comparisonAnswer(r, c).text())
	}
	for _, c := range r.Comparisons {
		if len(r.Comparisons) > 1 {
			p.element("h2", "", c.Base.Letter+" and "+c.Other.Letter)
		}
		p.comparison(r, c)
	}
	p.element("p", "soft", comparisonMethod(r)+" The band is the tolerance; pp: percentage points.")
	p.markup("</body>\n</html>\n")
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *comparisonPage) comparison(r compare.Report, c compare.Comparison) {
	if all := comparisonRemarks(r, c); len(all) > 0 {
		p.markup(`<ul class="remarks">`)
		for _, text := range all {
			p.element("li", "", text.text())
		}
		p.markup("</ul>\n")
	}
	p.markup(`<div class="scroll"><table>`).head("", "Run", "Started", "Compared", "Requests", "Failed")
	for _, cells := range comparedRuns(c) {
		p.markup("<tr>")
		for _, cell := range cells {
			p.element("td", "", cell)
		}
		p.markup("</tr>\n")
	}
	p.markup("</table></div>\n")
	for _, part := range c.Parts {
		p.element("h3", "", comparedPartTitle(c, part))
		scale := plotScale(r, part)
		for rest := part.Series; len(rest) > 0; {
			flow := rest[0]
			channels := rest[1:]
			if n := slices.IndexFunc(channels, func(s compare.SeriesResult) bool { return s.Channel == "" }); n >= 0 {
				channels = channels[:n]
			}
			rest = rest[1+len(channels):]
			p.series(r, c, part, flow, scale)
			if drawn := distributionCurves(c, flow); drawn != "" {
				p.markup(drawn).element("p", "soft", "Share of requests that took no longer than a latency. Dashed: "+c.Base.Letter+", whole: "+c.Other.Letter+".")
			}
			if len(channels) > 0 {
				p.markup("<details>").element("summary", "", plural(uint64(len(channels)), "channel", "channels"))
				for _, s := range channels {
					p.series(r, c, part, s, scale)
				}
				p.markup("</details>\n")
			}
		}
	}
}

// head is the first row of a table.
func (p *comparisonPage) head(heads ...string) {
	p.markup("<tr>")
	for _, h := range heads {
		p.element("th", "", h)
	}
	p.markup("</tr>\n")
}

// series is the table of a series.
func (p *comparisonPage) series(r compare.Report, c compare.Comparison, part compare.PartResult, s compare.SeriesResult, scale float64) {
	p.element("h4", "", seriesLabel(s)).markup(`<div class="scroll"><table class="numbers">`)
	p.head("", upperFirst(strings.TrimSpace(verdictHead(r))), c.Base.Letter, c.Other.Letter, "Difference", "Interval", "")
	for _, f := range s.Numbers {
		a, b := findingValues(f)
		verdict, difference, interval, plot := findingVerdict(f, r.Tolerance), absent, absent, ""
		if f.Judged {
			difference, interval, plot = findingDifference(f), findingInterval(f), intervalPlot(f, scale)
		} else {
			verdict += reasonText(c, part, f)
		}
		p.markup(`<tr><td title="`).text(countText(f.Base.Requests) + " and " + countText(f.Other.Requests) + " requests").markup(`">`).text(f.Number.String()).markup("</td>\n")
		p.element("td", comparisonVerdictName(f.Verdict), verdict)
		for _, cell := range []string{a, b, difference, interval} {
			p.element("td", "", cell)
		}
		p.markup("<td>", plot, "</td></tr>\n")
	}
	p.markup("</table></div>\n")
	if text := shapeText(s.Shape); text != "" {
		p.element("p", "soft", "Shape: "+text+".")
	}
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

// intervalPlot draws an interval, the tolerance and zero. What lies beyond the scale is cut at its edge. Shares have a scale of
// their own.
func intervalPlot(f compare.Finding, scale float64) string {
	if !f.Number.Latency() {
		scale = max(math.Abs(f.Low), math.Abs(f.High), f.Limit, 1e-9) * 1.1
	}
	x := func(v float64) float64 { return plotWidth / 2 * (1 + max(-1, min(1, v/scale))) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="plot" viewBox="0 0 %g %g" role="img" aria-label="%s">`, plotWidth, plotHeight, html.EscapeString(findingInterval(f)))
	fmt.Fprintf(&b, `<title>%s (%s)</title>`, html.EscapeString(findingDifference(f)), html.EscapeString(findingInterval(f)))
	if f.Limit > 0 {
		fmt.Fprintf(&b, `<rect class="tolerance" x="%.1f" y="0" width="%.1f" height="%g"/>`, x(-f.Limit), x(f.Limit)-x(-f.Limit), plotHeight)
	}
	fmt.Fprintf(&b, `<line class="zero" x1="%[1]g" x2="%[1]g" y1="0" y2="%[2]g"/>`, plotWidth/2, plotHeight)
	fmt.Fprintf(&b, `<line class="interval" x1="%.1f" x2="%.1f" y1="%[3]g" y2="%[3]g"/>`, x(f.Low), max(x(f.High), x(f.Low)+1), plotHeight/2)
	fmt.Fprintf(&b, `<circle class="value" cx="%.1f" cy="%g" r="4"/></svg>`, x(f.Difference), plotHeight/2)
	return b.String()
}

// The drawing of two distributions.
const (
	curveWidth  = 560.0
	curveHeight = 170.0
	curveBottom = 22.0 // for the scale
)

// distributionCurves draws the cumulative distributions of both sides over a logarithmic axis; "" without latencies.
func distributionCurves(c compare.Comparison, s compare.SeriesResult) string {
	if len(s.Base.Micros) == 0 || len(s.Other.Micros) == 0 {
		return ""
	}
	low := max(1, min(s.Base.Micros[0], s.Other.Micros[0]))
	high := max(s.Base.Micros[len(s.Base.Micros)-1], s.Other.Micros[len(s.Other.Micros)-1], low*1.1)
	x := func(us float64) float64 { return curveWidth * math.Log(max(us, low)/low) / math.Log(high/low) }
	y := func(share float64) float64 { return (curveHeight - curveBottom - 4) * (1 - share) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="curves" viewBox="-4 -4 %g %g" role="img" aria-label="Share of requests not slower than a latency">`, curveWidth+8, curveHeight+4)
	for _, share := range []float64{0.5, 0.95} {
		fmt.Fprintf(&b, `<line class="grid" x1="0" x2="%[1]g" y1="%.1[2]f" y2="%.1[2]f"/><text x="2" y="%.1[3]f">%[4]g %%</text>`, curveWidth, y(share), y(share)-2, 100*share)
	}
	for _, at := range curveTicks(low, high) {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1[1]f" x2="%.1[1]f" y1="0" y2="%.1[2]f"/><text x="%.1[1]f" y="%.1[3]f" text-anchor="middle">%[4]s</text>`,
			x(at), y(0), curveHeight-6, html.EscapeString(units.LatencyBound(time.Duration(at)*time.Microsecond)))
	}
	for _, side := range []struct {
		class, name string
		d           compare.Distribution
	}{{"base", c.Base.Letter, s.Base}, {"other", c.Other.Letter, s.Other}} {
		fmt.Fprintf(&b, `<polyline class="%s" points="%.1f,%.1f`, side.class, x(side.d.Micros[0]), y(0))
		for k, us := range side.d.Micros {
			fmt.Fprintf(&b, ` %.1f,%.1f`, x(us), y(side.d.Share[k]))
		}
		fmt.Fprintf(&b, ` %.1f,%.1f"><title>%s</title></polyline>`, curveWidth, y(1), html.EscapeString(side.name))
	}
	b.WriteString(`</svg>`)
	return b.String()
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
