package cli_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
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
