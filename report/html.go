package report

import (
	"crypto/sha256"
	_ "embed" // the style and the script of a page
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"xinbot.ir/squall/internal/slo"
)

// HTMLFile is the report as one page, in the run directory.
const HTMLFile = "report.html"

var (
	//go:embed html/style.css
	pageStyle string
	//go:embed html/script.js
	pageScript string
)

// writeHTML writes the report as one page that needs no other file and no network, and is complete
// without its script. Its own policy lets a browser load nothing and run nothing but that script.
func writeHTML(w io.Writer, run *Run) error {
	p := &page{run: run}
	blocks := document(run)
	style := roleStyle() + pageStyle
	body := element("body", nil, lineBreak(), patterns(), lineBreak(), p.main(blocks), lineBreak(),
		element("script", nil, verbatim(pageScript)), lineBreak())
	root := element("html", []string{"lang", "en"}, lineBreak(), head(strings.ToUpper(run.verdict.Answer.String())+" · "+titleOf(blocks), style), lineBreak(), body, lineBreak())
	whole := within(&html.Node{Type: html.DocumentNode}, &html.Node{Type: html.DoctypeNode, Data: "html"}, lineBreak(), root)
	if err := html.Render(w, whole); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func head(title, style string) *html.Node {
	policy := "default-src 'none'; img-src data:; style-src " + sourceHash(style) + "; script-src " + sourceHash(pageScript) + "; base-uri 'none'; form-action 'none'"
	n := element("head", nil, lineBreak())
	for _, child := range []*html.Node{
		element("meta", []string{"charset", "utf-8"}),
		element("meta", []string{"http-equiv", "Content-Security-Policy", "content", policy}),
		element("meta", []string{"name", "viewport", "content", "width=device-width, initial-scale=1"}),
		element("meta", []string{"name", "color-scheme", "content", "light dark"}),
		element("title", nil, words(title)),
		element("link", []string{"rel", "icon", "href", "data:,"}),
		element("style", nil, verbatim(style)),
	} {
		within(n, child, lineBreak())
	}
	return n
}

// sourceHash names an inline style or script in a page's policy.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func titleOf(blocks []block) string {
	for _, b := range blocks {
		if h, is := b.(heading); is && h.level == 1 {
			return h.text
		}
	}
	return "Run"
}

// page is a page being made.
type page struct {
	run      *Run
	drawings []*drawing // by layout, made for the first chart
	spans    []span
	under    string // the heading that blocks stand under
}

// main is everything that is seen: the verdict with what belongs to it, a list of contents, and the sections.
func (p *page) main(blocks []block) *html.Node {
	main, contents := element("main", nil, lineBreak()), element("ul", nil)
	part := element("header", nil, lineBreak())
	within(main, part, lineBreak())
	for _, b := range blocks {
		if h, is := b.(heading); is && h.level == 2 {
			at := anchor(h.text)
			if contents.FirstChild == nil {
				within(main, element("nav", []string{"aria-label", "Contents"}, contents), lineBreak())
			}
			within(contents, element("li", nil, element("a", []string{"href", "#" + at}, words(h.text))), lineBreak())
			part = element("section", []string{"aria-labelledby", at}, lineBreak())
			within(main, part, lineBreak())
		}
		within(part, p.block(b), lineBreak())
	}
	return main
}

// anchor is the address of a section within the page.
func anchor(title string) string {
	return strings.ReplaceAll(strings.ToLower(oneLine(title)), " ", "-")
}

func (p *page) block(b block) *html.Node {
	switch b := b.(type) {
	case heading:
		p.under = b.text
		if b.level == 2 {
			return element("h2", []string{"id", anchor(b.text)}, words(b.text))
		}
		return element(fmt.Sprintf("h%d", b.level), nil, words(b.text))
	case result:
		answer := [...]string{slo.NotJudged: "not-judged", slo.Passed: "passed", slo.Failed: "failed"}[b.answer]
		n := element("p", class("result "+answer), element("strong", nil, words(b.head())), element("span", class("colon"), verbatim(": ")))
		return within(n, b.text.nodes()...)
	case paragraph:
		return element("p", nil, b.text.nodes()...)
	case note:
		return element("p", class("note", "role", "note"), b.text.nodes()...)
	case list:
		n := element("ul", nil, lineBreak())
		for _, i := range b.items {
			within(n, element("li", nil, i.nodes()...), lineBreak())
		}
		return n
	case script:
		code := element("code", nil)
		for i, l := range b.lines {
			if i > 0 {
				within(code, lineBreak())
			}
			within(code, words(l))
		}
		return element("pre", []string{"tabindex", "0"}, code)
	case table:
		return htmlTable(b, p.under)
	case picture:
		return p.chart(b.chart)
	}
	return nil
}

// nodes are the stretches of a line.
func (l line) nodes() (all []*html.Node) {
	for _, s := range l {
		n := words(s.text)
		switch s.style {
		case plainStyle:
		case strongStyle:
			n = element("strong", nil, n)
		case codeStyle:
			n = element("code", nil, n)
		case passStyle, failStyle, unknownStyle:
			name := map[style]string{passStyle: "pass", failStyle: "fail", unknownStyle: "unknown"}[s.style]
			n = element("span", class(name), n)
		}
		all = append(all, n)
	}
	return all
}

// cards reports whether a table is too wide for a phone because of its text: there each row stands by itself.
// A table of numbers can be moved to and fro.
func (t table) cards() bool {
	const texts, codes = 4, 4 // columns, of text or beside code
	n := 0
	for _, c := range t.columns {
		if !c.number && c.head != "" {
			n++
		}
	}
	coded := slices.ContainsFunc(t.rows, func(cells []line) bool {
		return slices.ContainsFunc(cells, func(l line) bool {
			return slices.ContainsFunc(l, func(s inline) bool { return s.style == codeStyle })
		})
	})
	return n >= texts || coded && len(t.columns) >= codes
}

// htmlTable is a table that can be scrolled, named after the heading it stands under. Roles are given although
// elements have them: shown as cards, they would lose them.
func htmlTable(t table, under string) *html.Node {
	named := slices.IndexFunc(t.columns, func(c column) bool { return c.head != "" })
	if named >= 0 && t.columns[named].number {
		named = -1 // no column names the row
	}
	attributes := make([][]string, len(t.columns)) // of the cells of a column
	heads := element("tr", []string{"role", "row"})
	for i, c := range t.columns {
		attributes[i] = []string{"role", "cell", "data-label", oneLine(c.head)}
		if i == named {
			attributes[i] = []string{"role", "rowheader", "scope", "row", "data-label", oneLine(c.head)}
		}
		head := []string{"role", "columnheader", "scope", "col"}
		if c.number {
			attributes[i], head = class("number", attributes[i]...), class("number", head...)
		}
		label := words(c.head)
		if c.head == "" {
			label = element("span", class("unseen"), verbatim("Sign"))
		}
		within(heads, element("th", head, label))
	}
	body := element("tbody", []string{"role", "rowgroup"}, lineBreak())
	for _, cells := range t.rows {
		row := element("tr", []string{"role", "row"})
		for i, c := range cells {
			name := "td"
			if i == named {
				name = "th"
			}
			within(row, element(name, attributes[i], c.nodes()...))
		}
		within(body, row, lineBreak())
	}
	names := "scroll"
	if t.cards() {
		names += " cards"
	}
	return element("div", class(names, "role", "region", "tabindex", "0", "aria-label", oneLine(under)), lineBreak(),
		element("table", []string{"role", "table"}, lineBreak(), element("thead", []string{"role", "rowgroup"}, heads), lineBreak(), body), lineBreak())
}
