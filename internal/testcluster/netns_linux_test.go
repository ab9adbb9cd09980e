package testcluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"xinbot.ir/squall/internal/testcluster"
)

func TestExecInNetworkNamespace(t *testing.T) {
	c, namespace := platform(t)
	if os.Geteuid() != 0 {
		c.Exec(t, testcluster.Rule{Namespace: namespace, Netns: "/proc/1/ns/net"})
		if got := call(t, c, namespace, "redis-0", "redis", "", "true"); got.err == nil {
			t.Error("a command ran, and cannot have entered the network namespace")
		}
		return
	}
	c.Exec(t, testcluster.Rule{Namespace: namespace, Netns: newNetns(t)})
	host, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	got := call(t, c, namespace, "redis-0", "redis", "", "readlink", "/proc/self/ns/net")
	if got.err != nil || strings.TrimSpace(got.out) == host {
		t.Errorf("the command ran in %+v, the host is %s", got, host)
	}
	// A rule that was given later counts, and only for its pod.
	c.Exec(t, testcluster.Rule{Namespace: namespace, Pod: "redis-1"})
	got = call(t, c, namespace, "redis-1", "redis", "", "readlink", "/proc/self/ns/net")
	if got.err != nil || strings.TrimSpace(got.out) != host {
		t.Errorf("the command of redis-1 ran in %+v, the host is %s", got, host)
	}
}

// newNetns makes a network namespace that lasts as long as the test.
func newNetns(t *testing.T) string {
	t.Helper()
	holder := exec.Command("cat")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = holder.Wait()
	})
	return fmt.Sprintf("/proc/%d/ns/net", holder.Process.Pid)
}
