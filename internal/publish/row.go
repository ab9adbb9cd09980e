package publish

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// DefaultRelease is the release of a row when nobody has named it.
const DefaultRelease = "unreleased"

// Row is the row of a run in the release log.
type Row struct {
	Run        string // its id
	Release    string // "": [DefaultRelease], or what stands there
	Date       string // 2026-07-30
	Highlights string // Markdown in one line, fit for a cell
	Issues     []Link
}

// The columns of the release log, as they are compared.
const (
	releaseColumn    = "release"
	dateColumn       = "date"
	highlightsColumn = "highlights"
)

var releaseLogColumns = []string{releaseColumn, dateColumn, highlightsColumn}

// PutRow puts a row into the table below a heading. Where the dates of the table say that the newest stands first, it
// goes there, else to the end. A row of the run that is there already, in whatever table, is left as it is but for links
// to issues that it lacks, or written anew.
func PutRow(d Document, heading string, row Row, replace bool) (Edit, error) {
	if err := checkID(row.Run); err != nil {
		return Edit{}, err
	}
	if at, table, found := d.findRow(row.Run); found {
		if replace {
			return d.replaceRow(at, table, row)
		}
		return d.linkRow(at, row), nil
	}
	table, err := d.releaseLog(heading)
	if err != nil {
		return Edit{}, err
	}
	line, at := d.rowText(table, row), d.rowPlace(table, row.Date)
	edited := Document{d.Name, d.insertLines(at, []string{line})}
	put, _, found := edited.findRow(row.Run)
	if !found {
		return Edit{}, d.unclosed()
	}
	return Edit{Added, edited.lineNumber(put), edited.Text}, nil
}

// findRow finds the row of a run: the beginning of its line.
func (d Document) findRow(id string) (at int, table ast.Node, found bool) {
	for _, block := range d.blocks() {
		if block.Kind() != extast.KindTable {
			continue
		}
		for _, row := range children(block) {
			if !isRow(row) {
				continue
			}
			at := d.lineStart(row.Pos())
			if strings.Contains(string(d.Text[at:d.lineEnd(at)]), runMarker(id)) {
				return at, block, true
			}
		}
	}
	return 0, nil, false
}

// linkRow adds the links that a row lacks, before its marker.
func (d Document) linkRow(at int, row Row) Edit {
	line := string(d.Text[at:d.lineEnd(at)])
	lacking := missing(row.Issues, line)
	if len(lacking) == 0 {
		return Edit{Unchanged, d.lineNumber(at), d.Text}
	}
	place := at + strings.Index(line, runMarker(row.Run))
	return Edit{LinksAdded, d.lineNumber(at), d.splice(place, place, linksText(lacking))}
}

func linksText(links []Link) string {
	var b strings.Builder
	for _, l := range links {
		b.WriteString(l.markdown() + " ")
	}
	return b.String()
}

func (d Document) replaceRow(at int, table ast.Node, row Row) (Edit, error) {
	heads := d.heads(table)
	if !isReleaseLog(heads) {
		return Edit{}, &RefusedError{d.Name, d.lineNumber(at), "the row of run " + row.Run + " is in a table without the columns Release, Date and Highlights", "move it back to the release log, or delete it"}
	}
	if row.Release == "" {
		row.Release = strings.Trim(d.releaseAt(at, table, heads), "`")
	}
	text, end := d.rowText(table, row), d.lineEnd(at)
	if text == string(d.Text[at:end]) {
		return Edit{Unchanged, d.lineNumber(at), d.Text}, nil
	}
	edited := Document{d.Name, d.splice(at, end, text)}
	if _, _, found := edited.findRow(row.Run); !found {
		return Edit{}, d.unclosed()
	}
	return Edit{Replaced, d.lineNumber(at), edited.Text}, nil
}

// releaseAt is the release that a row has.
func (d Document) releaseAt(at int, table ast.Node, heads []string) string {
	for _, row := range children(table) {
		if isRow(row) && d.lineStart(row.Pos()) == at {
			return d.column(row, heads, releaseColumn)
		}
	}
	return ""
}

