package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"xinbot.ir/squall/chaos"
)

// A process of squall with active faults is ended in every way at every moment. Whatever it leaves, its guard reverts
// within 10 s; where the guard is killed, too, squall recover does it from the ledger alone. The tries of the cluster are in
// kill_cluster_test.go.

// killTries is how many processes are killed on Toxiproxy.
const killTries = 170

// killSeed makes a failure repeatable: SQUALL_SEED=N go test -run Killed.
func killSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("SQUALL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SQUALL_SEED is %q: %v", text, err)
		}
	}
	t.Logf("SQUALL_SEED=%d", seed)
	return seed
}

// victim is a squall that is going to be killed.
type victim struct {
	cmd   *exec.Cmd
	order *os.File // a byte in it makes it panic; nil: by signal
	way   string
	once  sync.Once
	ended chan struct{}
	log   output
}

// ways to die.
func ways() []string { return []string{"KILL", "HUP", "TERM", "panic"} }

func signals() map[string]syscall.Signal {
	return map[string]syscall.Signal{"KILL": syscall.SIGKILL, "HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM}
}

func startVictim(t *testing.T, way, dir string, args ...string) *victim {
	t.Helper()
	return startVictimIn(t, way, dir, environment{"XDG_STATE_HOME=" + state, "HOME=" + dir}, args...)
}

// startVictimIn does so with its own place for the key of ledgers.
func startVictimIn(t *testing.T, way, dir string, home environment, args ...string) *victim {
	t.Helper()
	v := &victim{way: way, ended: make(chan struct{})}
	program := binary
	var theirs *os.File
	if way == "panic" {
		program = mortal
		var err error
		if theirs, v.order, err = os.Pipe(); err != nil {
			t.Fatal(err)
		}
	}
	v.cmd = exec.Command(program, args...)
	v.cmd.Dir = dir
	v.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "WEBHOOK_SECRET=s3cret", "GOTRACEBACK=none"}, home...)
	v.cmd.Stdout, v.cmd.Stderr = &v.log, &v.log
	if theirs != nil {
		v.cmd.ExtraFiles = []*os.File{theirs}
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if theirs != nil {
		_ = theirs.Close()
	}
	go func() {
		_ = v.cmd.Wait() // how it ends is what the test makes of it
		if v.order != nil {
			_ = v.order.Close()
		}
		close(v.ended)
	}()
	t.Cleanup(func() { _ = v.cmd.Process.Kill(); <-v.ended })
	return v
}

// kill ends it in its way, once.
func (v *victim) kill() {
	v.once.Do(func() {
		if v.order != nil {
			_, _ = v.order.Write([]byte{1}) // it may be gone already
			return
		}
		_ = v.cmd.Process.Signal(signals()[v.way])
	})
}

// killOnce kills it once a condition holds, looking at intervals.
func (v *victim) killOnce(holds func() bool, every time.Duration) {
	for {
		if holds() {
			v.kill()
		}
		select {
		case <-v.ended:
			return
		case <-time.After(every):
		}
	}
}

// wait waits for its end, which a deadline makes sure of.
func (v *victim) wait(t *testing.T) {
	t.Helper()
	select {
	case <-v.ended:
	case <-time.After(100 * time.Second):
		t.Errorf("the process did not end after %s:\n%s", v.way, v.log.String())
		_ = v.cmd.Process.Kill()
		<-v.ended
	}
}

// gate stands before an HTTP API and kills a process when a certain call comes by.
type gate struct {
	server *httptest.Server
	calls  atomic.Int64
	mu     sync.Mutex
	at     int64 // number of the call; 0: never
	after  bool  // when the API has carried it out, and the caller has no answer yet
	kill   func()
	doomed <-chan struct{} // closed when the process is gone
}

func newGate(t *testing.T, api string) *gate {
	t.Helper()
	to, err := url.Parse(api)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(to)
	forward.ErrorLog = nil
	forward.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	g := &gate{}
	g.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := g.calls.Add(1)
		g.mu.Lock()
		at, after, kill, doomed := g.at, g.after, g.kill, g.doomed
		g.mu.Unlock()
		if n != at {
			forward.ServeHTTP(w, r)
			return
		}
		if !after {
			kill()
			select { // a call that a dead process had sent may still arrive
			case <-doomed:
			case <-time.After(300 * time.Millisecond):
			}
		}
		forward.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
		if after {
			kill()
		}
	}))
	t.Cleanup(g.server.Close)
	return g
}

// arm makes the n-th call from now deadly.
func (g *gate) arm(n int64, after bool, v *victim) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at, g.after, g.kill, g.doomed = g.calls.Load()+n, after, v.kill, v.ended
}

