package publish

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Document is a Markdown file of the team's.
type Document struct {
	Name string // its path, for messages
	Text []byte
}

// RefusedError is a document in which there is no place for what is to be added.
type RefusedError struct {
	Name    string
	Line    int // 0: it is about the whole file
	Problem string
	Remedy  string
}

func (e *RefusedError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", e.Name, e.Problem, e.Remedy)
	}
	return fmt.Sprintf("%s:%d: %s: %s", e.Name, e.Line, e.Problem, e.Remedy)
}

// Outcome is what became of a document.
type Outcome uint8

// The outcomes.
const (
	Unchanged  Outcome = iota // what is to be there is there
	Added                     // an entry or a row is new
	LinksAdded                // links to issues are new
	Replaced                  // an entry or a row was written anew
)

// String is the outcome for people.
func (o Outcome) String() string {
	return [...]string{"already there, left as it is", "added", "links to issues added", "replaced"}[o]
}

// Edit is a document after a change, and where that was.
type Edit struct {
	Outcome Outcome
	Line    int    // of the entry or the row in Text
	Text    []byte // of the whole document
}

// Diff is the change as a unified diff, as git apply reads it; "" when nothing changed.
func (e Edit) Diff(before Document) string {
	old, edited := string(before.Text), string(e.Text)
	unified, err := udiff.ToUnified("a/"+before.Name, "b/"+before.Name, old, udiff.Lines(old, edited), udiff.DefaultContextLines)
	if err != nil {
		panic(fmt.Sprint("publish: edits do not belong to their text: ", err))
	}
	return unified
}

// Markers around an entry, and in a row.
func runMarker(id string) string { return "<!-- squall:run " + id + " -->" }
func endMarker(id string) string { return "<!-- squall:end " + id + " -->" }

// validID keeps a run's id fit for a comment.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func checkID(id string) error {
	if !validID.MatchString(id) {
		return fmt.Errorf("the run's id is %q: letters, digits, dot, hyphen and underscore are accepted", id)
	}
	return nil
}

// blocks are the top-level blocks of the document: code, quotes and lists are not looked into.
func (d Document) blocks() (all []ast.Node) {
	blockParser := parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(), util.Prioritized(extension.NewTableParagraphTransformer(), 200))...),
	)
	for n := blockParser.Parse(text.NewReader(d.Text)).FirstChild(); n != nil; n = n.NextSibling() {
		all = append(all, n)
	}
	return all
}

// raw is the text of a block's lines.
func (d Document) raw(n ast.Node) string { return string(n.Lines().Value(d.Text)) }

// lineStart is where the line of a byte begins.
func (d Document) lineStart(at int) int { return bytes.LastIndexByte(d.Text[:at], '\n') + 1 }

// nextLine is where the line after that of a byte begins, or the end of the text.
func (d Document) nextLine(at int) int {
	if n := bytes.IndexByte(d.Text[at:], '\n'); n >= 0 {
		return at + n + 1
	}
	return len(d.Text)
}

// lineEnd is where the line of a byte ends, without its line break.
func (d Document) lineEnd(at int) int {
	end := d.nextLine(at)
	return end - len(lineBreak(d.Text[d.lineStart(at):end]))
}

// lineNumber counts from 1.
func (d Document) lineNumber(at int) int { return bytes.Count(d.Text[:at], []byte("\n")) + 1 }

// lineBreak is how a line ends; "" when it is the last and does not.
func lineBreak(line []byte) string {
	switch {
	case bytes.HasSuffix(line, []byte("\r\n")):
		return "\r\n"
	case bytes.HasSuffix(line, []byte("\n")):
		return "\n"
	}
	return ""
}

// breakAt is the line break that new lines before at should have: that of the line above, else that of the file.
func (d Document) breakAt(at int) string {
	above := d.Text[:at]
	if br := lineBreak(above); br != "" {
		return br
	}
	if n := bytes.IndexByte(d.Text, '\n'); n >= 0 {
		return lineBreak(d.Text[:n+1])
	}
	return "\n"
}

// insertLines puts lines before the line that begins at a byte, or behind the end. A last line without a line break gets
// one, and then the new last line has none.
func (d Document) insertLines(at int, lines []string) []byte {
	br := d.breakAt(at)
	added := strings.Join(lines, br)
	if at > 0 && d.Text[at-1] != '\n' {
		added = br + added
	} else {
		added += br
	}
	return d.splice(at, at, added)
}

// splice puts a text in the place of some bytes.
func (d Document) splice(from, to int, with string) []byte {
	edited := make([]byte, 0, len(d.Text)-(to-from)+len(with))
	edited = append(edited, d.Text[:from]...)
	edited = append(edited, with...)
	return append(edited, d.Text[to:]...)
}

// unclosed explains why what was put into the document is not seen there.
func (d Document) unclosed() error {
	e := &RefusedError{Name: d.Name, Problem: "what stands here would take up what is added", Remedy: "close its code fence, comment or HTML block"}
	if all := d.blocks(); len(all) > 0 {
		last := all[len(all)-1]
		if at := last.Pos(); at >= 0 && at <= len(d.Text) {
			e.Line = d.lineNumber(at)
		}
	}
	return e
}

// cell is the text of a cell of a table.
func (d Document) cell(c ast.Node) string {
	if c == nil || c.Lines().Len() == 0 {
		return ""
	}
	return strings.TrimSpace(d.raw(c))
}

// children lists the children of a node.
func children(n ast.Node) (all []ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		all = append(all, c)
	}
	return all
}

// isRow reports whether a part of a table is a row, and not its head.
func isRow(n ast.Node) bool { return n.Kind() == extast.KindTableRow }

// Link is a link to an issue.
type Link struct{ Text, URL string }

func (l Link) markdown() string { return "[" + l.Text + "](" + l.URL + ")" }

// missing are the links that a text does not have.
func missing(links []Link, in string) (all []Link) {
	for _, l := range links {
		if !strings.Contains(in, "("+l.URL+")") {
			all = append(all, l)
		}
	}
	return all
}