// column is the text of a row's cell in a column.
func (d Document) column(row ast.Node, heads []string, name string) string {
	cells, n := children(row), slices.Index(heads, name)
	if n < 0 || n >= len(cells) {
		return ""
	}
	return d.cell(cells[n])
}

// releaseLog finds the first table with the columns of a release log below a heading.
func (d Document) releaseLog(heading string) (ast.Node, error) {
	level, line := 0, 0
	for _, block := range d.blocks() {
		if h, is := block.(*ast.Heading); is {
			if level > 0 && h.Level <= level {
				level = 0
			}
			if level == 0 && sameHeading(d.raw(h), heading) {
				level = h.Level
				if h.Lines().Len() > 0 {
					line = d.lineNumber(h.Lines().At(0).Start)
				}
			}
			continue
		}
		if level > 0 && block.Kind() == extast.KindTable && isReleaseLog(d.heads(block)) {
			return block, nil
		}
	}
	e := &RefusedError{Name: d.Name, Line: line, Problem: fmt.Sprintf("there is no table with the columns Release, Date and Highlights below %q", heading), Remedy: "add the line | Release | Date | Highlights | and below it | --- | --- | --- |"}
	if line == 0 {
		e.Problem, e.Remedy = fmt.Sprintf("there is no heading %q", heading), "add it with a table that has the columns Release, Date and Highlights, or name another with --release-log"
	}
	return nil, e
}

// sectionNumber is in front of headings that are numbered.
var sectionNumber = regexp.MustCompile(`^\d+(\.\d+)*[.)]?\s+`)

// sameHeading compares headings without their numbers, which change when a section is added before them.
func sameHeading(a, b string) bool {
	plain := func(text string) string {
		return strings.Trim(sectionNumber.ReplaceAllString(strings.TrimSpace(text), ""), " \t*_`")
	}
	return strings.EqualFold(plain(a), plain(b))
}

// heads are the heads of a table's columns, as they are compared.
func (d Document) heads(table ast.Node) (all []string) {
	for _, c := range children(table.FirstChild()) {
		all = append(all, strings.ToLower(strings.Trim(d.cell(c), "*_` ")))
	}
	return all
}

func isReleaseLog(heads []string) bool {
	return !slices.ContainsFunc(releaseLogColumns, func(c string) bool { return !slices.Contains(heads, c) })
}

// rowText writes the row in the table's columns.
func (d Document) rowText(table ast.Node, row Row) string {
	release := row.Release
	if release == "" {
		release = DefaultRelease
	}
	cells := map[string]string{
		releaseColumn: "`" + release + "`", dateColumn: row.Date,
		highlightsColumn: row.Highlights + " " + linksText(row.Issues) + runMarker(row.Run),
	}
	text := "|"
	for _, head := range d.heads(table) {
		text += strings.TrimRight(" "+cells[head], " ") + " |"
	}
	return text
}

// rowPlace is the beginning of the line before which a row belongs.
func (d Document) rowPlace(table ast.Node, date string) int {
	heads, last := d.heads(table), 0
	for _, c := range children(table.FirstChild()) {
		if c.Lines().Len() > 0 {
			last = d.nextLine(d.nextLine(c.Lines().At(0).Start)) // the line after the delimiters
		}
	}
	rows := slices.DeleteFunc(children(table), func(n ast.Node) bool { return !isRow(n) })
	newestFirst := d.newestFirst(rows, heads)
	for _, row := range rows {
		at := d.lineStart(row.Pos())
		if of, ok := dateOf(d.column(row, heads, dateColumn)); newestFirst && ok && of <= date {
			return at
		}
		last = d.nextLine(at)
	}
	return last
}

// newestFirst reports whether the dates of a table fall from its beginning to its end.
func (d Document) newestFirst(rows []ast.Node, heads []string) bool {
	before, falls := "", false
	for _, row := range rows {
		date, ok := dateOf(d.column(row, heads, dateColumn))
		if !ok {
			continue
		}
		if before != "" && date > before {
			return false
		}
		falls = falls || before != "" && date < before
		before = date
	}
	return falls
}

// dateOf reads the date of a cell.
func dateOf(cell string) (string, bool) {
	_, err := time.Parse(time.DateOnly, cell)
	return cell, err == nil
}
