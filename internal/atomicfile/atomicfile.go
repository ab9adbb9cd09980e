// Package atomicfile replaces files whole: whoever reads the path sees the old content or the new one and never half
// of either. A leaf.
package atomicfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Mode is the mode of new files.
const Mode fs.FileMode = 0o644

// Write calls write with a new file beside path, and moves that to path when all of it is written. The error names the
// file, not its directory.
func Write(path string, mode fs.FileMode, write func(io.Writer) error) error {
	name := filepath.Base(path)
	if err := replace(path, mode, write); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func replace(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(mode); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
