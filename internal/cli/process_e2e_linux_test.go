package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What -e gives is a secret of this user: others who list processes do not see it, and no core dump has it.
func TestSecretsAreNotInTheListOfProcesses(t *testing.T) {
	endToEnd(t)
	target := acceptsAll(t)
	for name, args := range map[string][]string{
		"apart": {"-e", "WEBHOOK_SECRET=canary-secret"}, "short": {"-eWEBHOOK_SECRET=canary-secret"},
		"joined": {"-e=WEBHOOK_SECRET=canary-secret"}, "long": {"--env=WEBHOOK_SECRET=canary-secret"},
	} {
		p := start(t, nil, append([]string{"run", "--headless", "--vus", "1", "--host", target, "--duration", "1m"}, args...)...)
		p.measured(t)
		of := "/proc/" + strconv.Itoa(p.cmd.Process.Pid)
		line, err := os.ReadFile(of + "/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		if shown := strings.ReplaceAll(string(line), "\x00", " "); strings.Contains(shown, "canary") || !strings.Contains(shown, "WEBHOOK_SECRET=***") || !strings.Contains(shown, "--duration 1m") {
			t.Errorf("%s: the list of processes shows %q", name, shown)
		}
		limits, err := os.ReadFile(of + "/limits")
		if err != nil || !strings.Contains(string(limits), "Max core file size        0                    0") {
			t.Errorf("%s: %v\n%s", name, err, limits)
		}
		p.signal(t, os.Interrupt).wait(t)
	}
}

// A signal ends squall while it still reads its configuration, from a pipe that nobody writes to.
func TestSignalEndsReading(t *testing.T) {
	endToEnd(t)
	pipe := filepath.Join(t.TempDir(), "squall.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t, shared, "run", "--config", pipe, "--target", "x", "--headless")
		until(t, "the pipe is opened", func() bool { return holds(t, p, pipe) })
		began := time.Now()
		p.signal(t, s).expect(t, 1)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: ended after %s", s, took)
		}
		if said := p.err.String(); !strings.Contains(said, "read the configuration: ended by a signal ("+s.String()+")") {
			t.Errorf("said %q", said)
		}
	}
}

// holds reports whether a process has a file open.
func holds(t *testing.T, p *process, path string) bool {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && target == path {
			return true
		}
	}
	return false
}
