package cli_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// kinds are the fault events of a run, in their order.
func (p *process) faultEvents(t *testing.T) (kinds []event.Kind, data []any) {
	t.Helper()
	run, err := rundir.Open(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range run.Events {
		if strings.HasPrefix(string(e.Kind()), "fault_") {
			kinds, data = append(kinds, e.Kind()), append(data, e.Data)
		}
	}
	return kinds, data
}

// with replaces one of the platform's variables.
func (e environment) with(name, value string) environment {
	environ := slices.DeleteFunc(slices.Clone(e), func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
	return append(environ, name+"="+value)
}

func TestHeadlessRunInjectsFaultsOnTime(t *testing.T) {
	endToEnd(t)
	platform := ownPlatform(t)
	p := start(t, platform, "run", "--headless", "--vus", "5", "--duration", "6s", "--objective", steady,
		"--fault", "llm_latency@1s,latency=200ms,jitter=0s,for=2s", "--fault", "channel_spike@1s,factor=2,for=2s")
	p.expect(t, 0)
	kinds, data := p.faultEvents(t)
	var llm []event.Kind
	for i, d := range data {
		if d.(interface{ Ref() event.Injection }).Ref().Fault == "llm_latency" {
			llm = append(llm, kinds[i])
		}
	}
	if want := []event.Kind{"fault_started", "fault_active", "fault_reverting", "fault_reverted"}; !slices.Equal(llm, want) {
		t.Errorf("journal has %v, want %v", llm, want)
	}
	report := p.reported(t)
	for _, want := range []string{"## Faults", "LLM latency", "Channel spike", "its time is up", "proxy llm-upstream"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if open, err := chaos.ReadLedger(p.dir); err != nil || len(open) > 0 {
		t.Errorf("open records %v, %v", open, err)
	}
}

func TestDryRunTouchesNothing(t *testing.T) {
	endToEnd(t)
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"--fault", "llm_latency"}, 0, []string{"llm_latency on proxy llm-upstream: 3 s ± 500 ms", "✓ proxy llm-upstream exists", "Nothing was changed."}},
		{[]string{"--fault", "llm_latency,proxy=nothing"}, 1, []string{"✗", "nothing", "llm-upstream"}},
		{[]string{"--fault", "no_such"}, 2, []string{"--fault no_such", "llm_latency", "channel_spike"}},
		{[]string{"--fault", "llm_latency,latency=soon"}, 2, []string{"latency", "must be a duration"}},
		{nil, 2, []string{"--fault NAME"}},
	} {
		p := start(t, shared, append([]string{"run", "--dry-run"}, c.args...)...)
		p.expect(t, c.code)
		said := p.out.String() + p.err.String()
		for _, want := range c.says {
			if !strings.Contains(said, want) {
				t.Errorf("%v: %q lacks %q", c.args, said, want)
			}
		}
		if _, err := os.Stat(filepath.Join(p.dir, "journal.jsonl")); err == nil {
			t.Errorf("%v: a dry run left a run", c.args)
		}
	}
}