// bench is a Toxiproxy of a worker's own, with what other people have on it.
type bench struct {
	client *http.Client // of its own: httptest's Close cuts what the default one has under way
	api    string
	gate   *gate
	before string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	api := httptest.NewServer(oneAtATime(server.Routes()))
	t.Cleanup(func() {
		api.Close()
		if err := server.Collection.Clear(); err != nil {
			t.Error(err)
		}
	})
	upstream := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(upstream.Close)
	for _, name := range []string{"llm-upstream", "redis", "qdrant"} {
		if err := server.Collection.Add(toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream.Listener.Addr().String()), true); err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, api: api.URL, gate: newGate(t, api.URL)}
	answer, err := b.client.Post(api.URL+"/proxies/qdrant/toxics", "application/json",
		strings.NewReader(`{"name":"somebody-elses","type":"latency","stream":"downstream","attributes":{"latency":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	b.before = b.state(t)
	return b
}

// oneAtATime carries calls out one after the other, each to its end even when the caller is gone: Toxiproxy
// v2.12 reads proxies without a lock while it lists them (ProxyIndex), and a call of a process that was killed
// may still be at work then.
func oneAtATime(next http.Handler) http.Handler {
	var one sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one.Lock()
		defer one.Unlock()
		next.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	})
}

// state is every proxy with its toxics, in one canonical text.
func (b *bench) state(t *testing.T) string {
	t.Helper()
	answer, err := b.client.Get(b.api + "/proxies")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var all map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// moment is when a process dies.
type moment struct {
	calls   int64 // the number of the call of the API; 0: not by a call
	after   bool
	delay   time.Duration // since its start
	records int           // lines in the ledger; 0: not by those
	holds   func() bool   // a condition of the outside world; nil: not by one
}

func (m moment) String() string {
	switch {
	case m.calls > 0:
		return fmt.Sprintf("at call %d (after it: %v)", m.calls, m.after)
	case m.holds != nil:
		return "once its fault was in place"
	case m.records > 0:
		return fmt.Sprintf("with %d lines in the ledger", m.records)
	}
	return "after " + m.delay.String()
}

// acceptsAll is a gateway that takes every message.
func acceptsAll(t *testing.T) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// anyMoment draws one; calls 0 leaves out those that the API's calls give.
func anyMoment(r *rand.Rand, calls int) moment {
	switch pick := r.IntN(4); {
	case pick == 0:
		return moment{delay: time.Duration(r.IntN(2200)) * time.Millisecond}
	case pick == 1 || calls == 0:
		return moment{records: 1 + r.IntN(8)}
	default:
		return moment{calls: int64(1 + r.IntN(calls)), after: r.IntN(2) == 0}
	}
}

// strike kills the process at its moment.
func (m moment) strike(g *gate, v *victim, run string) {
	switch {
	case m.calls > 0:
		g.arm(m.calls, m.after, v)
	case m.holds != nil:
		go v.killOnce(m.holds, 20*time.Millisecond)
	case m.records > 0:
		go v.killOnce(func() bool {
			data, _ := os.ReadFile(filepath.Join(run, chaos.LedgerFile))
			return strings.Count(string(data), "\n") >= m.records
		}, time.Millisecond)
	default:
		time.AfterFunc(m.delay, v.kill)
	}
}

// killGuard ends the guard of a run, as whatever ended squall may have done.
func killGuard(t *testing.T, run string) {
	t.Helper()
	for _, pid := range guards(t, run) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
	until(t, "the guard is gone", func() bool { return len(guards(t, run)) == 0 })
}

// guards are the processes that guard a run.
func guards(t *testing.T, run string) (pids []int) {
	t.Helper()
	run, err := filepath.EvalSymlinks(run)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("processes cannot be listed on this system")
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile("/proc/" + entry.Name() + "/cmdline") // it may be gone
		if args := strings.Split(string(line), "\x00"); len(args) > 2 && args[1] == "guard" && args[2] == run {
			pids = append(pids, pid)
		}
	}
	return pids
}

// within waits until a condition holds, at most so long, and reports whether it does.
func within(limit time.Duration, holds func() bool) bool {
	for began := time.Now(); time.Since(began) < limit; time.Sleep(20 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return holds()
}

// recoverRun runs squall recover and checks that nothing is open afterwards, twice.
func recoverRun(t *testing.T, dir string, env ...string) {
	t.Helper()
	run := filepath.Join(dir, "run")
	if _, err := os.Stat(run); err != nil {
		return // it died before it had a run
	}
	for range 2 {
		cmd := exec.Command(binary, "recover", run)
		cmd.Dir, cmd.Env = dir, append([]string{"XDG_STATE_HOME=" + state, "HOME=" + dir}, env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("squall recover: %v\n%s", err, out)
		}
		if open, err := chaos.ReadLedger(run); err != nil || len(open) > 0 {
			t.Errorf("open records after squall recover: %+v, %v", open, err)
		}
	}
}

func TestKilledAtAnyMomentOnToxiproxy(t *testing.T) {
	endToEnd(t)
	target := acceptsAll(t)
	seed := killSeed(t)
	tries := make(chan int)
	var work sync.WaitGroup
	var found, dead atomic.Int64
	for range 8 { // they wait more than they work
		b := newBench(t)
		work.Go(func() {
			for n := range tries {
				r := rand.New(rand.NewPCG(seed, uint64(n)))
				way, when := ways()[n%len(ways())], anyMoment(r, 40)
				dir := t.TempDir()
				v := startVictim(t, way, dir, "run", "--headless", "--vus", "1", "--host", target, "--out", "run",
					"--duration", "2s", "--drain", "200ms", "--steady-state", "off", "--toxiproxy", b.gate.server.URL,
					"--fault", "llm_latency,errors=reset,for=1s", "--fault", "redis_outage,for=5m", "--fault", "qdrant_throttle@300ms,for=5m")
				when.strike(b.gate, v, filepath.Join(dir, "run"))
				v.wait(t)
				b.gate.arm(-1<<40, false, v) // whoever recovers may call
				run := filepath.Join(dir, "run")
				unguarded := n/len(ways())%5 == 0
				if unguarded {
					killGuard(t, run)
				}
				if b.state(t) != b.before {
					found.Add(1)
				}
				open, _ := chaos.ReadLedger(run)
				if len(open) > 0 {
					dead.Add(1)
				}
				if unguarded {
					recoverRun(t, dir, "TOXIPROXY_URL="+b.gate.server.URL)
				} else if !within(10*time.Second, func() bool {
					open, err := chaos.ReadLedger(run)
					return err == nil && len(open) == 0 && b.state(t) == b.before && len(guards(t, run)) == 0
				}) {
					open, err := chaos.ReadLedger(run)
					t.Errorf("try %d, %s %s: 10 s later the guard has not reverted everything: %+v, %v", n, way, when, open, err)
				}
				if after := b.state(t); after != b.before {
					t.Errorf("try %d, %s %s: Toxiproxy is not as it was:\n%s\n%s", n, way, when, after, v.log.String())
					b.before = after // the next tries are about themselves
				}
			}
		})
	}
	for n := range killTries {
		tries <- n
	}
	close(tries)
	work.Wait()
	t.Logf("%d tries: %d died with open records, %d with faults in place", killTries, dead.Load(), found.Load())
	if found.Load() == 0 || dead.Load() == 0 {
		t.Error("no process was killed while a fault was in place: the test tests nothing")
	}
}

// TestGuardReadsWhatTheRunReads: whatever a run is started with, its guard starts with it too. A pipe can be read only
// once, and documents that are asked for are none of its business.
func TestGuardReadsWhatTheRunReads(t *testing.T) {
	endToEnd(t)
	b := newBench(t)
	dir := t.TempDir()
	fifo := filepath.Join(dir, "squall.yaml")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		text := fmt.Sprintf("targets: {piped: {gateway: {url: %q}, toxiproxy: {url: %q}}}\n", acceptsAll(t), b.api)
		wrote <- os.WriteFile(fifo, []byte(text), 0)
	}()
	run := filepath.Join(dir, "run")
	v := startVictim(t, "KILL", dir, "run", "--headless", "--vus", "1", "--config", fifo, "--target", "piped", "--out", "run", "--out", "json=k6.json",
		"--summary-export", "summary.json", "--duration", "5m", "--steady-state", "off", "--fault", "llm_latency,for=5m")
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	until(t, "the fault is on", func() bool {
		data, _ := os.ReadFile(filepath.Join(run, "journal.jsonl"))
		return strings.Contains(string(data), `"kind":"fault_active"`)
	})
	if len(guards(t, run)) == 0 {
		t.Error("nobody guards the run")
	}
	v.kill()
	v.wait(t)
	until(t, "the guard has reverted the fault", func() bool { return b.state(t) == b.before })
	until(t, "the guard is gone", func() bool { return len(guards(t, run)) == 0 })
}

// TestGuardWithoutAPlaceForTheKey: in a container or a unit of systemd there may be no home. The guard knows the ledger of its
// own run all the same.
func TestGuardWithoutAPlaceForTheKey(t *testing.T) {
	endToEnd(t)
	for name, home := range map[string]environment{"no home": nil, "a home that is not there": {"HOME=/proc/1/none"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			dir := t.TempDir()
			run := filepath.Join(dir, "run")
			v := startVictimIn(t, "KILL", dir, home, "run", "--headless", "--vus", "1", "--host", acceptsAll(t), "--out", "run", "--duration", "5m",
				"--steady-state", "off", "--toxiproxy", b.api, "--fault", "llm_latency,for=5m")
			until(t, "the fault is on", func() bool {
				data, _ := os.ReadFile(filepath.Join(run, "journal.jsonl"))
				return strings.Contains(string(data), `"kind":"fault_active"`)
			})
			if b.state(t) == b.before {
				t.Fatal("nothing to test")
			}
			v.kill()
			v.wait(t)
			until(t, "the guard has reverted the fault", func() bool { return b.state(t) == b.before })
			until(t, "the guard is gone", func() bool { return len(guards(t, run)) == 0 })
		})
	}
}

// TestGuardOfARunDirectoryThatIsGone: somebody has tidied up under a living run, which is killed then.
func TestGuardOfARunDirectoryThatIsGone(t *testing.T) {
	endToEnd(t)
	for name, tidy := range map[string]func(run string) error{
		"moved":   func(run string) error { return os.Rename(run, run+"-old") },
		"removed": os.RemoveAll,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			dir := t.TempDir()
			run := filepath.Join(dir, "run")
			v := startVictim(t, "KILL", dir, "run", "--headless", "--vus", "1", "--host", acceptsAll(t), "--out", "run", "--duration", "5m",
				"--steady-state", "off", "--toxiproxy", b.api, "--fault", "llm_latency,for=5m")
			until(t, "the fault is on", func() bool {
				data, _ := os.ReadFile(filepath.Join(run, "journal.jsonl"))
				return strings.Contains(string(data), `"kind":"fault_active"`)
			})
			pids := guards(t, run)
			if err := tidy(run); err != nil {
				t.Fatal(err)
			}
			if b.state(t) == b.before || len(pids) != 1 {
				t.Fatalf("nothing to test: %d guards, state %s", len(pids), b.state(t))
			}
			v.kill()
			v.wait(t)
			until(t, "the guard has reverted the fault", func() bool { return b.state(t) == b.before })
			until(t, "the guard is gone", func() bool { return errors.Is(syscall.Kill(pids[0], 0), syscall.ESRCH) })
			if name == "moved" {
				if data, _ := os.ReadFile(filepath.Join(run+"-old", "journal.jsonl")); !strings.Contains(string(data), `"change_recovered"`) {
					t.Error("the journal does not say who has reverted the fault")
				}
			}
		})
	}
}

// TestScanFindsWhatALostRunHasLeft: squall and its guard are killed, and the run directory is gone. What is left at the
// target says itself whose it is.
func TestScanFindsWhatALostRunHasLeft(t *testing.T) {
	endToEnd(t)
	b := newBench(t)
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	v := startVictim(t, "KILL", dir, "run", "--headless", "--vus", "1", "--host", acceptsAll(t), "--out", "run", "--duration", "5m",
		"--steady-state", "off", "--toxiproxy", b.api, "--fault", "llm_latency,for=5m", "--fault", "redis_outage,way=refuse,for=5m")
	until(t, "both faults are on", func() bool {
		data, _ := os.ReadFile(filepath.Join(run, "journal.jsonl"))
		return strings.Count(string(data), `"kind":"fault_active"`) == 2
	})
	killGuard(t, run)
	v.kill()
	v.wait(t)
	if err := os.RemoveAll(run); err != nil {
		t.Fatal(err)
	}
	if b.state(t) == b.before {
		t.Fatal("nothing is left, so that there is nothing to test")
	}
	scan := func(typed string) (code int, said string) {
		cmd := exec.Command(binary, "recover", "--scan", "--toxiproxy", b.api)
		cmd.Dir, cmd.Env, cmd.Stdin = dir, []string{"HOME=" + dir}, strings.NewReader(typed)
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, said := scan("no\n"); code != 3 || b.state(t) == b.before || !strings.Contains(said, "switch it on") || !strings.Contains(said, "on proxy llm-upstream") {
		t.Errorf("without a yes: exit code %d\n%s", code, said)
	}
	if code, said := scan("yes\n"); code != 0 || b.state(t) != b.before {
		t.Errorf("exit code %d\n%s\nnow %s", code, said, b.state(t))
	}
	if code, said := scan(""); code != 0 || !strings.Contains(said, "Nothing of squall's is left there.") {
		t.Errorf("again: exit code %d\n%s", code, said)
	}
}
