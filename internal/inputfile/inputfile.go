// Package inputfile reads the files that people name: configuration, workloads, certificates. Whatever they name,
// reading ends: a device, an endless pipe or a file by mistake is refused with a word.
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
	// Without O_NONBLOCK, opening a pipe waits for its writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
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
