package kube

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
	if ours, foreign := classifyQdiscs(p.qdiscs, "eth0", testSession); ours != nil || foreign != nil {
		t.Errorf("ours %+v, foreign %+v", ours, foreign)
	}
}
