package terminal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// longestLine is how much of a line is kept.
const longestLine = 4 << 10

// releaseWithin is how long the last lines may take once the screen is given back. A program that still holds the pipe
// is not waited for.
const releaseWithin = 200 * time.Millisecond

// Capture keeps standard output and standard error off the screen: login programs of Kubernetes and libraries write
// there when they like, and would scroll the console. Each line goes to said, from a goroutine of its own. The screen
// itself is what Capture returns. release gives the descriptors back; a crash is still told where it was before.
func Capture(said func(line string)) (screen *os.File, release func() error, err error) {
	keptOut, err := syscall.Dup(1)
	if err != nil {
		return nil, nil, fmt.Errorf("keep standard output: %w", err)
	}
	keptErr, err := syscall.Dup(2)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("keep standard error: %w", err), syscall.Close(keptOut))
	}
	screen, trouble := os.NewFile(uintptr(keptOut), "screen"), os.NewFile(uintptr(keptErr), "stderr")
	for _, fd := range []int{keptOut, keptErr} {
		unix.CloseOnExec(fd) // a child that outlives us must not hold the terminal
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("capture output: %w", err), screen.Close(), trouble.Close())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines(read, said)
	}()
	_ = debug.SetCrashOutput(trouble, debug.CrashOptions{}) // else a crash is told to the pipe, which nobody reads then
	err = errors.Join(redirect(int(write.Fd()), 1), redirect(int(write.Fd()), 2), write.Close())
	release = func() error {
		err := errors.Join(redirect(keptOut, 1), redirect(keptErr, 2), debug.SetCrashOutput(nil, debug.CrashOptions{}))
		_ = read.SetReadDeadline(time.Now().Add(releaseWithin))
		<-done
		return errors.Join(err, read.Close(), screen.Close(), trouble.Close())
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("capture output: %w", err), release())
	}
	return screen, release, nil
}

// plain puts a blank in the place of everything that is not a visible character, and joins blanks.
func plain(line string) string {
	line = strings.Map(func(r rune) rune {
		if r != utf8.RuneError && unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, line)
	return strings.Join(strings.Fields(line), " ")
}

// lines hands out every line that is not empty, cut to a length, until the end.
func lines(from *os.File, said func(string)) {
	in := bufio.NewReaderSize(from, longestLine)
	for {
		line, err := in.ReadSlice('\n')
		if text := plain(string(line)); text != "" {
			said(text)
		}
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a long line
			_, err = in.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}
