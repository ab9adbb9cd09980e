package cli_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// freeAddress is a loopback address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// haproxy starts a real HAProxy in front of servers, which takes them in turn, and returns its address.
func haproxy(t *testing.T, servers ...string) string {
	t.Helper()
	path, err := exec.LookPath("haproxy")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/haproxy")
	}
	if err != nil {
		const missing = "no HAProxy: install Debian's package haproxy, or run internal/tools/ensure-packages"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	address := freeAddress(t)
	config := "defaults\n  mode http\n  timeout connect 1s\n  timeout client 30s\n  timeout server 30s\n  retries 1\n  option redispatch\nfrontend gateway\n  bind " + address + "\n  default_backend replicas\nbackend replicas\n  balance roundrobin\n"
	for i, server := range servers {
		config += fmt.Sprintf("  server s%d %s check inter 200ms fall 1 rise 1\n", i, server)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), path, "-db", "-f", file)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	until(t, "HAProxy", func() bool {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
	return address
}

// Two gateways in processes of their own stand behind a real HAProxy, and one of them keeps the old secret for ten seconds: the
// replicas are seen to disagree, and the one that lags is named where it can be asked by itself.
func TestReplicasBehindHAProxy(t *testing.T) {
	endToEnd(t)
	for name, reachable := range map[string]bool{"reachable": true, "out of reach": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addresses := []string{freeAddress(t), freeAddress(t)}
			platforms := []*rotatingPlatform{
				serveDemo(t, "--replicas", "1", "--seed", "7", "--gateway-addr", addresses[0]),
				serveDemo(t, "--replicas", "1", "--seed", "7", "--gateway-addr", addresses[1]),
			}
			front := haproxy(t, addresses...)
			environment := slices.DeleteFunc(slices.Clone(platforms[0].environment), func(line string) bool { return strings.HasPrefix(line, "GATEWAY_URL=") })
			args := []string{"run", "--headless", "--vus", "10", "--duration", "50s", "--rotation", "--no-rules", "--no-faults", "--gateway", "http://" + front + "/webchat/webhook"}
			if reachable {
				args = append(args, "--replica", "first="+addresses[0], "--replica", "second="+addresses[1])
			}
			p := start(t, environment, args...)
			time.Sleep(8 * time.Second) // rotations come at times of their own
			platforms[0].call(t, http.MethodPost, `{"kind":"hard"}`, nil)
			time.Sleep(10 * time.Second)
			platforms[1].call(t, http.MethodPost, `{"kind":"hard"}`, nil)
			p.waitFor(t, 3*time.Minute)
			run, err := rundir.Open(p.dir)
			if err != nil {
				t.Fatal(err)
			}
			r := timeline.Of(run.Events).Rotated()
			if r == nil || r.Judged == nil {
				t.Fatalf("rotation %+v", r)
			}
			if len(r.Disagreed) == 0 {
				t.Error("no disagreement was seen")
			}
			for _, v := range r.Judged.Channels {
				if v.Kind != event.RollingCut || v.Disagreed < 5 || v.NextFull == nil || v.OldLast == nil {
					t.Errorf("verdict %+v", v)
				}
				if !reachable {
					if len(v.Replicas) > 0 {
						t.Errorf("replicas %+v", v.Replicas)
					}
					continue
				}
				if n := len(v.Replicas); n != 2 || v.Replicas[1].Replica != "second" || v.Replicas[1].Lag < 5 || v.Replicas[0].Lag > 0 {
					t.Errorf("replicas %+v", v.Replicas)
				}
			}
			named := slices.ContainsFunc(r.Disagreed, func(d timeline.Disagreement) bool { return slices.Contains(d.Old, "second") })
			if named != reachable {
				t.Errorf("the one that lags is named: %v, in %+v", named, r.Disagreed)
			}
			for _, f := range r.Judged.Findings {
				want := map[bool]event.ExpectationVerdict{true: event.ExpectationMet, false: event.ExpectationUnknown}[reachable]
				if f.Expect == event.ExpectReplicas && f.Verdict != want {
					t.Errorf("%s: %s (%s), want %s", f.Text, f.Verdict, f.Reason, want)
				}
			}
		})
	}
}
