package inputfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		write("empty", ""):                             "",
		write("whole", strings.Repeat("x", Largest)):   "",
		write("large", strings.Repeat("x", Largest+1)): "it is larger than 1048576 bytes",
		dir:         "it is a directory",
		"/dev/zero": "it is neither a file nor a pipe",
		fifo:        "its writer has not come to an end within 50ms",
	} {
		data, err := read(path, 50*time.Millisecond)
		switch {
		case want == "" && (err != nil || len(data) > Largest):
			t.Errorf("%s: %v", path, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path)):
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a file that is not there: %v", err)
	}
}

// A pipe is read to its end, whenever its writer comes.
func TestPipe(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error)
	go func() {
		w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err == nil {
			_, err = w.WriteString("a: ")
		}
		if err == nil {
			_, err = w.WriteString("1\n")
		}
		wrote <- errors.Join(err, w.Close())
	}()
	if data, err := Read(fifo); err != nil || string(data) != "a: 1\n" {
		t.Errorf("%q, %v", data, err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// Nothing but a regular file is read where nobody may have put anything else, and not more of it than is accepted.
func TestOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	file, fifo, device, link := filepath.Join(dir, "file"), filepath.Join(dir, "fifo"), filepath.Join(dir, "device"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, []byte("12345"), 0o600), syscall.Mkfifo(fifo, 0o600), os.Symlink("/dev/zero", device), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		if got, err := ReadRegular(path, 5); err != nil || string(got) != "12345" {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		if err := Regular(path); (err == nil) != (path == file) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := ReadRegular(file, 4); err == nil || !strings.Contains(err.Error(), "larger than 4 bytes") {
		t.Errorf("a file that is too large: %v", err)
	}
	for _, path := range []string{fifo, device, dir} {
		if _, err := ReadRegular(path, 5); !errors.Is(err, errNotRegular) {
			t.Errorf("%s: %v", path, err)
		}
		if err := Regular(path); !errors.Is(err, errNotRegular) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := OpenDir(file); !errors.Is(err, errNoDirectory) {
		t.Errorf("a file for a directory: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) || Regular(filepath.Join(dir, "none")) != nil {
		t.Errorf("no file: %v", err)
	}
}
