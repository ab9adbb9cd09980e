package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// Whatever a text from elsewhere holds, it does nothing to the terminal.
func TestStreamsEscapeControlCharacters(t *testing.T) {
	for _, patient := range []bool{true, false} {
		var got bytes.Buffer
		s := newStream(&got, patient)
		if n, err := s.Write([]byte("\x1b]0;title\x07 \x1b[2J\u202e\n")); n == 0 || err != nil || got.String() != `\x1b]0;title\a \x1b[2J\u202e`+"\n" {
			t.Errorf("patient %v: %d, %v, %q", patient, n, err, got.String())
		}
	}
}

// A reader of standard error that reads no more keeps nobody.
func TestABlockedReaderKeepsNobody(t *testing.T) {
	reader, writer := io.Pipe()
	s := newStream(writer, false)
	began := time.Now()
	for range 50 {
		if _, err := s.Write([]byte("a line\n")); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 5*blockedAfter {
		t.Errorf("50 lines took %s", took)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	for len(s.busy) > 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := s.Write([]byte("x")); err != nil || len(s.busy) > 0 {
		t.Errorf("once it is read again: %v", err)
	}
	_ = writer.Close()
}

// A terminal without UTF-8 gets the signs of the console, and the words as they are.
func TestStreamWithoutUTF8(t *testing.T) {
	for locale, want := range map[string]string{"C": "+ passed, 3 VUs - ok\n", "C.UTF-8": "✓ passed, 3 VUs – ok\n", "": "✓ passed, 3 VUs – ok\n"} {
		var out strings.Builder
		a := &commands{IO: IO{LookupEnv: func(string) (string, bool) { return locale, true }}}
		s := newStream(&out, true)
		s.ascii = a.withoutUTF8()
		if _, err := io.WriteString(s, "✓ passed, 3 VUs – ok\n"); err != nil || out.String() != want {
			t.Errorf("%q: %q (%v), want %q", locale, out.String(), err, want)
		}
	}
}
