// Package printable makes text from elsewhere (answers of the platform, names in a cluster, ledgers) fit for a terminal
// and a log: control characters, escape sequences and characters that turn the direction of writing stand as
// escapes, such as \x1b, and can do nothing. The joiners of letters stay, which Persian words are written with.
package printable

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is the text in one line: line breaks are escaped, too, so that nobody can forge a line.
func Line(text string) string { return escape(text, "") }

// formulas are how a cell begins that a spreadsheet works out instead of showing it (OWASP, "CSV Injection"; tabs and carriage
// returns are escaped in a line anyway).
const formulas = "=+-@"

// Cell is the text in one line, as a cell of a table that a person may open in a spreadsheet: an apostrophe stands before what
// would be a formula there.
func Cell(text string) string {
	line := Line(text)
	if line != "" && strings.IndexByte(formulas, line[0]) >= 0 {
		return "'" + line
	}
	return line
}

// Uncell is the line that a cell was made of.
func Uncell(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.IndexByte(formulas, cell[1]) >= 0 {
		return cell[1:]
	}
	return cell
}

// Lines is the text with its line breaks and tabs.
func Lines(text string) string { return escape(text, "\n\t") }

func escape(text, kept string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || !harmless(r) && !strings.ContainsRune(kept, r) }) < 0 {
		return text
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if harmless(r) && (r != utf8.RuneError || size > 1) || strings.ContainsRune(kept, r) && size > 0 && r != utf8.RuneError {
			b.WriteRune(r)
		} else {
			quoted := strconv.Quote(rest[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		rest = rest[size:]
	}
	return b.String()
}

// harmless reports whether a character can stand in a text as it is.
func harmless(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.IsPrint(r) || r == nonJoiner || r == joiner
}

// Writer writes what is printable of a text, and its line breaks and tabs. A character must not be cut between two
// writes.
type Writer struct{ To io.Writer }

func (w Writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.To, Lines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