// stubborn stands before Toxiproxy and refuses to remove anything while it is locked.
func stubborn(t *testing.T, platform environment) (address string, locked *atomic.Bool) {
	t.Helper()
	to, err := url.Parse(platform.variable(t, "TOXIPROXY_URL"))
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(to)
	locked = new(atomic.Bool)
	locked.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete && locked.Load() {
			http.Error(w, `{"error":"not now","status":503}`, http.StatusServiceUnavailable)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, locked
}

// TestLeftBehindAndRecovered takes over a minute: so long squall tries before it gives up.
func TestLeftBehindAndRecovered(t *testing.T) {
	endToEnd(t)
	platform := ownPlatform(t)
	api, locked := stubborn(t, platform)
	environ := platform.with("TOXIPROXY_URL", api)
	p := start(t, environ, "run", "--headless", "--vus", "2", "--duration", "2s", "--objective", steady, "--fault", "qdrant_throttle,for=5m")
	select {
	case <-p.ended:
	case <-t.Context().Done():
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	report := p.reported(t)
	for _, want := range []string{"NOT REVERTED", "toxiproxy-cli -h " + api + " toxic remove", "squall recover"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, c := range []struct {
		locked bool
		code   int
		says   string
	}{
		{true, 3, "toxic remove"}, // still not possible
		{false, 0, "is back as it was found"},
		{false, 0, "Nothing is left to revert in "},
	} {
		locked.Store(c.locked)
		cmd := exec.Command(binary, "recover", p.dir)
		cmd.Dir, cmd.Env = filepath.Dir(p.dir), append([]string{"XDG_STATE_HOME=" + state, "HOME=" + p.dir}, environ...)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(out), c.says) {
			t.Errorf("squall recover (locked: %v) ended with %d and said %s; want %d and %q", c.locked, code, out, c.code, c.says)
		}
	}
}

// TestNextStartOffersRecovery kills a console with a fault on, and starts another in the same place.
func TestNextStartOffersRecovery(t *testing.T) {
	endToEnd(t)
	platform := ownPlatform(t)
	c := open(t, platform, "run", "--vus", "2", "--fault", "redis_outage,way=slow,for=5m", "--out", filepath.Join("runs", "dead"))
	c.dir = filepath.Join(filepath.Dir(c.dir), "runs", "dead")
	until(t, "the fault is on", func() bool {
		data, _ := os.ReadFile(filepath.Join(c.dir, "journal.jsonl"))
		return strings.Contains(string(data), `"kind":"fault_active"`)
	})
	killGuard(t, c.dir)
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-c.ended

	next := openIn(t, platform, c.cmd.Dir, "run", "--vus", "20", "--objective", steady)
	next.shows(t, "Revert it now? [Y/n]")
	next.press(t, "\r")
	next.shows(t, "is back as it was found")
	next.shows(t, enterScreen)
	if open, err := chaos.ReadLedger(c.dir); err != nil || len(open) > 0 {
		t.Errorf("open records %v, %v", open, err)
	}
	next.measured(t) // a run that measured too little has another exit code: five requests are enough
	next.signal(t, os.Interrupt)
	next.expect(t, 0)
}

// TestConsoleInjectsAndTakesBack goes the way of a person: key, preflight, Enter, key again.
func TestConsoleInjectsAndTakesBack(t *testing.T) {
	endToEnd(t)
	platform := ownPlatform(t)
	c := open(t, platform, "run", "--vus", "20", "--objective", steady)
	c.shows(t, enterScreen)
	c.measured(t)
	c.press(t, "1")
	c.shows(t, "Enter injects it")
	c.press(t, "\r")
	until(t, "the fault is active", func() bool { return c.journal(t, "fault_active") })
	c.press(t, "1")
	until(t, "the fault is reverted", func() bool { return c.journal(t, "fault_reverted") })
	c.press(t, "q")
	c.shows(t, "Stop the run and write the report?")
	c.press(t, "y")
	c.expect(t, 0)
	if kinds, _ := c.faultEvents(t); !slices.Equal(kinds, []event.Kind{"fault_started", "fault_active", "fault_reverting", "fault_reverted"}) {
		t.Errorf("journal has %v", kinds)
	}
}

// TestUnansweredQuestionBeginsNothing leaves at the question about a dead run: by Ctrl-C, by signals, and
// by the end of input. Nothing may be restored, and no load may begin.
func TestUnansweredQuestionBeginsNothing(t *testing.T) {
	endToEnd(t)
	platform := ownPlatform(t)
	dead := open(t, platform, "run", "--vus", "2", "--fault", "qdrant_throttle,for=5m", "--out", filepath.Join("runs", "dead"))
	dead.dir = filepath.Join(filepath.Dir(dead.dir), "runs", "dead")
	until(t, "the fault is on", func() bool {
		data, _ := os.ReadFile(filepath.Join(dead.dir, "journal.jsonl"))
		return strings.Contains(string(data), `"kind":"fault_active"`)
	})
	killGuard(t, dead.dir)
	if err := dead.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-dead.ended
	for name, leave := range map[string]func(*console){
		"Ctrl-C":       func(c *console) { c.press(t, "\x03") },
		"SIGTERM":      func(c *console) { c.signal(t, syscall.SIGTERM) },
		"SIGHUP":       func(c *console) { c.signal(t, syscall.SIGHUP) },
		"end of input": func(c *console) { c.press(t, "\x04") },
	} {
		c := openIn(t, platform, dead.cmd.Dir, "run", "--vus", "2", "--out", "next")
		c.shows(t, "Revert it now? [Y/n]")
		leave(c)
		if code := c.wait(t); code != 1 {
			t.Errorf("%s: exit code %d, want 1", name, code)
		}
		if _, err := os.Stat(filepath.Join(dead.cmd.Dir, "next")); err == nil {
			t.Errorf("%s: a run was begun", name)
		}
		if open, err := chaos.ReadLedger(dead.dir); err != nil || len(open) == 0 {
			t.Errorf("%s: something was restored: %v, %v", name, open, err)
		}
	}
	cmd := exec.Command(binary, "recover") // finds it without being told
	cmd.Dir, cmd.Env = dead.cmd.Dir, append([]string{"XDG_STATE_HOME=" + state, "HOME=" + dead.cmd.Dir}, platform...)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "is back as it was found") {
		t.Errorf("squall recover: %v\n%s", err, out)
	}
}

// TestUndoHasDescriptors: load that would take every descriptor of the process does not delay the undo of a fault.
func TestUndoHasDescriptors(t *testing.T) {
	endToEnd(t)
	b := newBench(t)
	never := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-never:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(never)
	dir := t.TempDir()
	cmd := exec.Command("/bin/sh", "-c", `ulimit -n 200; exec "$0" "$@"`, binary, "run", "--headless", "--vus", "1000", "--ramp", "0s", "--think", "0s",
		"--host", slow.URL, "--duration", "8s", "--drain", "200ms", "--out", "run", "--steady-state", "off", "--toxiproxy", b.api, "--fault", "llm_latency@2s,for=3s")
	cmd.Dir, cmd.Env = dir, []string{"XDG_STATE_HOME=" + state, "HOME=" + dir, "WEBHOOK_SECRET=s3cret"}
	said, _ := cmd.CombinedOutput() // nothing is answered, so the run is not judged
	run, err := rundir.Open(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	all := timeline.Of(run.Events).Injections
	if len(all) != 1 || !all[0].Applied() || all[0].Reverted == nil {
		t.Fatalf("injections %+v\n%s", all, said)
	}
	if took := all[0].Reverted.At - all[0].Active.At; took > 6 {
		t.Errorf("a fault of 3 s was on for %.1f s\n%s", took, said)
	}
	if !strings.Contains(string(said), "failed on this machine") {
		t.Errorf("load had every descriptor that it wanted: the test tests nothing\n%s", said)
	}
}

// Faults that were asked for are looked at before there is load: what cannot be injected ends the run before it
// begins, and --no-faults runs the load alone.
func TestScheduledFaultsAreLookedAtFirst(t *testing.T) {
	endToEnd(t)
	args := []string{"run", "--headless", "--vus", "20", "--think", "0s-200ms", "--duration", "1s", "--objective", steady, "--fault", "llm_latency@500ms", "--toxiproxy", "http://127.0.0.1:1"}
	refused := start(t, shared, args...).expect(t, 1)
	for _, want := range []string{"--fault llm_latency@500ms cannot be injected: read version of Toxiproxy at http://127.0.0.1:1", "no load was sent: mend this, or run the load alone with --no-faults"} {
		if said := refused.err.String(); !strings.Contains(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	}
	if _, err := os.Stat(refused.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a run: %v", err)
	}
	alone := start(t, shared, append(args, "--no-faults")...).expect(t, 0)
	if said := alone.err.String(); !strings.Contains(said, "the faults that were asked for are not injected: --no-faults") {
		t.Errorf("said %q", said)
	}
}
