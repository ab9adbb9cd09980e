package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// rotatingPlatform is the demo, served by the built binary in a process of its own.
type rotatingPlatform struct {
	environment         []string // to reach it
	orchestrator, token string
}

func serveDemo(t *testing.T, args ...string) *rotatingPlatform {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), binary, append([]string{"demo", "--serve"}, args...)...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("squall demo --serve: %v", err)
		}
	})
	p := &rotatingPlatform{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line, is := strings.CutPrefix(lines.Text(), "export ")
		if !is {
			if strings.Contains(lines.Text(), "Ctrl-C") {
				break
			}
			continue
		}
		line = strings.ReplaceAll(line, "'", "")
		p.environment = append(p.environment, line)
		if value, is := strings.CutPrefix(line, "ORCHESTRATOR_URL="); is {
			p.orchestrator = value
		}
		if value, is := strings.CutPrefix(line, "ADMIN_TOKEN="); is {
			p.token = value
		}
	}
	if p.orchestrator == "" || p.token == "" {
		t.Fatalf("it printed %q", p.environment)
	}
	go func() {
		for lines.Scan() { // so that it can go on printing
		}
	}()
	return p
}

// call asks the platform about its rotations.
func (p *rotatingPlatform) call(t *testing.T, method, body string, answer any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.orchestrator+"/demo/rotations", bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		t.Fatalf("%s /demo/rotations: %s", method, response.Status)
	}
	if answer != nil {
		if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
			t.Fatal(err)
		}
	}
}

// accepted is an entry of the gateway's own log.
type accepted struct {
	At               time.Time
	Replica, Channel string
	Old, Next, Wrong bool
}

// ownLog is when the gateway itself says that it accepted what, of one channel.
type ownLog struct{ nextFirst, oldLast time.Time }

func (p *rotatingPlatform) log(t *testing.T, channel string) (own ownLog) {
	t.Helper()
	var answer struct{ Log []accepted }
	p.call(t, http.MethodGet, "", &answer)
	old := map[string]bool{}
	for _, e := range answer.Log {
		if e.Channel != channel {
			continue
		}
		if (e.Next || e.Wrong) && own.nextFirst.IsZero() {
			own.nextFirst = e.At
		}
		if old[e.Replica] && !e.Old {
			own.oldLast = e.At // the last of them counts
		}
		old[e.Replica] = e.Old
	}
	return own
}

// longestPause is the longest time between two probes of a channel with the old or the next secret, in seconds.
func longestPause(t *testing.T, run *rundir.Run, channel string) (longest float64) {
	t.Helper()
	last := map[string]float64{}
	err := run.EachProbe(func(p rundir.Probe) {
		if p.Channel != channel || p.Signed != string(event.SignedOld) && p.Signed != string(event.SignedNext) {
			return
		}
		if before, asked := last[p.Signed]; asked {
			longest = max(longest, p.At-before)
		}
		last[p.Signed] = p.At
	})
	if err != nil {
		t.Fatal(err)
	}
	return longest
}

// Each kind of rotation gets the right verdict, with moments that are those of the gateway's own log within a second: the
// platform is another process, whose replicas are behind one address.
func TestRotationsOfTheDemo(t *testing.T) {
	endToEnd(t)
	for _, c := range []struct {
		kind string
		took string // that the run lasts
		want event.RotationKind
		code int
		not  []event.RotationExpectation // that fail
	}{
		{"hard", "35s", event.HardCut, 0, nil},
		{"overlap", "45s", event.Overlapping, 0, nil},
		{"lagging", "65s", event.RollingCut, 99, []event.RotationExpectation{event.ExpectLost}},
		{"open", "40s", event.ChecksNothing, 99, []event.RotationExpectation{event.ExpectForged}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			platform := serveDemo(t)
			p := start(t, platform.environment, "run", "--headless", "--vus", "20", "--duration", c.took, "--rotation", "--sign-with", "follow", "--no-rules",
				"--objective", "gateway_latency: p(95)<20000")
			time.Sleep(10 * time.Second) // the rotation comes at a time of its own
			platform.call(t, http.MethodPost, `{"kind":"`+c.kind+`"}`, nil)
			code := p.waitFor(t, 3*time.Minute)
			run, err := rundir.Open(p.dir)
			if err != nil {
				t.Fatal(err)
			}
			line := timeline.Of(run.Events)
			r := line.Rotated()
			if r == nil || r.Judged == nil || len(r.Judged.Channels) != 4 {
				t.Fatalf("rotation %+v", r)
			}
			for _, v := range r.Judged.Channels {
				if v.Kind != c.want {
					t.Errorf("%s: %s, want %s: %+v", v.Channel, v.Kind, c.want, v)
				}
				own := platform.log(t, v.Channel)
				// A machine that is too busy to send probes knows moments no better than it asks for them.
				within := max(1, longestPause(t, run, v.Channel))
				if c.want == event.RollingCut {
					within += 2 // it is by chance that a probe comes to the replica that lags
				}
				for name, m := range map[string]struct {
					got  *float64
					want time.Time
				}{"next first accepted": {v.NextFirst, own.nextFirst}, "old last accepted": {v.OldLast, own.oldLast}} {
					if m.want.IsZero() {
						continue
					}
					if m.got == nil {
						t.Errorf("%s: %s: never, the gateway says at %s", v.Channel, name, m.want)
					} else if off := line.Started.Add(time.Duration(*m.got * float64(time.Second))).Sub(m.want).Seconds(); math.Abs(off) > within {
						t.Errorf("%s: %s %.2f s off", v.Channel, name, off)
					}
				}
			}
			for _, f := range r.Judged.Findings {
				if failed := f.Verdict == event.ExpectationFailed; failed && !slices.Contains(c.not, f.Expect) && f.Expect != event.ExpectLost && f.Expect != event.ExpectRefused {
					t.Errorf("%s: %s (%s)", f.Text, f.Verdict, f.Reason)
				}
			}
			if c.code != 0 && code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
		})
	}
}
