// Package bundle collects documents of a run directory where a team keeps them: in a folder, or in one zip file.
package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/atomicfile"
	"xinbot.ir/squall/internal/inputfile"
)

// Bundle is documents of one run directory, which is not changed.
type Bundle struct {
	dir   string
	files []string // below dir, apart by slashes, in order
}

// Collect finds the documents below a run directory. Names are files and directories, which are taken whole; what is not
// there is left out. Anything but regular files is refused: a link may lead to what is nobody's business.
func Collect(dir string, names []string) (Bundle, error) {
	b := Bundle{dir: dir}
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(name)), func(found string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				return nil
			case !entry.Type().IsRegular():
				return fmt.Errorf("%s is no regular file: take it out of the run directory", found)
			}
			inside, err := filepath.Rel(dir, found)
			b.files = append(b.files, filepath.ToSlash(inside))
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Bundle{}, fmt.Errorf("collect documents: %w", err)
		}
	}
	slices.Sort(b.files)
	b.files = slices.Compact(b.files)
	if len(b.files) == 0 {
		return Bundle{}, fmt.Errorf("collect documents: %s has none: write them with squall report %s", dir, dir)
	}
	return b, nil
}

// Files are the documents, by their paths below the run directory, apart by slashes.
func (b Bundle) Files() []string { return b.files }

// CopyTo copies the documents into a folder, which is made. A document that is there is replaced whole; files of other names
// stay as they are. The error joins what went wrong with each.
func (b Bundle) CopyTo(folder string) error {
	if err := Outside(b.dir, folder); err != nil {
		return err
	}
	var errs []error
	for _, name := range b.files {
		if err := b.copyFile(name, filepath.Join(folder, filepath.FromSlash(name))); err != nil {
			errs = append(errs, fmt.Errorf("copy %s to %s: %w", name, folder, err))
		}
	}
	return errors.Join(errs...)
}

// isCopied reports whether a copy is there already: a file that is not written keeps its time, for those who look for what is new.
func (b Bundle) isCopied(name, to string) bool {
	from, there := sha256.New(), sha256.New()
	if f, err := inputfile.Open(to); err == nil {
		_, err = io.Copy(there, f)
		if errors.Join(err, f.Close()) == nil && b.read(name, from) == nil {
			return bytes.Equal(from.Sum(nil), there.Sum(nil))
		}
	}
	return false
}

func (b Bundle) copyFile(name, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if b.isCopied(name, to) {
		return nil
	}
	return atomicfile.Write(to, atomicfile.Mode, func(w io.Writer) error { return b.read(name, w) })
}

// Outside refuses a place in a run directory: what is put there would be collected the next time.
func Outside(dir, place string) error {
	run, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("copy documents: %w", err)
	}
	to, err := filepath.Abs(place)
	if err != nil {
		return fmt.Errorf("copy documents: %w", err)
	}
	if to == run || strings.HasPrefix(to, run+string(filepath.Separator)) {
		return fmt.Errorf("copy documents to %s: it is in the run directory: choose a place outside of it", place)
	}
	return nil
}

// Zip writes the documents into one zip file, below a folder of that name. The bytes follow from the documents, their
// names and the time alone.
func (b Bundle) Zip(file, folder string, at time.Time) error {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("write %s: it is there and no regular file: choose another name", file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return atomicfile.Write(file, atomicfile.Mode, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		for _, name := range b.files {
			header := &zip.FileHeader{Name: path.Join(folder, name), Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
			header.SetMode(atomicfile.Mode)
			entry, err := archive.CreateHeader(header)
			if err == nil {
				err = b.read(name, entry)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return archive.Close()
	})
}

func (b Bundle) read(name string, to io.Writer) error {
	f, err := inputfile.Open(filepath.Join(b.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return err
}
