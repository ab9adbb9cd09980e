package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/report"
)

// places settles where the run and its summary go, and that both can be written: nobody should learn
// after half an hour of load that there was no place for the result.
func (a *app) places(r config.Resolved) (dir string, err error) {
	if dir, err = a.directory(r); err != nil {
		return "", err
	}
	_, missing := os.Lstat(dir)
	if err := writableDirectory(dir); err != nil {
		return "", fmt.Errorf("run directory: %w: give one that can be written with --out", err)
	}
	// The summary may go into the run directory, so its turn is after that.
	if err := writableFile(r.SummaryExport); err != nil {
		if missing != nil {
			_ = os.Remove(dir) // nothing but tidiness depends on it
		}
		return "", fmt.Errorf("--summary-export: %w: give a file that can be written", err)
	}
	return dir, nil
}

// writableFile opens a file for writing and leaves it as it was; "" is no file.
func writableFile(path string) error {
	if path == "" {
		return nil
	}
	_, err := os.Lstat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if isNew {
		return errors.Join(file.Close(), os.Remove(path))
	}
	return file.Close()
}

// writableDirectory makes a directory and a file in it, and takes the file away again.
func writableDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// directory chooses the run directory: the one asked for, which must not hold a run, or a new one.
func (a *app) directory(r config.Resolved) (string, error) {
	if r.Out != "" {
		if holdsRun(r.Out) {
			return "", fmt.Errorf("--out %s: already holds a run: choose another directory", r.Out)
		}
		return r.Out, nil
	}
	base := filepath.Join(defaultRuns, a.Now().UTC().Format("20060102T150405Z")+"-"+fileName(r.Target))
	dir := base
	for n := 2; holdsRun(dir); n++ {
		dir = fmt.Sprintf("%s-%d", base, n)
	}
	return dir, nil
}

func holdsRun(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, rundir.JournalFile))
	return err == nil
}

var notInFileNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// fileName makes a target's name fit for a directory.
func fileName(target string) string { return notInFileNames.ReplaceAllString(target, "-") }

// export copies perf-summary.json to where it was asked for.
func export(dir, to string) error {
	if to == "" {
		return nil
	}
	from, err := os.Open(filepath.Join(dir, report.SummaryFile))
	if err != nil {
		return fmt.Errorf("export summary: %w", err)
	}
	defer from.Close()
	file, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("export summary: %w", err)
	}
	if _, err := io.Copy(file, from); err != nil {
		return errors.Join(fmt.Errorf("export summary: %w", err), file.Close())
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("export summary: %w", err)
	}
	return nil
}
