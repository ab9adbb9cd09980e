package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"xinbot.ir/squall/internal/units"
)

// patterns are what is shaded with stripes and dots in every chart.
func patterns() *html.Node {
	return element("svg", class("patterns", "width", "0", "height", "0", "aria-hidden", "true", "focusable", "false"), element("defs", nil,
		element("pattern", []string{"id", "stripes", "width", "7", "height", "7", "patternUnits", "userSpaceOnUse", "patternTransform", "rotate(45)"},
			element("rect", class("fill-spike", "width", "7", "height", "7")),
			element("rect", class("fill-spike", "width", "2.5", "height", "7"))),
		element("pattern", []string{"id", "dots", "width", "6", "height", "6", "patternUnits", "userSpaceOnUse"},
			element("rect", class("fill-idle", "width", "6", "height", "6")),
			element("circle", class("dot", "cx", "3", "cy", "3", "r", "0.8"))),
	))
}

// chart is a chart in each size, with its keys, and its values as a table that can be opened.
func (p *page) chart(c chart) *html.Node {
	if p.drawings == nil {
		for _, l := range svgLayouts {
			p.drawings = append(p.drawings, l.of(p.run))
		}
		p.spans = append(spansOf(p.run), laneNames(p.drawings[0].lanes)...)
	}
	keys := element("span", class("keys"))
	for _, k := range c.keys {
		within(keys, htmlKey(k))
	}
	n := element("figure", class("chart", "id", "chart-"+c.name), lineBreak(),
		element("figcaption", nil, element("strong", nil, words(c.title)), verbatim(" "), keys, lineBreak(), element("span", class("explanation"), words(c.explanation))), lineBreak())
	for i, l := range svgLayouts {
		within(n, drawSVG(p.drawings[i], l.class, c), lineBreak())
	}
	summary := element("summary", nil, verbatim("Values of this chart ("+units.Counted(uint64(len(c.values.rows)), "row", "rows")+")"))
	return within(n, element("details", nil, summary, lineBreak(), p.values(c), lineBreak()), lineBreak())
}

func htmlKey(k chartKey) *html.Node {
	sample := element("path", class("line-"+k.role.look().name, "d", "M0 5.5H24"))
	if k.filled {
		sample = element("rect", class("fill-"+k.role.look().name, "x", "6", "width", "12", "height", "10"))
	}
	return element("span", class("key"), element("svg", []string{"width", "24", "height", "10", "aria-hidden", "true", "focusable", "false"}, sample), words(k.name))
}

// values are the numbers of a chart. The script shows the row of the moment that is pointed at.
func (p *page) values(c chart) *html.Node {
	heads := element("tr", nil, element("th", class("number", "scope", "col"), verbatim("From")))
	for _, name := range c.values.columns {
		within(heads, element("th", []string{"scope", "col"}, words(name)))
	}
	if len(p.spans) > 0 {
		within(heads, element("th", []string{"scope", "col"}, verbatim("Under way")))
	}
	body := element("tbody", nil, lineBreak())
	for _, r := range c.values.rows {
		row := element("tr", []string{"data-from", tenths(r.from), "data-to", tenths(r.to)}, element("th", []string{"scope", "row"}, verbatim(clock(r.from))))
		for _, cell := range r.cells {
			within(row, element("td", nil, words(cell)))
		}
		if len(p.spans) > 0 {
			within(row, element("td", nil, words(underWay(p.spans, r.from, r.to))))
		}
		within(body, row, lineBreak())
	}
	return element("div", class("scroll values", "role", "region", "tabindex", "0", "aria-label", oneLine("Values: "+c.title)),
		element("table", nil, lineBreak(), element("thead", nil, heads), lineBreak(), body))
}

// underWay names what was shaded, or stands in a lane, at some time of a stretch.
func underWay(spans []span, from, to float64) string {
	var names []string
	for _, s := range spans {
		if s.from < to && s.to > from && !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	return cmp.Or(enumerate(names), absent)
}

// roleStyle is the look of roles as a style sheet: their colours on light and on dark backgrounds, and the
// classes of lines and of what is filled.
func roleStyle() string {
	var light, dark, classes strings.Builder
	for _, l := range looks {
		fmt.Fprintf(&light, "--%s:#%06x;", l.name, l.light)
		fmt.Fprintf(&dark, "--%s:#%06x;", l.name, l.dark)
		fmt.Fprintf(&classes, ".fill-%s{fill:var(--%s)", l.name, l.name)
		if l.alpha > 0 {
			fmt.Fprintf(&classes, ";fill-opacity:%.2f", float64(l.alpha)/255)
		}
		classes.WriteString("}\n")
		if l.width > 0 {
			fmt.Fprintf(&classes, ".line-%s{fill:none;stroke:var(--%s);stroke-width:%g", l.name, l.name, l.width)
			for i, d := range l.dashes {
				if i == 0 {
					classes.WriteString(";stroke-dasharray:")
				} else {
					classes.WriteByte(',')
				}
				fmt.Fprintf(&classes, "%g", d)
			}
			classes.WriteString("}\n")
		}
	}
	return ":root{" + light.String() + "}\n@media screen and (prefers-color-scheme:dark){:root{" + dark.String() + "}}\n" + classes.String()
}
