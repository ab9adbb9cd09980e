package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"xinbot.ir/squall/internal/bundle"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/rundir"
)

// Directory chooses the directory of a run that begins now and sees that it and the documents that were asked for can be
// written: that there is no place for the result must not show after half an hour of load.
func Directory(r config.Resolved, now time.Time) (dir string, err error) {
	if dir, err = chooseDirectory(r, now); err != nil {
		return "", err
	}
	_, missing := os.Lstat(dir)
	if err := writableDirectory(dir); err != nil {
		return "", fmt.Errorf("run directory: %w: give one that can be written with --out", err)
	}
	// They may go into the run directory, so their turn is after that.
	if err := errors.Join(writableDocuments(dir, r.Documents), writableCopies(dir, r.Copies)); err != nil {
		if missing != nil {
			_ = os.Remove(dir) // nothing but tidiness depends on it
		}
		return "", err
	}
	return dir, nil
}

// writableCopies sees that copies of the documents can be written. Their directories are made.
func writableCopies(dir string, to config.Copies) error {
	if to.Evidence != "" {
		if err := errors.Join(bundle.Outside(dir, to.Evidence), writableDirectory(to.Evidence)); err != nil {
			return fmt.Errorf("--evidence: %w: give a directory that can be written", err)
		}
	}
	if to.Zip != "" {
		if err := os.MkdirAll(filepath.Dir(to.Zip), 0o755); err != nil {
			return fmt.Errorf("--zip: %w: give a file that can be written", err)
		}
		if err := writableFile(to.Zip); err != nil {
			return fmt.Errorf("--zip: %w: give a file that can be written", err)
		}
	}
	return nil
}

// writableFile opens a file for writing and leaves it as it was.
func writableFile(path string) error {
	info, err := os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() { // opening a FIFO that nobody reads would wait for ever
		return fmt.Errorf("%s is no regular file", path)
	}
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

// chooseDirectory chooses the run directory: the one asked for, which must not hold a run, or a new one.
func chooseDirectory(r config.Resolved, now time.Time) (string, error) {
	if r.Out != "" {
		switch entries, err := os.ReadDir(r.Out); {
		case holdsRun(r.Out):
			return "", fmt.Errorf("--out %s: already holds a run: choose another directory", r.Out)
		case err == nil && len(entries) > 0: // what lies there may be written over, or be taken for the run's
			return "", fmt.Errorf("--out %s: is not empty (it holds %s): choose a directory that is empty or not there yet", r.Out, entries[0].Name())
		}
		return r.Out, nil
	}
	base := filepath.Join(Runs, now.UTC().Format("20060102T150405Z")+"-"+fileName(r.Target))
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
