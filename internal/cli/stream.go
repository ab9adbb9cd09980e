package cli

import (
	"io"
	"time"

	"xinbot.ir/squall/internal/printable"
	"xinbot.ir/squall/tui/theme"
)

// blockedAfter is how long a write to standard error may take before its reader counts as blocked.
const blockedAfter = time.Second

// stream is standard output or standard error as commands see them. Texts from elsewhere (errors of an API, names in
// a cluster) go through it with the rest, so control characters are escaped here, for all of them.
type stream struct {
	raw     io.Writer
	redact  func(string) string // takes out the secrets of the run; nil: none are known
	ascii   bool                // the terminal has no UTF-8
	patient bool                // waits for its reader for ever, as the results on standard output do
	busy    chan struct{}       // holds one while a write is under way
}

func newStream(to io.Writer, patient bool) *stream {
	return &stream{raw: to, patient: patient, busy: make(chan struct{}, 1)}
}

// Write writes what is printable of a text, and its line breaks and tabs.
func (s *stream) Write(p []byte) (int, error) {
	text := string(p)
	if s.redact != nil {
		text = s.redact(text)
	}
	if s.ascii {
		text = theme.ASCII(text)
	}
	return len(p), s.control([]byte(printable.Lines(text)))
}

// control writes as it is, for what is to act on the terminal. A reader of standard error that reads no more costs a
// second, and then the text: it must not keep the process from reverting faults and ending.
func (s *stream) control(p []byte) error {
	if s.patient {
		_, err := s.raw.Write(p)
		return err
	}
	select {
	case s.busy <- struct{}{}:
	default: // still blocked
		return nil
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.raw.Write(p)
		<-s.busy
		done <- err
	}()
	timer := time.NewTimer(blockedAfter)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return nil
	}
}
