package report

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/slo"
)

// HTMLFile is the report as one page, in the run directory.
const HTMLFile = "report.html"

//go:embed html
var htmlFiles embed.FS

var (
	htmlPage   = template.Must(template.New("").ParseFS(htmlFiles, "html/*.tmpl"))
	htmlStyle  = roleStyle() + embedded("html/style.css")
	htmlScript = embedded("html/script.js")
)

func embedded(name string) string {
	text, err := htmlFiles.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// writeHTML writes the report as one page that needs no other file and no network, and is complete
// without its script. Its own policy lets a browser load nothing and run nothing but that script.
func writeHTML(w io.Writer, run *Run) error {
	p := htmlWriter{to: w, run: run}
	blocks := document(run)
	var sections []htmlSection
	for _, b := range blocks {
		if h, is := b.(heading); is && h.level == 2 {
			sections = append(sections, htmlSection{oneLine(h.text), anchor(h.text)})
		}
	}
	p.execute("head", map[string]any{
		"Title":  strings.ToUpper(run.verdict.Answer.String()) + " · " + oneLine(titleOf(blocks)),
		"Policy": "default-src 'none'; img-src data:; style-src " + sourceHash(htmlStyle) + "; script-src " + sourceHash(htmlScript) + "; base-uri 'none'; form-action 'none'",
		"Style":  template.CSS(htmlStyle), //nolint:gosec // a constant of this program
	})
	contents := sections
	for _, b := range blocks {
		if h, is := b.(heading); is && h.level == 2 && contents != nil {
			p.execute("contents", contents)
			contents = nil // once, below the verdict
		}
		p.block(b)
	}
	p.execute("foot", template.JS(htmlScript)) //nolint:gosec // a constant of this program
	return p.err
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

// htmlSection is a section in the list of contents.
type htmlSection struct{ Title, Anchor string }

// anchor is the address of a section within the page.
func anchor(title string) string { return strings.ReplaceAll(strings.ToLower(title), " ", "-") }

// htmlWriter writes a page until an error.
type htmlWriter struct {
	to       io.Writer
	run      *Run
	drawings []*drawing // by layout, made for the first chart
	spans    []span
	under    string // the heading that blocks stand under
	open     bool   // a section is open
	err      error
}

func (p *htmlWriter) execute(name string, data any) {
	if p.err == nil {
		p.err = htmlPage.ExecuteTemplate(p.to, name, data)
	}
}

func (p *htmlWriter) block(b block) {
	switch b := b.(type) {
	case heading:
		p.under = b.text
		if b.level == 2 {
			p.execute("section", struct {
				htmlSection
				First bool
			}{htmlSection{oneLine(b.text), anchor(b.text)}, !p.open})
			p.open = true
			return
		}
		p.execute("heading", map[string]any{"Level": b.level, "Text": oneLine(b.text)})
	case result:
		p.execute("result", b)
	case paragraph:
		p.execute("paragraph", b.text)
	case note:
		p.execute("note", b.text)
	case list:
		p.execute("list", b.items)
	case script:
		var lines []string
		for _, l := range b.lines {
			lines = append(lines, oneLine(l))
		}
		p.execute("script", strings.Join(lines, "\n"))
	case table:
		p.execute("table", htmlTableOf(b, p.under))
	case picture:
		p.execute("chart", p.chart(b.chart))
	}
}

// Text is the text of a stretch, fit for a document. Templates call it.
func (s inline) Text() string { return oneLine(s.text) }

// Tag is the element that a stretch is set in; "" for plain text.
func (s inline) Tag() string {
	return [...]string{plainStyle: "", strongStyle: "strong", codeStyle: "code", passStyle: "pass", failStyle: "fail", unknownStyle: "unknown"}[s.style]
}

// Answer is the verdict as a class.
func (r result) Answer() string {
	return [...]string{slo.NotJudged: "not-judged", slo.Passed: "passed", slo.Failed: "failed"}[r.answer]
}

// Line is the sentence.
func (r result) Line() line { return r.text }

// Head is the verdict in a word, with its sign.
func (r result) Head() string { return r.head() }

// htmlTable is a table with what a page says of it beside its cells.
type htmlTable struct {
	Label string
	Cards bool // on a phone each row stands by itself: it is wider than it
	Heads []htmlCell
	Rows  [][]htmlCell
}

// htmlCell is a cell, or a head.
type htmlCell struct {
	Label   string // its head
	Number  bool
	Heading bool // of its row
	Line    line
}

// cards reports whether a table is too wide for a phone because of its text. One of numbers can be moved to
// and fro.
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

func htmlTableOf(t table, under string) htmlTable {
	h := htmlTable{Label: oneLine(under), Cards: t.cards()}
	heading := slices.IndexFunc(t.columns, func(c column) bool { return c.head != "" })
	if heading >= 0 && t.columns[heading].number {
		heading = -1 // no column names the row
	}
	for _, c := range t.columns {
		h.Heads = append(h.Heads, htmlCell{Label: oneLine(c.head), Number: c.number})
	}
	for _, cells := range t.rows {
		row := make([]htmlCell, len(cells))
		for n, c := range cells {
			row[n] = htmlCell{Label: h.Heads[n].Label, Number: h.Heads[n].Number, Heading: n == heading, Line: c}
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// htmlChart is a chart in a page.
type htmlChart struct {
	Name, Title, Explanation string
	Keys                     []htmlKey
	Drawings                 []*svg
	Columns                  []string
	Rows                     []htmlRow
}

type htmlKey struct {
	Name, Class string
	Filled      bool
}

// htmlRow is the numbers of a stretch. Cells begin with when it was.
type htmlRow struct {
	From, To string // seconds
	Cells    []string
}

func (p *htmlWriter) chart(c chart) htmlChart {
	if p.drawings == nil {
		for _, l := range svgLayouts {
			p.drawings = append(p.drawings, l.of(p.run))
		}
		p.spans = spansOf(p.run)
	}
	h := htmlChart{Name: c.name, Title: oneLine(c.title), Explanation: oneLine(c.explanation), Columns: []string{"From"}}
	for _, k := range c.keys {
		kind := "line-"
		if k.filled {
			kind = "fill-"
		}
		h.Keys = append(h.Keys, htmlKey{oneLine(k.name), kind + k.role.look().name, k.filled})
	}
	for i, l := range svgLayouts {
		h.Drawings = append(h.Drawings, drawSVG(p.drawings[i], l.class, c))
	}
	for _, name := range c.values.columns {
		h.Columns = append(h.Columns, oneLine(name))
	}
	if len(p.spans) > 0 {
		h.Columns = append(h.Columns, "Under way")
	}
	for _, r := range c.values.rows {
		row := htmlRow{From: tenths(r.from), To: tenths(r.to), Cells: []string{clock(r.from)}}
		for _, cell := range r.cells {
			row.Cells = append(row.Cells, oneLine(cell))
		}
		if len(p.spans) > 0 {
			row.Cells = append(row.Cells, oneLine(underWay(p.spans, r.from, r.to)))
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// underWay names what was shaded at some time of a stretch.
func underWay(spans []span, from, to float64) string {
	var names []string
	for _, s := range spans {
		if s.from >= to {
			break // they are in order
		}
		if s.to > from {
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
