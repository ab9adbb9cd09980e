package publish

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Entry is the entry of a run in the playbook.
type Entry struct {
	Run    string // its id
	Text   string // Markdown
	Issues []Link // each a line at its end
}

// PutEntry puts an entry at the end of a document, between two comments. An entry of the run that is there already is left
// as it is but for links to issues that it lacks, or written anew.
func PutEntry(d Document, e Entry, replace bool) (Edit, error) {
	if err := checkID(e.Run); err != nil {
		return Edit{}, err
	}
	from, end, found, err := d.findEntry(e.Run)
	switch {
	case err != nil:
		return Edit{}, err
	case found && replace:
		return d.replaceEntry(from, end, e)
	case found:
		return d.linkEntry(from, end, e), nil
	}
	lines := e.lines()
	if !d.endsBlank() {
		lines = append([]string{""}, lines...)
	}
	edited := Document{d.Name, d.insertLines(len(d.Text), lines)}
	at, _, found, err := edited.findEntry(e.Run)
	if err != nil || !found {
		return Edit{}, d.unclosed()
	}
	return Edit{Added, edited.lineNumber(at), edited.Text}, nil
}

// endsBlank reports whether the document is empty or ends with an empty line.
func (d Document) endsBlank() bool {
	if len(d.Text) == 0 {
		return true
	}
	if d.Text[len(d.Text)-1] != '\n' {
		return false
	}
	last := d.lineStart(len(d.Text) - 1)
	return strings.TrimSpace(string(d.Text[last:])) == ""
}

// lines are those of the entry with its markers.
func (e Entry) lines() []string {
	lines := append([]string{runMarker(e.Run), ""}, strings.Split(strings.Trim(e.Text, "\n"), "\n")...)
	if links := linkLines(e.Issues); len(links) > 0 {
		lines = append(append(lines, ""), links...)
	}
	return append(lines, "", endMarker(e.Run))
}

// linkLines is a list of links.
func linkLines(links []Link) (lines []string) {
	for _, l := range links {
		lines = append(lines, "- "+l.markdown())
	}
	return lines
}

// findEntry finds the lines of the markers of a run's entry: where each begins.
func (d Document) findEntry(id string) (from, end int, found bool, err error) {
	for _, block := range d.blocks() {
		html, is := block.(*ast.HTMLBlock)
		if !is || html.Lines().Len() == 0 {
			continue
		}
		at := d.lineStart(html.Lines().At(0).Start)
		switch line := strings.TrimSpace(string(d.Text[at:d.lineEnd(at)])); {
		case !found && line == runMarker(id):
			from, found = at, true
		case found && line == endMarker(id):
			return from, at, true, nil
		}
	}
	if !found {
		return 0, 0, false, nil
	}
	return 0, 0, true, &RefusedError{d.Name, d.lineNumber(from), "the entry of run " + id + " has no end", "put the line " + endMarker(id) + " behind it, or delete the entry"}
}

// linkEntry adds the links that an entry lacks, before its end.
func (d Document) linkEntry(from, end int, e Entry) Edit {
	lacking := missing(e.Issues, string(d.Text[from:end]))
	if len(lacking) == 0 {
		return Edit{Unchanged, d.lineNumber(from), d.Text}
	}
	return Edit{LinksAdded, d.lineNumber(from), d.insertLines(end, append(linkLines(lacking), ""))}
}

func (d Document) replaceEntry(from, end int, e Entry) (Edit, error) {
	to, br := d.lineEnd(end), d.breakAt(d.nextLine(from))
	edited := Document{d.Name, d.splice(from, to, strings.Join(e.lines(), br))}
	if slices.Equal(edited.Text, d.Text) {
		return Edit{Unchanged, d.lineNumber(from), d.Text}, nil
	}
	if _, _, found, err := edited.findEntry(e.Run); err != nil || !found {
		return Edit{}, d.unclosed()
	}
	return Edit{Replaced, d.lineNumber(from), edited.Text}, nil
}
