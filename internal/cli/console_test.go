package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"xinbot.ir/squall/internal/event"
)

// What a terminal is told when the console opens and closes.
const (
	enterScreen = "\x1b[?1049h"
	leaveScreen = "\x1b[?1049l"
	showCursor  = "\x1b[?25h"
)

// console is a process on a terminal of its own.
type console struct {
	*process
	terminal *os.File
}

// open starts squall on a pseudo-terminal.
func open(t *testing.T, platform environment, args ...string) *console {
	t.Helper()
	return openIn(t, platform, t.TempDir(), args...)
}

// openIn does so in a directory.
func openIn(t *testing.T, platform environment, work string, args ...string) *console {
	t.Helper()
	p := &process{out: &output{}, err: &output{}, ended: make(chan struct{})}
	p.dir = filepath.Join(work, "run")
	if (args[0] == "run" || args[0] == "demo") && !slices.Contains(args, "--out") {
		args = append(args, "--out", "run")
	}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Dir = work
	p.cmd.Env = append([]string{"XDG_STATE_HOME=" + state, "HOME=" + work, "TERM=xterm-256color", "LANG=C.UTF-8"}, platform...)
	terminal, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 36, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(p.out, terminal) // ends with EIO when the process is gone
	}()
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
		<-drained
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		terminal.Close()
		<-p.ended
	})
	return &console{p, terminal}
}

func (c *console) shows(t *testing.T, text string) {
	t.Helper()
	until(t, "the console shows "+text, func() bool { return strings.Contains(c.out.String(), text) })
}

func (c *console) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := c.terminal.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// leftTerminalSane checks the last that the terminal was told.
func (c *console) leftTerminalSane(t *testing.T) {
	t.Helper()
	text := c.out.String()
	if strings.LastIndex(text, leaveScreen) < strings.LastIndex(text, enterScreen) {
		t.Error("the console did not leave the alternate screen")
	}
	if strings.LastIndex(text, showCursor) < strings.LastIndex(text, "\x1b[?25l") {
		t.Error("the cursor stays hidden")
	}
	after := text[strings.LastIndex(text, leaveScreen):]
	if !strings.Contains(after, "report.md") {
		t.Errorf("after leaving, the screen shows %q", after)
	}
}

// TestOnlyTheConsoleTalksToTheTerminal: everything else writes plain text at once, on a terminal that never answers.
func TestOnlyTheConsoleTalksToTheTerminal(t *testing.T) {
	endToEnd(t)
	for _, args := range [][]string{{"version"}, {"--help"}, {"run", "--help"}, {"__complete", "run", "--"}, {"doctor"}, {"report", "nowhere"}} {
		began := time.Now()
		c := open(t, nil, args...)
		<-c.ended
		if took := time.Since(began); took > 2*time.Second { // 20 ms on an idle machine; waiting for an answer takes 5 s
			t.Errorf("%s takes %s", args, took)
		}
		if text := c.out.String(); text == "" || strings.Contains(text, "\x1b") {
			t.Errorf("%s writes %q", args, text)
		}
	}
}

// TestLateRepliesAreNoKeys: what a terminal answers, whenever it does and however it is cut, presses no key, and neither does a paste.
func TestLateRepliesAreNoKeys(t *testing.T) {
	endToEnd(t)
	c := open(t, nil, "demo")
	c.shows(t, "CHANNEL MIX")
	c.measured(t)
	const reply = "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[1;1R"
	c.press(t, reply)
	for _, b := range []byte(reply) {
		c.press(t, string(b))
		time.Sleep(80 * time.Millisecond) // longer than a key waits for its sequence
	}
	// Pasted where pastes are not marked; again, should another message stand there at the time.
	for again := time.Now(); !strings.Contains(c.out.String(), "keys came at once"); {
		if c.press(t, "12:01 a line of a log\r"); time.Since(again) > patience {
			t.Fatal("the console does not say that keys came at once")
		}
		time.Sleep(time.Second)
	}
	c.press(t, "n")
	c.shows(t, "Note")
	c.press(t, "it works\r")
	until(t, "the note is in the journal", func() bool { return c.journal(t, "noted") })
	if c.journal(t, "fault_started") || strings.Contains(c.out.String(), "llm-upstream") {
		t.Error("a reply opened or injected a fault")
	}
	c.press(t, "qy")
	c.wait(t)
	c.leftTerminalSane(t)
}

