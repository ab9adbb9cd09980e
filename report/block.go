package report

import (
	"strings"

	"xinbot.ir/squall/internal/slo"
)

// block is a piece of a document, in no format yet. Text in blocks is plain: formats escape it.
type block interface{ isBlock() }

type (
	// heading opens a section; level 1 is the title of the document.
	heading struct {
		level int
		text  string
	}
	// result is the verdict of the run and why, in one sentence.
	result struct {
		answer slo.Answer
		text   line
	}
	paragraph struct{ text line }
	list      struct{ items []line }
	// table is a head and rows of as many cells.
	table struct {
		columns []column
		rows    [][]line
	}
	// picture is a chart: a file beside the document, or drawn in it.
	picture struct {
		path, alt string
		chart     chart
	}
	// note is set apart: something that a reader must not miss.
	note struct{ text line }
	// script is commands to copy, one a line.
	script struct{ lines []string }
)

func (heading) isBlock()   {}
func (result) isBlock()    {}
func (paragraph) isBlock() {}
func (list) isBlock()      {}
func (table) isBlock()     {}
func (picture) isBlock()   {}
func (note) isBlock()      {}
func (script) isBlock()    {}

// head is the verdict in a word, with its sign.
func (r result) head() string {
	return verdictSymbol(r.answer) + " " + strings.ToUpper(r.answer.String())
}

// column is a head of a table. Numbers are set flush right.
type column struct {
	head   string
	number bool
}

// textColumns makes columns of text, numbers those of numbers.
func textColumns(heads ...string) []column { return columns(false, heads) }

func numberColumns(heads ...string) []column { return columns(true, heads) }

func columns(number bool, heads []string) []column {
	var all []column
	for _, h := range heads {
		all = append(all, column{h, number})
	}
	return all
}

// style is how a stretch of text is set.
type style uint8

const (
	plainStyle style = iota
	strongStyle
	codeStyle // names that a person may copy: metrics, flags, paths
	passStyle // the sign of what passed, failed, or could not be judged
	failStyle
	unknownStyle
)

// inline is text in one style, and line is stretches one after the other.
type inline struct {
	text  string
	style style
	href  string // relative address that a plain text links to; "": none
}

type line []inline

func plain(parts ...string) line { return line{{text: strings.Join(parts, ""), style: plainStyle}} }

func strong(text string) line { return line{{text: text, style: strongStyle}} }

func code(text string) line { return line{{text: text, style: codeStyle}} }

// sign is a single character in its style.
func sign(symbol string, s style) line { return line{{text: symbol, style: s}} }

// then appends more to a line.
func (l line) then(more ...line) line {
	for _, m := range more {
		l = append(l, m...)
	}
	return l
}

// text is the line without its styles.
func (l line) text() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	return b.String()
}

// textRow makes cells of plain text.
func textRow(cells ...string) []line {
	var all []line
	for _, c := range cells {
		all = append(all, plain(c))
	}
	return all
}
