// Command testsum runs `go test -json` with the arguments it is given and
// prints what a person and a build server want to read: a line per package, the
// whole output of what failed, and the totals at the end.
//
// With CI=true in the environment every test has its line and a skipped test
// is a failure, because a test that is skipped there runs nowhere.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	strict := os.Getenv("CI") == "true"
	code, err := run(os.Args[1:], os.Stdout, strict)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
	}
	os.Exit(code)
}

// run returns the exit code: that of go test, or 1 when the summary finds
// something that go test does not mind.
func run(args []string, out io.Writer, strict bool) (int, error) {
	// An interrupt reaches go test as well, which then ends by itself; what it
	// still has to say is read to the end.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)

	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...) //nolint:noctx // ends by its own signal
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("start go test: %w", err)
	}

	buffered := bufio.NewWriter(out)
	sum := newSummary(buffered, strict)
	readErr := sum.read(pipe)
	waitErr := cmd.Wait()
	ok := sum.finish()
	if err := errors.Join(readErr, buffered.Flush()); err != nil {
		return 1, err
	}

	var exit *exec.ExitError
	switch {
	case errors.As(waitErr, &exit):
		return max(exit.ExitCode(), 1), nil
	case waitErr != nil:
		return 1, fmt.Errorf("run go test: %w", waitErr)
	case !ok:
		return 1, nil
	}
	return 0, nil
}
