package report

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Export is a document that is written on request, to a place of the user's.
type Export struct {
	Name  string // as --out NAME=PATH takes it
	Files []ExportFile
	Mkdir bool // the directory of the files is made when it is not there, as the tool does whose format it is
}

// ExportFile is one file of an export.
type ExportFile struct {
	Suffix string // behind the path that was asked for
	Write  func(io.Writer, *Run) error
}

// exports are the documents on request. A new one is a file with its function and a row here.
var exports = []Export{
	{Name: "summary", Files: []ExportFile{{"", writeK6Summary}}},
	{Name: "machine-summary", Files: []ExportFile{{"", writeK6MachineSummary}}},
	{Name: "json", Files: []ExportFile{{"", writeK6JSON}}},
	{Name: "csv", Files: []ExportFile{{"", writeK6CSV}}},
	{Name: "junit", Files: []ExportFile{{"", writeJUnit}}},
	{Name: "locust", Files: locustFiles(writeLocustHistory), Mkdir: true},
	{Name: "locust-full", Files: locustFiles(writeLocustFullHistory), Mkdir: true},
}

// ExportNames are the names of the documents on request.
func ExportNames() []string {
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.Name
	}
	return names
}

// FindExport returns the document of a name.
func FindExport(name string) (Export, error) {
	i := slices.IndexFunc(exports, func(e Export) bool { return e.Name == name })
	if i < 0 {
		return Export{}, fmt.Errorf("there is no document %q: must be one of %s", name, strings.Join(ExportNames(), ", "))
	}
	return exports[i], nil
}

// Paths are the files that the export writes.
func (e Export) Paths(path string) []string {
	paths := make([]string, len(e.Files))
	for i, f := range e.Files {
		paths[i] = path + f.Suffix
	}
	return paths
}

// Save writes the files of the export. They are written in place, so that a file that somebody mounted or follows
// stays the same one. The error names each file that was not written whole.
func (e Export) Save(run *Run, path string) error {
	if e.Mkdir {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	var errs []error
	for _, f := range e.Files {
		if err := f.save(run, path+f.Suffix); err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", path+f.Suffix, err))
		}
	}
	return errors.Join(errs...)
}

// gzipped is the end of a name whose file is compressed, as with k6.
const gzipped = ".gz"

func (f ExportFile) save(run *Run, path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriterSize(file, 64<<10)
	if !strings.HasSuffix(path, gzipped) {
		return errors.Join(f.Write(buffered, run), buffered.Flush())
	}
	packed := gzip.NewWriter(buffered)
	return errors.Join(f.Write(packed, run), packed.Close(), buffered.Flush())
}
