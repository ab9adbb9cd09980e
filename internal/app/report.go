package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/report"
)

// writeReport is the report as a session wants it. When the run directory takes no report (its disk is
// full, say), what it holds is copied to a temporary directory and the report is made there: a run must
// not end without one. The error then says why, and the path is good all the same.
func writeReport(dir string) (path string, err error) {
	_, err = report.Write(dir)
	if err == nil {
		return filepath.Join(dir, report.File), nil
	}
	spare, failed := copyRun(dir)
	if failed != nil {
		return "", errors.Join(err, failed)
	}
	if _, failed = report.Write(spare); failed != nil {
		return "", errors.Join(err, fmt.Errorf("write report into %s: %w", spare, failed), os.RemoveAll(spare))
	}
	return filepath.Join(spare, report.File), fmt.Errorf("%w: the report is in %s", err, spare)
}

// copyRun copies the files of a run into a new temporary directory. What cannot be read is left out: a
// report copes with what is missing.
func copyRun(dir string) (spare string, err error) {
	spare, err = os.MkdirTemp("", "squall-report-")
	if err != nil {
		return "", fmt.Errorf("find another place for the report: %w", err)
	}
	for _, name := range []string{rundir.JournalFile, rundir.WindowsFile, rundir.HistogramFile, rundir.SamplesFile, rundir.ProbesFile, chaos.LedgerFile} {
		from, err := inputfile.Open(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if err := copyTo(filepath.Join(spare, name), from); err != nil {
			return "", errors.Join(fmt.Errorf("copy the run to another place: %w", err), os.RemoveAll(spare))
		}
	}
	return spare, nil
}

// copyTo makes a file of what another holds, and closes that.
func copyTo(path string, from *os.File) error {
	to, err := os.Create(path)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close(), from.Close())
}
