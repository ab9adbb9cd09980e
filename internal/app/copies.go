package app

import (
	"errors"
	"path/filepath"

	"xinbot.ir/squall/internal/bundle"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/report"
)

// ExportDocuments copies the documents of a run to where they were asked for, and returns the folder that they are in,
// which no other run has; "" when none was asked for.
func ExportDocuments(run *report.Run, dir string, to config.Copies) (folder string, err error) {
	if to == (config.Copies{}) {
		return "", nil
	}
	name, err := run.Name()
	if err != nil {
		return "", err
	}
	documents, err := bundle.Collect(dir, report.Documents())
	if err != nil {
		return "", err
	}
	var errs []error
	if folder = evidenceFolder(run, name, to); folder != "" {
		errs = append(errs, documents.CopyTo(folder))
	}
	if to.Zip != "" {
		errs = append(errs, documents.Zip(to.Zip, name, run.Started()))
	}
	return folder, errors.Join(errs...)
}

// evidenceFolder is the folder of a run in that of its day.
func evidenceFolder(run *report.Run, name string, to config.Copies) string {
	if to.Evidence == "" {
		return ""
	}
	return filepath.Join(to.Evidence, run.Date(), name)
}
