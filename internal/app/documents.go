package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/annotate"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/report"
)

// rawData are the files of a run directory that everything else is made from.
var rawData = []string{rundir.JournalFile, rundir.WindowsFile, rundir.HistogramFile, rundir.SamplesFile, rundir.ProbesFile, chaos.LedgerFile, session.LockFile, annotate.File}

// SaveDocuments writes the documents that were asked for beside those of the run directory. The error names each that
// was not written whole.
func SaveDocuments(run *report.Run, dir string, documents []config.Document) error {
	var errs []error
	for _, d := range documents {
		export, err := document(dir, d)
		if err == nil {
			err = export.Save(run, d.Path)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// document is what was asked for, unless it would be written over what the run consists of.
func document(dir string, d config.Document) (report.Export, error) {
	export, err := report.FindExport(d.Name)
	if err != nil {
		return report.Export{}, fmt.Errorf("%s: %w", d.Source, err)
	}
	for _, path := range export.Paths(d.Path) {
		if slices.Contains(rawData, filepath.Base(path)) && sameDirectory(filepath.Dir(path), dir) {
			return report.Export{}, fmt.Errorf("%s: %s is a file of the run itself: give another name", d.Source, path)
		}
	}
	return export, nil
}

func sameDirectory(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// writableDocuments sees that documents can be written, and leaves no file behind.
func writableDocuments(dir string, documents []config.Document) error {
	for _, d := range documents {
		export, err := document(dir, d)
		if err != nil {
			return err
		}
		if export.Mkdir {
			if err := os.MkdirAll(filepath.Dir(d.Path), 0o755); err != nil {
				return fmt.Errorf("%s: %w: give a place that can be written", d.Source, err)
			}
		}
		for _, path := range export.Paths(d.Path) {
			if err := writableFile(path); err != nil {
				return fmt.Errorf("%s: %w: give a file that can be written", d.Source, err)
			}
		}
	}
	return nil
}

// AppendJobSummary appends the run to the job summary of GitHub Actions, once for each run. One that still goes on has its
// turn when it has ended.
func AppendJobSummary(run *report.Run, dir, path string) error {
	lock, err := session.Lock(dir)
	if err != nil {
		return fmt.Errorf("look whether the run still goes on: %w", err)
	}
	held, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("look whether the run still goes on: %w", err)
	}
	if !held {
		return nil
	}
	_, err = report.AppendJobSummary(run, dir, path)
	return errors.Join(err, lock.Unlock())
}
