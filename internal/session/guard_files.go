package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/rundir"
)

// guardedFiles are what a guard needs of a run directory. It keeps them open: somebody can move or remove the directory
// under the living session, and what the session has changed has to be reverted all the same.
type guardedFiles struct {
	dir   string
	self  *os.File
	files map[string]*os.File
}

// holdFiles opens them. Each is there before the guard is started.
func holdFiles(dir string) (g *guardedFiles, err error) {
	g = &guardedFiles{dir: dir, files: map[string]*os.File{}}
	if g.self, err = inputfile.OpenDir(dir); err != nil {
		return nil, err
	}
	for _, name := range []string{rundir.JournalFile, chaos.LedgerFile} {
		file, err := inputfile.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody was quicker
		}
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		g.files[name] = file
	}
	return g, nil
}

func (g *guardedFiles) close() error {
	err := g.self.Close()
	for _, file := range g.files {
		err = errors.Join(err, file.Close())
	}
	return err
}

// find is the directory of the run: where it was, where somebody has moved it, or a copy of what is left of it, for the
// caller to remove.
func (g *guardedFiles) find() (dir string, isCopy bool, err error) {
	moved, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", g.self.Fd())) // on Linux
	for _, place := range []string{g.dir, moved} {
		if place == g.dir || err == nil {
			if g.isIn(place) {
				return place, false, nil
			}
		}
	}
	dir, err = g.copy()
	return dir, true, err
}

// isIn reports whether all of the files are in a directory.
func (g *guardedFiles) isIn(dir string) bool {
	for name, file := range g.files {
		held, err := file.Stat()
		if err != nil {
			return false
		}
		if there, err := os.Stat(filepath.Join(dir, name)); err != nil || !os.SameFile(held, there) {
			return false
		}
	}
	return true
}

// copy writes what the files hold into a directory of its own.
func (g *guardedFiles) copy() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "squall-guard-"); err != nil {
		return "", err
	}
	for name, file := range g.files {
		if err := copyTo(filepath.Join(dir, name), file); err != nil {
			return "", errors.Join(fmt.Errorf("copy %s of a run directory that is gone: %w", name, err), os.RemoveAll(dir))
		}
	}
	return dir, nil
}

func copyTo(path string, from *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	const fresh = os.O_CREATE | os.O_EXCL | os.O_WRONLY
	to, err := os.OpenFile(path, fresh, fs.FileMode(0o600))
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(from, 0, info.Size()))
	return errors.Join(err, to.Close())
}
