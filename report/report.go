package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Names of the files that a report is made of, in the run directory.
const (
	File        = "report.md"
	SummaryFile = "perf-summary.json"
)

// Format is a document that a run is written as. A new one is a file with its function and a row of
// [formats].
type Format struct {
	Name  string // for people
	File  string // in the directory of the report
	Write func(io.Writer, *Run) error
}

var formats = []Format{
	{"Markdown report", File, writeMarkdown},
	{"HTML report", HTMLFile, writeHTML},
	{"k6 summary", SummaryFile, writeK6Summary},
}

// Save writes every document of a run, and its charts, into dir. Files are replaced whole, so it may be
// called again. A chart that cannot be drawn is warned of in the documents; an error means that a
// document is missing.
func Save(run *Run, dir string) error {
	// Charts come first: what cannot be drawn is said in the report.
	saveCharts(run, dir)
	for _, f := range formats {
		path := filepath.Join(dir, f.File)
		if err := replaceFile(path, func(w io.Writer) error { return f.Write(w, run) }); err != nil {
			return err
		}
	}
	return nil
}

// Write loads the run in dir and saves its documents there.
func Write(dir string) (*Run, error) {
	run, err := Load(dir)
	if err != nil {
		return nil, err
	}
	return run, Save(run, dir)
}

// replaceFile writes a file beside path and then moves it there, so that path holds the old
// document or the new one and never half of either.
func replaceFile(path string, write func(io.Writer) error) error {
	name := filepath.Base(path)
	f, err := os.CreateTemp(filepath.Dir(path), "."+name+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
