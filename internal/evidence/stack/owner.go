package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/internal/inputfile"
)

// How directories of stacks begin, and the file in each with the id of the process that uses it, which has it locked for as
// long as it lives.
const (
	dirPrefix = "squall-stack-"
	ownerFile = "owner"
)

// own makes this process the owner of a directory. Its id is there before the lock is: who finds the one without the other
// leaves the directory alone.
func own(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, ownerFile)
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, err
	}
	lock := flock.New(path)
	if held, err := lock.TryLock(); err != nil || !held {
		return nil, fmt.Errorf("lock %s: held by another process (%w)", path, errors.Join(err))
	}
	return lock, nil
}

// removeLeft removes the directories that owners left which were killed: those whose lock nobody holds and whose owner is dead.
// Any other is left alone, also one that cannot be read.
func removeLeft(parent string) error {
	left, err := filepath.Glob(filepath.Join(parent, dirPrefix+"*"))
	for _, dir := range left {
		if abandoned(dir) {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	return err
}

// mostOwner bounds the file of the owner, in bytes.
const mostOwner = 32

func abandoned(dir string) bool {
	path := filepath.Join(dir, ownerFile)
	raw, err := inputfile.ReadRegular(path, mostOwner)
	if err != nil {
		return false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || pid <= 0 || alive(pid) {
		return false
	}
	lock := flock.New(path)
	held, err := lock.TryLock()
	if err != nil || !held {
		return false
	}
	return lock.Unlock() == nil
}

// alive reports whether there is a process with an id, be it whose it may.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return true // nothing is known
	}
	err = p.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}
