package kube

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
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

// shape runs the script as a runtime would: its streams are pipes, which end only when nobody holds
// them any more.
func (n netns) shape(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := n.command(t.Context(), shell(shapeScript, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err := cmd.Run()
	return out.String(), err
}

func TestShapeScript(t *testing.T) {
	n := newNetns(t)
	n.clean(t)
	began := time.Now()
	out, err := n.shape(t, "eth0", "5a11:", "600", "add", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms")
	if err != nil || !strings.Contains(out, "qdisc tbf 5a11: root") {
		t.Fatalf("%v: %s", err, out)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the script returned after %v: its timer holds the streams", took)
	}
	if n.processes(t) == "" {
		t.Error("there is no timer")
	}
	// Another qdisc in its place ends the first timer and starts one of its own.
	out, err = n.shape(t, "eth0", "5a12:", "600", "replace", "tbf", "rate", "2000kbit", "burst", "16384", "latency", "400ms")
	if err != nil || !strings.Contains(out, "qdisc tbf 5a12: root") || !strings.Contains(out, "rate 2Mbit") {
		t.Fatalf("%v: %s", err, out)
	}
	out = n.must(t, shell(unshapeScript, "eth0", "5a11:")...)
	if !strings.Contains(out, "5a12:") {
		t.Errorf("taking off an old qdisc took off the new one: %s", out)
	}
	n.must(t, shell(unshapeScript, "eth0", "5a12:")...)
	n.clean(t)
	n.awaitAlone(t)
}

func TestShapeScriptHeals(t *testing.T) {
	n := newNetns(t)
	if out, err := n.shape(t, "eth0", "5a11:", "2", "add", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	n.awaitClean(t)
	n.awaitAlone(t)
}

func TestTimerOfEarlierShapingSparesLater(t *testing.T) {
	n := newNetns(t)
	if out, err := n.shape(t, "eth0", "5a11:", "3", "add", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := n.shape(t, "eth0", "5a12:", "600", "replace", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	await(t, "one timer", func() string { // the shell of a timer and what it runs at the moment
		if all := strings.Fields(n.processes(t)); len(all) > 2 {
			return fmt.Sprint(all)
		}
		return ""
	})
	if got := n.qdiscs(t); !strings.Contains(got, "5a12:") {
		t.Errorf("eth0 has %q", got)
	}
	n.must(t, shell(unshapeScript, "eth0", "5a12:")...)
	n.awaitAlone(t)
}

func TestShapeScriptToldToEnd(t *testing.T) {
	n := newNetns(t)
	if out, err := n.shape(t, "eth0", "5a11:", "600", "add", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, pid := range strings.Fields(n.processes(t)) {
		var number int
		if _, err := fmt.Sscan(pid, &number); err == nil {
			_ = syscall.Kill(number, syscall.SIGHUP) // which it ignores
			_ = syscall.Kill(number, syscall.SIGTERM)
		}
	}
	n.awaitClean(t)
	n.awaitAlone(t)
}

func TestShapeScriptRefused(t *testing.T) {
	for name, test := range map[string]struct {
		before []string
		args   []string
		says   string
	}{
		"kernel without the qdisc": {
			args: []string{"eth0", "5a11:", "600", "add", "no_such_qdisc"}, says: "qdisc",
		},
		"no such interface": {
			args: []string{"eth7", "5a11:", "600", "add", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms"}, says: "Cannot find device",
		},
		"somebody else's qdisc": {
			before: []string{"tc", "qdisc", "add", "dev", "eth0", "root", "handle", "77:", "pfifo"},
			args:   []string{"eth0", "5a11:", "600", "add", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms"}, says: "rror",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetns(t)
			if test.before != nil {
				n.must(t, test.before...)
			}
			before := n.qdiscs(t)
			out, err := n.shape(t, test.args...)
			if err == nil || !strings.Contains(out, test.says) {
				t.Errorf("%v: %s", err, out)
			}
			if after := n.qdiscs(t); after != before {
				t.Errorf("eth0 had %q and has %q", before, after)
			}
			n.awaitAlone(t)
		})
	}
}

func TestHoldScript(t *testing.T) {
	for name, test := range map[string]struct {
		idle, life string
		kill       bool
		timer      string
	}{
		"unused":                  {idle: "1", life: "600"},
		"after the shaping":       {idle: "1", life: "600", timer: "2"},
		"its life is over":        {idle: "600", life: "2", timer: "600"},
		"told to end":             {idle: "600", life: "600", timer: "600", kill: true},
		"told to end when unused": {idle: "600", life: "600", kill: true},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetns(t)
			const prefix = "5a1"
			if test.timer != "" {
				if out, err := n.shape(t, "eth0", prefix+"f:", test.timer, "add", "tbf", "rate", "1000kbit", "burst", "16384", "latency", "400ms"); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			cmd := n.command(t.Context(), shell(holdScript, "eth0", prefix, test.idle, test.life)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if test.kill {
				await(t, "the script in the namespace", func() string {
					if strings.Contains(" "+strings.Join(strings.Fields(n.processes(t)), " ")+" ", fmt.Sprintf(" %d ", cmd.Process.Pid)) {
						return ""
					}
					return "not there"
				})
				// Its trap may not be set yet; one that ends by the signal before has done nothing.
				await(t, "its first sleep", func() string {
					children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
					if err != nil || len(bytes.TrimSpace(children)) == 0 {
						return fmt.Sprint("no child: ", err)
					}
					return ""
				})
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
			n.clean(t)
			n.awaitAlone(t)
		})
	}
}

func TestProbeScript(t *testing.T) {
	n := newNetns(t)
	out := n.must(t, shell(probeScript)...)
	p, err := parseProbe(out)
	if err != nil {
		t.Fatal(err)
	}
	if p.unusable() != "" || p.device != "eth0" {
		t.Errorf("%q and device %q from\n%s", p.unusable(), p.device, out)
	}
	if ours, foreign := sorted(p.qdiscs, "eth0", testSession); ours != nil || foreign != nil {
		t.Errorf("ours %+v, foreign %+v", ours, foreign)
	}
}
