package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"xinbot.ir/squall/internal/atomicfile"
	"xinbot.ir/squall/internal/compare"
)

// ComparisonFormat is a document that a comparison is written as. A new one is a file with its function and a row of
// [comparisonFormats].
type ComparisonFormat struct {
	Name  string // as --format takes it
	Ends  string // how the name of its file ends
	Write func(io.Writer, compare.Report) error
}

var comparisonFormats = []ComparisonFormat{
	{"markdown", ".md", writeComparisonMarkdown},
	{"html", ".html", writeComparisonHTML},
	{"json", ".json", writeComparisonJSON},
}

// ComparisonFormats lists the names of the documents that a comparison can be written as.
func ComparisonFormats() (names []string) {
	for _, f := range comparisonFormats {
		names = append(names, f.Name)
	}
	return names
}

// WriteComparison writes a comparison in the format of that name.
func WriteComparison(w io.Writer, r compare.Report, format string) error {
	for _, f := range comparisonFormats {
		if f.Name == format {
			return f.Write(w, r)
		}
	}
	return fmt.Errorf("write comparison: there is no format %q", format)
}

// ComparisonFormatOf is the format of a file by the end of its name.
func ComparisonFormatOf(path string) (name string, ok bool) {
	for _, f := range comparisonFormats {
		if strings.EqualFold(filepath.Ext(path), f.Ends) {
			return f.Name, true
		}
	}
	return "", false
}

// SaveComparison writes a comparison to a file, whole or not at all. The format is that of the name's end.
func SaveComparison(path string, r compare.Report) error {
	format, ok := ComparisonFormatOf(path)
	if !ok {
		return fmt.Errorf("write %s: the name must end in .md, .html or .json", path)
	}
	return atomicfile.Write(path, atomicfile.Mode, func(w io.Writer) error { return WriteComparison(w, r, format) })
}
