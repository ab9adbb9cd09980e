package report

import (
	"errors"
	"io"
	"path/filepath"

	"xinbot.ir/squall/internal/atomicfile"
)

// Names of the files that a report is made of, in the run directory.
const (
	File        = "report.md"
	SummaryFile = "perf-summary.json"
	JUnitFile   = "junit.xml"
)

// Format is a document that every run is written as. A new one is a file with its function and a row of
// [formats]; one that is written on request alone is a row of [exports].
type Format struct {
	Name  string // for people
	File  string // in the directory of the report
	Write func(io.Writer, *Run) error
}

var formats = []Format{
	{"Markdown report", File, writeMarkdown},
	{"HTML report", HTMLFile, writeHTML},
	{"k6 summary", SummaryFile, writeK6Summary},
	{"JUnit XML", JUnitFile, writeJUnit},
}

// Save writes every document of a run, and its charts, into dir. Files are replaced whole, so it may be
// called again. A chart that cannot be drawn is warned of in the documents; an error means that it, or a document, is
// missing.
func Save(run *Run, dir string) error {
	// Charts come first: what cannot be drawn is said in the report.
	missing := errors.Join(saveCharts(run, dir), saveEvidenceCharts(run, dir))
	for _, f := range formats {
		path := filepath.Join(dir, f.File)
		if err := atomicfile.Write(path, atomicfile.Mode, func(w io.Writer) error { return f.Write(w, run) }); err != nil {
			return errors.Join(missing, err)
		}
	}
	return missing
}

// Write loads the run in dir and saves its documents there.
func Write(dir string) (*Run, error) {
	run, err := Load(dir)
	if err != nil {
		return nil, err
	}
	return run, Save(run, dir)
}
