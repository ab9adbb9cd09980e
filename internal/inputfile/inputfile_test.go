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
