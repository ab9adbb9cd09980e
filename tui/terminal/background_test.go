package terminal

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// answering is a terminal that answers the question for the background, if at all, with a text.
func answering(t *testing.T, text string) (tty *os.File, keyboard io.Writer) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = tty.Close()
		_ = master.Close()
		<-done
	})
	go func() {
		defer close(done)
		var asked strings.Builder
		buf := make([]byte, 64)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			asked.Write(buf[:n])
			if strings.HasSuffix(asked.String(), askBackground+askAttributes) && text != "" {
				_, _ = io.WriteString(master, text)
			}
		}
	}()
	return tty, master
}

func TestDark(t *testing.T) {
	const attributes = "\x1b[?62;22c"
	for name, c := range map[string]struct {
		answer, kind, colours string
		dark, known           bool
	}{
		"dark":            {"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\" + attributes, "xterm-256color", "", true, true},
		"light":           {"\x1b]11;rgb:ffff/ffff/eeee\a" + attributes, "xterm-256color", "", false, true},
		"light, no DA1":   {"\x1b]11;rgb:ff/ff/ee\a", "xterm-256color", "", false, true},
		"no colour":       {attributes, "xterm-256color", "", true, false},
		"silent":          {"", "xterm-256color", "", true, false},
		"silent, light":   {"", "xterm-256color", "0;15", false, true},
		"silent, dark":    {"", "xterm-256color", "15;default;0", true, true},
		"never asked":     {"\x1b]11;rgb:ff/ff/ff\a", "screen-256color", "", true, false},
		"console of text": {"\x1b]11;rgb:ff/ff/ff\a", "linux", "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tty, _ := answering(t, c.answer)
			variables := map[string]string{"TERM": c.kind, "COLORFGBG": c.colours}
			began := time.Now()
			dark, known := Dark(NewInput(tty), tty, func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
			if dark != c.dark || known != c.known {
				t.Errorf("dark %t (known: %t), want %t (%t)", dark, known, c.dark, c.known)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// TestInputGivesKeysOut: a lone Esc after a moment, everything else at once, replies never.
func TestInputGivesKeysOut(t *testing.T) {
	tty, keyboard := answering(t, "")
	if _, err := term.MakeRaw(int(tty.Fd())); err != nil {
		t.Fatal(err)
	}
	in := NewInput(tty)
	for _, c := range []struct{ typed, want string }{
		{"x", "x"}, {"\x1b[A", "\x1b[A"}, {"\x1b", "\x1b"}, {"\x1b[1;1Rq", "q"}, {strings.Repeat("y", 90), strings.Repeat("y", 90)},
	} {
		in.burst = burst{} // a hand takes its time between these
		if _, err := io.WriteString(keyboard, c.typed); err != nil {
			t.Fatal(err)
		}
		got := ""
		for len(got) < len(c.want) {
			buf := make([]byte, 256)
			n, err := in.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got += string(buf[:n])
		}
		if got != c.want {
			t.Errorf("%q: keys %q, want %q", c.typed, got, c.want)
		}
	}
}

// TestPasteWithoutItsEnd: keys work again after half a paste, soon when nothing follows, and at once when a key does.
func TestPasteWithoutItsEnd(t *testing.T) {
	const begin, end = "\x1b[200~", "\x1b[201~"
	long := strings.Repeat("z", 3*oneRead-len(begin)) // the last read is full, and whoever reads keys asks for no more
	for name, c := range map[string]struct {
		typed string
		want  string // before another key
	}{
		"torn":      {begin + "hello", begin + "hello" + end},
		"torn long": {begin + long, begin + long},
		"whole":     {begin + "hello" + end, begin + "hello" + end},
		"twice":     {begin + "a" + end + begin + "b", begin + "a" + end + begin + "b" + end},
	} {
		t.Run(name, func(t *testing.T) {
			tty, keyboard := answering(t, "")
			if _, err := term.MakeRaw(int(tty.Fd())); err != nil {
				t.Fatal(err)
			}
			in := NewInput(tty)
			in.SetTyping(true)
			got := ""
			read := func(typed, want string) {
				if _, err := io.WriteString(keyboard, typed); err != nil {
					t.Fatal(err)
				}
				for len(got) < len(want) {
					buf := make([]byte, 256)
					n, err := in.Read(buf)
					if err != nil {
						t.Fatal(err)
					}
					got += string(buf[:n])
				}
				if got != want {
					t.Fatalf("keys %q, want %q", got, want)
				}
			}
			read(c.typed, c.want)
			in.paste.last = in.paste.last.Add(-tornGap)
			want := c.want + "x"
			if name == "torn long" {
				want = c.want + end + "x"
			}
			read("x", want)
		})
	}
}
