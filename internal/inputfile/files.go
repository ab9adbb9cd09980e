package inputfile

import (
	"maps"
	"os"
	"slices"
	"sync"
)

// Files reads files as [Read] does, and remembers what pipes held, which can be read only once: `--config <(..)`. The zero
// value is ready; a nil one remembers nothing. It is safe for concurrent use.
type Files struct {
	mu    sync.Mutex
	pipes map[string][]byte
}

// Remembering are files of which some pipes were read elsewhere, by path.
func Remembering(pipes map[string][]byte) *Files { return &Files{pipes: maps.Clone(pipes)} }

// Read reads a regular file, or a pipe, of which a later call has the same again.
func (f *Files) Read(path string) ([]byte, error) {
	if f == nil {
		return Read(path)
	}
	f.mu.Lock()
	defer f.mu.Unlock() // two that read one pipe at once would each get a part of it
	if data, held := f.pipes[path]; held {
		return slices.Clone(data), nil
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().IsRegular() {
		return Read(path)
	}
	data, err := Read(path)
	if err != nil {
		return nil, err
	}
	if f.pipes == nil {
		f.pipes = map[string][]byte{}
	}
	f.pipes[path] = slices.Clone(data)
	return data, nil
}

// Pipes are what pipes held, by path.
func (f *Files) Pipes() map[string][]byte {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.pipes)
}
