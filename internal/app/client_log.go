package app

import (
	"os"
	"path/filepath"
)

// clientLog is a file in the run directory for what client-go says. It is made at the first word.
type clientLog struct {
	path string
	file *os.File
}

func newClientLog(dir string) *clientLog {
	return &clientLog{path: filepath.Join(dir, "kubernetes.log")}
}

// Write appends to the file.
func (l *clientLog) Write(p []byte) (int, error) {
	if l.file == nil {
		file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return 0, err
		}
		l.file = file
	}
	return l.file.Write(p)
}
