package testcluster

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"
)

func TestAbandonedFoldersGo(t *testing.T) {
	root := t.TempDir()
	old := time.Now().Add(-2 * settled)
	age := func(dir string) {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	used, lock, err := newFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	abandoned, lost, err := newFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	lost.Close()
	fresh, young, err := newFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	young.Close()
	age(used)
	age(abandoned)

	_, last, err := newFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	defer last.Close()
	for _, dir := range []string{used, fresh} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("a folder in use is gone: %v", err)
		}
	}
	if _, err := os.Stat(abandoned); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an abandoned folder is there: %v", err)
	}
}
