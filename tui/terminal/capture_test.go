package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestCapture: whoever writes to the descriptors, this program or a child, is heard and not seen.
func TestCapture(t *testing.T) {
	before, err := os.Readlink("/dev/fd/1")
	if err != nil {
		t.Skipf("no /dev/fd here: %v", err)
	}
	var said []string
	screen, release, err := Capture(func(line string) { said = append(said, line) })
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(os.Stdout, "to stdout\r\n\n")
	fmt.Fprintln(os.Stderr, "to stderr \x1b[2J\u202e"+strings.Repeat("x", 2*longestLine))
	child := exec.CommandContext(t.Context(), "/bin/sh", "-c", "echo from a child >&2; printf unended")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	runErr := child.Run()
	on, linkErr := os.Readlink(fmt.Sprintf("/dev/fd/%d", screen.Fd()))
	if err := release(); err != nil || runErr != nil || linkErr != nil {
		t.Fatal(err, runErr, linkErr)
	}
	if len(said) != 4 || said[0] != "to stdout" || !strings.HasPrefix(said[1], "to stderr [2J x") || len(said[1]) > longestLine ||
		!slices.Equal(said[2:], []string{"from a child", "unended"}) {
		t.Errorf("heard %q", said)
	}
	after, err := os.Readlink("/dev/fd/1")
	if err != nil || after != before || on != before {
		t.Errorf("standard output was %s, the screen is %s, and afterwards it is %s (%v)", before, on, after, err)
	}
}
