package stack

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gofrs/flock"
)

// Directories of dead owners are removed, and no other one.
func TestDirectoriesOfTheDead(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	dead := strconv.Itoa(ended.Process.Pid)
	for name, owner := range map[string]string{
		"squall-stack-dead": dead + "\n", "squall-stack-locked": dead, "squall-stack-alive": strconv.Itoa(os.Getpid()), "squall-stack-odd": "0", "squall-stack-words": "x", "other-dead": dead,
	} {
		if err := os.Mkdir(filepath.Join(parent, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(parent, name, ownerFile), []byte(owner), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(parent, "squall-stack-none"), 0o700); err != nil {
		t.Fatal(err)
	}
	lock := flock.New(filepath.Join(parent, "squall-stack-locked", ownerFile))
	if held, err := lock.TryLock(); !held {
		t.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }() // the directory goes with the test
	if err := removeLeft(parent); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 6 {
		t.Errorf("%v are left, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(parent, "squall-stack-dead")); err == nil {
		t.Error("the directory of a dead owner is left")
	}
}

func TestOwn(t *testing.T) {
	dir := t.TempDir()
	lock, err := own(dir)
	if err != nil {
		t.Fatal(err)
	}
	if abandoned(dir) {
		t.Error("one's own directory is abandoned")
	}
	if _, err := own(dir); err == nil {
		t.Error("it has two owners")
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
}