// TestNobodyElseWritesOnTheScreen: what a login program of Kubernetes says stands in the timeline and in a file.
func TestNobodyElseWritesOnTheScreen(t *testing.T) {
	endToEnd(t)
	work := t.TempDir()
	api := httptest.NewTLSServer(http.NotFoundHandler()) // client-go logs in over TLS only
	t.Cleanup(api.Close)
	login := filepath.Join(work, "login")
	for path, text := range map[string]string{
		login: "#!/bin/sh\necho 'the login says s3cret' >&2\nprintf '\\033[2Jover the screen\\n' >&2\n" +
			`echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'`,
		filepath.Join(work, "kc.yaml"): `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: "` + api.URL + `", insecure-skip-tls-verify: true}}],
contexts: [{name: x, context: {cluster: c, user: u}}], users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ` + login + `}}}]}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	platform := environment{"GATEWAY_URL=" + acceptsAll(t), "WEBHOOK_SECRET=s3cret"}
	c := openIn(t, platform, work, "run", "--vus", "1", "--kubeconfig", "kc.yaml", "--namespace", "n", "--allow-namespace", "n")
	c.shows(t, "CHANNEL MIX")
	c.measured(t)
	for again := time.Now(); !c.journal(t, "output_captured"); {
		if time.Since(again) > patience {
			t.Fatal("the journal does not have what the login said")
		}
		c.press(t, "2") // a preflight, for which client-go logs in
		for waited := time.Now(); time.Since(waited) < 5*time.Second && !c.journal(t, "output_captured"); {
			time.Sleep(50 * time.Millisecond)
		}
		c.press(t, "\x1b")
	}
	c.shows(t, "over the screen") // in the timeline
	c.signal(t, os.Interrupt)
	c.wait(t)
	c.leftTerminalSane(t)
	kept, err := os.ReadFile(filepath.Join(c.dir, "output.log"))
	if err != nil || !strings.HasPrefix(string(kept), "the login says (secret)\n[2Jover the screen\n") {
		t.Errorf("output.log has %q, %v", kept, err)
	}
	if text := c.out.String(); strings.Contains(text, "s3cret") || strings.Contains(text, "\x1b[2Jover") {
		t.Error("the login program wrote on the screen")
	}
}

func TestConsoleTakesKeysAndQuits(t *testing.T) {
	endToEnd(t)
	c := open(t, shared, "run", "--vus", "10", "--objective", steady)
	c.shows(t, enterScreen)
	c.shows(t, "CHANNEL MIX")
	c.measured(t)
	c.press(t, "s")
	until(t, "the journal has the spike", func() bool { return c.journal(t, "fault_active") })
	c.press(t, "s")
	until(t, "the journal has the end of the spike", func() bool { return c.journal(t, "fault_reverted") })
	c.press(t, "q")
	c.shows(t, "Stop the run and write the report?")
	c.press(t, "y")
	c.expect(t, 0)
	c.leftTerminalSane(t)
	c.reported(t)
	if got := c.end(t).Cause; got != event.EndAsked {
		t.Errorf("ended by %q", got)
	}
}

func (c *console) journal(t *testing.T, kind string) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(data), `"kind":"`+kind+`"`)
}

func TestConsoleEndsWithTheRun(t *testing.T) {
	endToEnd(t)
	c := open(t, shared, "run", "--vus", "5", "--duration", "3s", "--objective", steady)
	c.shows(t, enterScreen)
	c.expect(t, 0)
	c.leftTerminalSane(t)
	c.reported(t)
}

func TestSignalsLeaveTheTerminalSane(t *testing.T) {
	endToEnd(t)
	c := open(t, shared, "demo", "--vus", "5", "--objective", steady)
	c.shows(t, enterScreen)
	c.measured(t)
	c.signal(t, os.Interrupt)
	c.expect(t, 0)
	c.leftTerminalSane(t)
	c.reported(t)
}

// TestDroppedConnection takes the terminal away, as a dropped SSH connection does.
func TestDroppedConnection(t *testing.T) {
	endToEnd(t)
	c := open(t, shared, "run", "--vus", "5")
	c.shows(t, enterScreen)
	c.measured(t)
	c.terminal.Close() // the system sends SIGHUP
	c.wait(t)
	c.reported(t)
	if got := c.end(t).Detail; !strings.Contains(got, "hangup") {
		t.Errorf("ended by %q", got)
	}
}

// TestHeadlessOnATerminal rewrites one line in place and leaves the screen alone.
func TestHeadlessOnATerminal(t *testing.T) {
	endToEnd(t)
	c := open(t, shared, "run", "--vus", "5", "--duration", "3s", "--headless", "--objective", steady)
	c.expect(t, 0)
	text := c.out.String()
	if strings.Contains(text, enterScreen) {
		t.Error("a headless run opened the console")
	}
	if !strings.Contains(text, "   \r") || !strings.Contains(text, "5 VUs") {
		t.Errorf("no progress line in %q", text)
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("an escape sequence in %q", text)
	}
}
