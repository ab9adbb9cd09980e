package testcluster

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	folderPrefix = "testcluster-"

	// settled is the age from which a folder that nobody has locked is nobody's.
	settled = 10 * time.Minute
)

// newFolder creates the folder of a cluster below root, locked until the lock is
// closed. It removes what clusters have left there whose process was killed.
func newFolder(root string) (string, *flock.Flock, error) {
	abandoned, err := filepath.Glob(filepath.Join(root, folderPrefix+"*"))
	if err != nil {
		return "", nil, fmt.Errorf("list folders of clusters: %w", err)
	}
	for _, dir := range abandoned {
		removeAbandoned(dir)
	}
	dir, err := os.MkdirTemp(root, folderPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("create folder of cluster: %w", err)
	}
	lock := folderLock(dir)
	if err := lock.Lock(); err != nil {
		return "", nil, fmt.Errorf("lock folder of cluster: %w", err)
	}
	return dir, lock, nil
}

// removeAbandoned removes the folder unless somebody has locked it, or is about
// to: it is there for a moment before it is locked.
func removeAbandoned(dir string) {
	info, err := os.Stat(dir)
	if err != nil || time.Since(info.ModTime()) < settled {
		return
	}
	lock := folderLock(dir)
	defer lock.Close()
	if free, err := lock.TryLock(); err == nil && free {
		_ = os.RemoveAll(dir)
	}
}

func folderLock(dir string) *flock.Flock { return flock.New(filepath.Join(dir, "lock")) }
