package kube

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// netns is a network namespace of the test's own, with an interface eth0 and a default route. The
// machine's own interfaces are never touched.
type netns struct{ name string }

func newNetns(t *testing.T) netns {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	n := netns{name: fmt.Sprintf("squall-%d-%d", os.Getpid(), time.Now().UnixNano()%1e9)}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
	run("netns", "add", n.name)
	t.Cleanup(func() { run("netns", "del", n.name) })
	run("-n", n.name, "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
	run("-n", n.name, "link", "set", "eth0", "up")
	run("-n", n.name, "link", "set", "peer0", "up")
	run("-n", n.name, "addr", "add", "10.1.1.1/24", "dev", "eth0")
	run("-n", n.name, "route", "add", "default", "via", "10.1.1.2")
	return n
}

// command runs a program in the namespace.
func (n netns) command(ctx context.Context, argv ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.name}, argv...)...)
}

// run runs a program in the namespace to its end.
func (n netns) run(t *testing.T, argv ...string) (string, error) {
	t.Helper()
	out, err := n.command(t.Context(), argv...).CombinedOutput()
	return string(out), err
}

// must is run for what has to succeed.
func (n netns) must(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := n.run(t, argv...)
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(argv, " "), err, out)
	}
	return out
}

// qdiscs are those of eth0.
func (n netns) qdiscs(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(n.must(t, "tc", "qdisc", "show", "dev", "eth0"))
}

// clean fails unless eth0 is as the kernel makes it.
func (n netns) clean(t *testing.T) {
	t.Helper()
	if got := n.qdiscs(t); got != "qdisc noqueue 0: root refcnt 2" {
		t.Errorf("eth0 has %q", got)
	}
}

// awaitClean waits until eth0 is as the kernel makes it.
func (n netns) awaitClean(t *testing.T) {
	t.Helper()
	await(t, "a clean eth0", func() string {
		if got := n.qdiscs(t); got != "qdisc noqueue 0: root refcnt 2" {
			return got
		}
		return ""
	})
}

// processes are the numbers of the processes in the namespace.
func (n netns) processes(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("ip", "netns", "pids", n.name).CombinedOutput()
	if err != nil {
		t.Fatalf("ip netns pids: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// awaitAlone waits until no process is left in the namespace.
func (n netns) awaitAlone(t *testing.T) {
	t.Helper()
	await(t, "no process in the namespace", func() string { return n.processes(t) })
}

// await looks until nothing is missing any more.
func await(t *testing.T, what string, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		last := missing()
		if last == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("wait for %s: last seen: %s", what, last)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
