package session

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"xinbot.ir/squall/internal/event"
)

// OutputFile has, in the run directory, what other programs and libraries wrote while the console was open. It is there
// only if they did.
const OutputFile = "output.log"

// Bounds of captured output.
const (
	outputInTimeline = 20      // lines
	outputOnDisk     = 1 << 20 // bytes
)

// capturedOutput keeps what was written to standard output and standard error behind the console.
type capturedOutput struct {
	mu    sync.Mutex
	lines int
	bytes int
}

// Captured keeps a line that something other than the console wrote: in [OutputFile], and the first ones in the
// timeline.
func (s *Session) Captured(line string) {
	line = s.journal.redact(line)
	s.captured.mu.Lock()
	defer s.captured.mu.Unlock()
	s.captured.lines++
	switch n := s.captured.lines; {
	case n <= outputInTimeline:
		s.emit(squall, event.OutputCaptured{Line: line})
	case n == outputInTimeline+1:
		s.emit(squall, event.OutputCaptured{Line: "and more: see " + OutputFile})
	}
	if s.captured.bytes += len(line) + 1; s.captured.bytes > outputOnDisk {
		return
	}
	if err := appendLine(filepath.Join(s.config.Dir, OutputFile), line); err != nil {
		s.reportInternal(fmt.Errorf("keep what another program wrote: %w", err))
	}
}

func appendLine(path, line string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	_, err = f.WriteString(line + "\n")
	return err
}
