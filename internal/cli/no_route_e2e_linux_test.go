package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/rundir"
)

// A target that this machine has no route to is not the platform's failure. The network namespace is the test's own and has
// loopback alone, so nothing can leave it; the address is of those that are kept for documentation (RFC 5737).
func TestNoRouteIsNotThePlatforms(t *testing.T) {
	endToEnd(t)
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	name := fmt.Sprintf("squall-cli-%d-%d", os.Getpid(), time.Now().UnixNano()%1e9)
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Fatalf("add a network namespace: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "del", name).CombinedOutput(); err != nil {
			t.Errorf("delete the network namespace: %v: %s", err, out)
		}
	})
	dir := filepath.Join(t.TempDir(), "run")
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", name, binary, "run", "--headless", "--vus", "5", "--duration", "2s",
		"--gateway", "http://192.0.2.1:8080/webchat/webhook", "-e", "WEBHOOK_SECRET=s", "--out", dir)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+state)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 98 {
		t.Errorf("exit code %d (%v), want 98: nothing was measured", cmd.ProcessState.ExitCode(), err)
	}
	if want := "failed on this machine: no route from this machine"; !strings.Contains(string(out), want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, s := range run.Seconds {
		for _, e := range s.Errors {
			seen++
			if e.Class != "generator" {
				t.Errorf("%d requests of class %s: %s", e.Count, e.Class, e.Sample)
			}
		}
		for series, counts := range s.Series {
			if counts[1] > 0 {
				t.Errorf("%d failed requests of %s", counts[1], series)
			}
		}
	}
	if seen == 0 {
		t.Error("no request was even tried")
	}
}
