package cli_test

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTerminalIsTakenBackAfterAStop: whoever stops squall, a shell makes the terminal cooked meanwhile. HALT works at
// once afterwards all the same.
func TestTerminalIsTakenBackAfterAStop(t *testing.T) {
	endToEnd(t)
	c := open(t, nil, "demo", "--vus", "10")
	c.shows(t, "CHANNEL MIX")
	c.measured(t)
	c.signal(t, syscall.SIGSTOP)
	fd := int(c.terminal.Fd())
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if mode.Lflag&unix.ICANON != 0 {
		t.Fatal("the console's terminal is not raw")
	}
	mode.Lflag |= unix.ICANON | unix.ECHO | unix.ISIG
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, mode); err != nil {
		t.Fatal(err)
	}
	screens := strings.Count(c.out.String(), enterScreen)
	c.signal(t, syscall.SIGCONT)
	until(t, "the screen is drawn anew", func() bool { return strings.Count(c.out.String(), enterScreen) > screens })
	until(t, "the terminal is raw", func() bool {
		mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		return err == nil && mode.Lflag&unix.ICANON == 0
	})
	c.press(t, "x")
	until(t, "the journal has the halt", func() bool { return c.journal(t, "halted") })

	// Nobody continues the process group of a session's leader, so the system does not stop it.
	screens = strings.Count(c.out.String(), enterScreen)
	c.press(t, "\x1a")
	until(t, "the screen is drawn anew", func() bool { return strings.Count(c.out.String(), enterScreen) > screens })
	c.press(t, "qy")
	c.wait(t)
	c.leftTerminalSane(t)
}
