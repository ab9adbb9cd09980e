package app

import (
	"os"
	"path/filepath"
)

// clientLog is a file in the run directory for what client-go says. It is made at the first word.
type clientLog struct {
	path   string
	redact func(string) string
	file   *os.File
}

func newClientLog(dir string, redact func(string) string) *clientLog {
	return &clientLog{path: filepath.Join(dir, "kubernetes.log"), redact: redact}
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
	if _, err := l.file.WriteString(l.redact(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
