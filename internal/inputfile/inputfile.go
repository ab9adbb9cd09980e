// Package inputfile reads the files that people name (configuration, workloads, certificates) and those of run directories,
// which somebody else may have made. Whatever lies there, reading ends: a device, an endless pipe or a file by mistake
// is refused with a word.
package inputfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// The bounds of a file.
const (
	Largest = 1 << 20 // bytes
	Longest = 5 * time.Second
)

// Read reads a regular file or a pipe of at most [Largest] bytes. A pipe has [Longest] for its writer to come, write
// and close it. The error is an [fs.PathError], or wraps one.
func Read(path string) ([]byte, error) { return read(path, Longest) }

func read(path string, patience time.Duration) ([]byte, error) {
	refuse := func(format string, args ...any) ([]byte, error) {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf(format, args...)}
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return refuse("it is a directory")
	case !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeNamedPipe:
		return refuse("it is neither a file nor a pipe")
	}
	deadline := time.Now().Add(patience)
	_ = f.SetReadDeadline(deadline) // a regular file has none, and needs none
	data, err := readAll(f, deadline, info.Mode().IsRegular())
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse("its writer has not come to an end within %s", patience)
	case err != nil:
		return nil, err
	case len(data) > Largest:
		return refuse("it is larger than %d bytes", Largest)
	}
	return data, nil
}

// open opens anything for reading. Without O_NONBLOCK, opening a pipe waits for its writer.
func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) }

// Open opens a regular file for reading, and nothing else. The error is an [fs.PathError].
func Open(path string) (*os.File, error) { return openKind(path, 0, errNotRegular) }

// OpenDir opens a directory, and nothing else. The error is an [fs.PathError].
func OpenDir(path string) (*os.File, error) { return openKind(path, fs.ModeDir, errNoDirectory) }

func openKind(path string, kind fs.FileMode, refusal error) (*os.File, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Type() != kind {
		err = &fs.PathError{Op: "read", Path: path, Err: refusal}
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return f, nil
}

// ReadRegular reads a regular file of at most so many bytes. The error is an [fs.PathError], or wraps one.
func ReadRegular(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it is larger than %d bytes", most)}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return data, nil
}

// Regular is an error when something is at a path that is no regular file, be it a link to one: opening it, as a lock does,
// might not end, and might make a file elsewhere.
func Regular(path string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	return nil
}

var (
	errNotRegular  = errors.New("it is no regular file")
	errNoDirectory = errors.New("it is no directory")
)

// readAll reads one byte more than is accepted. A pipe whose writer has not come yet looks as if it were at its end.
func readAll(f *os.File, deadline time.Time, regular bool) ([]byte, error) {
	for {
		data, err := io.ReadAll(io.LimitReader(f, Largest+1))
		if err != nil || len(data) > 0 || regular {
			return data, err
		}
		if time.Now().After(deadline) {
			return nil, os.ErrDeadlineExceeded
		}
		time.Sleep(10 * time.Millisecond)
	}
}
