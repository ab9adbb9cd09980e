package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// The end-to-end tests run the built program against the embedded platform in another process.

var (
	binary string      // the built program; "" with -short
	mortal string      // the same, but panics when it is told to
	state  string      // where all of them keep the key of ledgers
	shared environment // of the platform that the tests share which change nothing on it
)

// environment is NAME=value of a platform.
type environment []string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	if isShort() {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "squall-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary, mortal, state = filepath.Join(dir, "squall"), filepath.Join(dir, "victim"), filepath.Join(dir, "state")
	build := exec.Command("go", "build", "-o", dir, "xinbot.ir/squall", "./testdata/victim")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build squall: %v\n%s", err, out)
		return 1
	}
	platform, stop, err := serve()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	shared = platform
	return m.Run()
}

// isShort looks for -short before the testing package has parsed its flags.
func isShort() bool {
	for _, arg := range os.Args[1:] {
		if arg == "-test.short" || arg == "-test.short=true" {
			return true
		}
	}
	return false
}

// serve starts a platform and reads the variables that it prints.
func serve() (platform environment, stop func(), err error) {
	cmd := exec.Command(binary, "demo", "--serve", "--no-delays")
	cmd.Env = []string{"XDG_STATE_HOME=" + state, "HOME=" + os.TempDir()}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			fmt.Fprintf(os.Stderr, "squall demo --serve ended with %v\n", err)
		}
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if pair, ok := strings.CutPrefix(lines.Text(), "export "); ok {
			platform = append(platform, pair)
		}
		if lines.Text() == "# Ctrl-C ends it." {
			return platform, stop, nil
		}
	}
	stop()
	return nil, nil, errors.New("squall demo --serve ended without printing its variables")
}

// ownPlatform starts a platform for one test: for faults and rules, which two tests would fight over.
func ownPlatform(t *testing.T) environment {
	t.Helper()
	platform, stop, err := serve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return platform
}

// variable is one of the platform's variables.
func (e environment) variable(t *testing.T, name string) string {
	t.Helper()
	for _, pair := range e {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	t.Fatalf("the platform prints no %s", name)
	return ""
}

// tenant is one that the platform has.
func tenant() string { return load.DefaultWorkload().Tenants[0].ID }

// process is a running squall.
type process struct {
	cmd      *exec.Cmd
	dir      string // run directory
	out, err *output
	ended    chan struct{} // closed when it has
}

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// endToEnd begins a test of the built program: beside the others, and not when only the quick tests
// are wanted.
func endToEnd(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the built program")
	}
	t.Parallel()
}

// start runs squall in an empty directory with the given environment and no other.
func start(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{out: &output{}, err: &output{}, ended: make(chan struct{})}
	work := t.TempDir()
	p.dir = filepath.Join(work, "run")
	if (args[0] == "run" || args[0] == "demo") && !slices.Contains(args, "--out") {
		args = append(args, "--out", "run")
	}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Dir = work
	p.cmd.Env = append([]string{"XDG_STATE_HOME=" + state, "HOME=" + work}, environ...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("squall %s\n%s\n%s", strings.Join(args, " "), p.out, p.err)
		}
	})
	return p
}

// patience bounds every wait of these tests; nothing waits for it to pass.
const patience = 60 * time.Second

// wait returns the exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	return p.waitFor(t, patience)
}

// waitFor returns the exit code of a run that lasts.
func (p *process) waitFor(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		t.Fatal("squall does not end")
		return 0
	}
}

func (p *process) expect(t *testing.T, code int) *process {
	t.Helper()
	if got := p.wait(t); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	return p
}

// until waits for a condition of the outside world, looking often.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// measured waits until the run has a few seconds on disk.
func (p *process) measured(t *testing.T) *process {
	t.Helper()
	until(t, "two seconds were measured", func() bool {
		data, err := os.ReadFile(filepath.Join(p.dir, "windows.jsonl"))
		return err == nil && bytes.Count(data, []byte("\n")) >= 2
	})
	return p
}

// signal sends a signal.
func (p *process) signal(t *testing.T, s os.Signal) *process {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	return p
}

// reported checks that the report is there and complete, and returns it.
func (p *process) reported(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	var summary struct {
		Metrics map[string]map[string]any `json:"metrics"`
	}
	data, err := os.ReadFile(filepath.Join(p.dir, "perf-summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &summary); err != nil {
		t.Fatal(err)
	}
	for _, metric := range []string{"gateway_latency", "http_req_duration", "http_req_failed"} {
		if summary.Metrics[metric] == nil {
			t.Errorf("perf-summary.json has no %s", metric)
		}
	}
	if !strings.Contains(string(text), "gateway") {
		t.Errorf("report:\n%s", text)
	}
	return string(text)
}

// end is how the journal says that the run ended.
func (p *process) end(t *testing.T) event.RunEnded {
	t.Helper()
	run, err := rundir.Open(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	if run.End == nil {
		t.Fatal("the journal has no end")
	}
	return *run.End
}

func TestHeadlessRunPasses(t *testing.T) {
	endToEnd(t)
	p := start(t, shared, "run", "--headless", "--vus", "20", "--duration", "3s", "--knowledge", "--objective", steady).expect(t, 0)
	p.reported(t)
	if got := p.end(t).Cause; got != event.EndDuration {
		t.Errorf("ended by %q", got)
	}
	if !strings.Contains(p.out.String(), steady) || !strings.Contains(p.out.String(), "report.md") {
		t.Errorf("summary is\n%s", p.out)
	}
	for _, name := range []string{"ADMIN_TOKEN", "WEBHOOK_SECRET", "WEBHOOK_SECRET_TELEGRAM"} {
		secret := shared.variable(t, name)
		if strings.Contains(p.out.String()+p.err.String(), secret) {
			t.Errorf("%s is on the screen", name)
		}
		noFileHolds(t, p.dir, secret, name)
	}
}

// noFileHolds checks that no file of a run gives a secret away.
func noFileHolds(t *testing.T, dir, secret, name string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s stands in %s", name, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// steady is an objective that a busy machine does not break.
const steady = "http_req_failed: rate<0.5"

// TestTheSeedsCommandLines runs them as they stand, with the program's name changed, less time, and an
// objective that does not depend on how busy this machine is.
func TestTheSeedsCommandLines(t *testing.T) {
	t.Run("k6", func(t *testing.T) {
		endToEnd(t)
		workload := filepath.Join(t.TempDir(), "workload.json")
		const text = `{"tenants": [{"id": "11111111-1111-4111-8111-111111111111", "brands": [{"name": "One",
			"brand_id": "22222222-2222-4222-8222-222222222221", "channel_id": "33333333-3333-4333-8333-333333333331",
			"channels": {"webchat": 0.4, "instagram": 0.25, "telegram": 0.15, "whatsapp": 0.1, "automation": 0.1}}]}]}`
		if err := os.WriteFile(workload, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, nil, "run", "--vus", "250", "--duration", "2s",
			"-e", "GATEWAY_URL="+shared.variable(t, "GATEWAY_URL"), "-e", "ORCHESTRATOR_URL="+shared.variable(t, "ORCHESTRATOR_URL"),
			"-e", "ADMIN_TOKEN="+shared.variable(t, "ADMIN_TOKEN"), "-e", "WEBHOOK_SECRET="+shared.variable(t, "WEBHOOK_SECRET"),
			"-e", "WORKLOAD_FILE="+workload, "--summary-export", "perf-summary.json", "--objective", steady).expect(t, 0)
		p.reported(t)
		copied, err := os.ReadFile(filepath.Join(filepath.Dir(p.dir), "perf-summary.json"))
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(copied) || !bytes.Contains(copied, []byte("gateway_latency")) {
			t.Errorf("--summary-export wrote %s", copied)
		}
		for _, name := range []string{"ADMIN_TOKEN", "WEBHOOK_SECRET"} {
			noFileHolds(t, p.dir, shared.variable(t, name), name)
		}
	})
	t.Run("Locust", func(t *testing.T) {
		endToEnd(t)
		host := strings.TrimSuffix(shared.variable(t, "GATEWAY_URL"), "/webchat/webhook")
		environ := []string{"LOCUST_TENANT_ID=" + tenant(), "GATEWAY_WEBHOOK_SECRET=" + shared.variable(t, "WEBHOOK_SECRET")}
		start(t, environ, "run", "--host", host, "--users", "50", "--spawn-rate", "100", "--run-time", "2s", "--headless", "--objective", steady).expect(t, 0).reported(t)
	})
}

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		args []string
		says string
	}{
		"unknown flag":      {2, []string{"run", "--bogus"}, "unknown flag: --bogus"},
		"bad value":         {2, []string{"run", "--vus", "many"}, `--vus: is "many"`},
		"no such command":   {2, []string{"fly"}, "unknown command"},
		"no such run":       {1, []string{"report", "nowhere"}, "nowhere"},
		"objective failed":  {99, []string{"run", "--vus", "5", "--think", "0s", "--duration", "2s", "--objective", "gateway_latency: p(95)<0.001"}, ""},
		"objective unknown": {98, []string{"run", "--vus", "1", "--think", "100ms", "--duration", "1s", "--objective", "automation_latency: p(95)<0.001"}, ""},
		"unknown passes":    {0, []string{"run", "--vus", "1", "--think", "100ms", "--duration", "1s", "--objective", "automation_latency: p(95)<0.001", "--unknown", "pass"}, ""},
		"unknown fails":     {99, []string{"run", "--vus", "1", "--think", "100ms", "--duration", "1s", "--objective", "automation_latency: p(95)<0.001", "--unknown", "fail"}, ""},
		"built-in unknown":  {0, []string{"run", "--vus", "1", "--think", "100ms", "--duration", "1s"}, ""},
		"nothing is sent":   {98, []string{"run", "--vus", "0", "--duration", "1s"}, ""},
		"nothing answers":   {98, []string{"run", "--vus", "1", "--duration", "1s", "--gateway", "http://127.0.0.1:1", "--objective", "dropped_iterations: count==0"}, ""},
		"nothing measured":  {98, []string{"run", "--vus", "1", "--duration", "1s", "--gateway", "http://127.0.0.1:1", "--objective", "gateway_latency: p(95)<1500"}, ""},
		"doctor":            {0, []string{"doctor"}, ""},
		"doctor, away":      {1, []string{"doctor", "--gateway", "http://127.0.0.1:1"}, ""},
		"doctor, wrong":     {2, []string{"doctor", "--rate", "fast"}, `--rate: is "fast"`},
		"nothing to do":     {0, []string{"recover"}, ""},
		"version":           {0, []string{"version"}, ""},
		"help":              {0, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			endToEnd(t)
			args := c.args
			if args == nil {
				args = []string{"--help"}
			}
			p := start(t, shared, args...).expect(t, c.code)
			if !strings.Contains(p.err.String(), c.says) {
				t.Errorf("standard error does not say %q", c.says)
			}
		})
	}
}

func TestEverySignalLeavesAReport(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT} {
		t.Run(s.String(), func(t *testing.T) {
			endToEnd(t)
			p := start(t, shared, "run", "--vus", "10", "--objective", steady).measured(t).signal(t, s).expect(t, 0)
			p.reported(t)
			if got := p.end(t).Detail; !strings.Contains(got, s.String()) {
				t.Errorf("ended by %q", got)
			}
		})
	}
}

// TestKilledJobIsNotGreen ends a run from outside, long before its time.
func TestKilledJobIsNotGreen(t *testing.T) {
	endToEnd(t)
	start(t, shared, "run", "--vus", "5", "--duration", "10m", "--headless", "--objective", steady).
		measured(t).signal(t, syscall.SIGTERM).expect(t, 1).reported(t)
}

// TestSecondInterruptDropsWhatIsInFlight has a gateway that never answers and a drain that would last.
func TestSecondInterruptDropsWhatIsInFlight(t *testing.T) {
	endToEnd(t)
	arrived := make(chan struct{}, 100)
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client goes
		arrived <- struct{}{}
		<-r.Context().Done()
	}))
	defer gateway.Close()
	defer gateway.CloseClientConnections()
	p := start(t, []string{"WEBHOOK_SECRET=x"}, "run", "--gateway", gateway.URL, "--vus", "1", "--timeout", "10m", "--drain", "10m")
	<-arrived
	p.measured(t).signal(t, os.Interrupt)
	select {
	case <-p.ended:
		t.Fatal("the first interrupt did not wait for the request in flight")
	case <-time.After(300 * time.Millisecond): // long enough to see that it waits; not needed to pass
	}
	p.signal(t, os.Interrupt).wait(t)
	if _, err := os.Stat(filepath.Join(p.dir, "report.md")); err != nil {
		t.Error(err)
	}
}

// TestKilledRun makes the report of a run that was killed, twice the same.
func TestKilledRun(t *testing.T) {
	endToEnd(t)
	p := start(t, shared, "run", "--vus", "10", "--objective", steady).measured(t).signal(t, os.Kill)
	p.wait(t)
	if _, err := os.Stat(filepath.Join(p.dir, "report.md")); err == nil {
		t.Fatal("a killed run wrote a report")
	}
	start(t, nil, "report", p.dir).expect(t, 0)
	first := p.reported(t)
	start(t, nil, "report", p.dir).expect(t, 0)
	if second := p.reported(t); second != first {
		t.Errorf("the second report differs from the first:\n%s\n%s", first, second)
	}
}

// rules are the automation rules of the platform's first tenant.
func rules(t *testing.T, platform environment) map[string]bool {
	t.Helper()
	url := platform.variable(t, "ORCHESTRATOR_URL") + "/admin/automation/rules?tenant_id=" + tenant()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+platform.variable(t, "ADMIN_TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var list []struct {
		ID     string `json:"id"`
		Active bool   `json:"is_active"`
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, rule := range list {
		found[rule.ID] = rule.Active
	}
	return found
}

// TestRecover kills a run while it has a rule paused, and puts the rule back from the ledger.
func TestRecover(t *testing.T) {
	endToEnd(t)
	platform := ownPlatform(t)
	before := rules(t, platform)
	workload := filepath.Join(t.TempDir(), "busy.yaml")
	text := "tenants: [{id: " + tenant() + ", brands: [{brand_id: 22222222-2222-4222-8222-222222222221, channel_id: 33333333-3333-4333-8333-333333333331}]}]\nrules: {toggles_per_minute: 600}\n"
	if err := os.WriteFile(workload, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, platform, "run", "--vus", "1", "--workload", workload, "--out", filepath.Join("runs", "dead"))
	p.dir = filepath.Join(p.cmd.Dir, "runs", "dead")
	until(t, "a rule is not as it was", func() bool { return fmt.Sprint(rules(t, platform)) != fmt.Sprint(before) })
	killGuard(t, p.dir)
	p.signal(t, os.Kill).wait(t)
	if fmt.Sprint(rules(t, platform)) == fmt.Sprint(before) {
		t.Fatal("nothing is left to revert, so that there is nothing to test")
	}
	// The next run from the same place points at it, and a run is never written over.
	next := exec.Command(binary, "run", "--out", p.dir)
	next.Dir, next.Env = p.cmd.Dir, append([]string{"XDG_STATE_HOME=" + state, "HOME=" + p.cmd.Dir}, platform...)
	said, err := next.CombinedOutput()
	if code := next.ProcessState.ExitCode(); err == nil || code != 2 {
		t.Errorf("a second run into the same directory: exit code %d", code)
	}
	for _, want := range []string{"squall recover " + filepath.Join("runs", "dead"), "already holds a run"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("the next run says\n%s\nwant %q", said, want)
		}
	}
	r := start(t, []string{"ADMIN_TOKEN=" + platform.variable(t, "ADMIN_TOKEN"), "ORCHESTRATOR_URL=" + platform.variable(t, "ORCHESTRATOR_URL")}, "recover", p.dir).expect(t, 0)
	if !strings.Contains(r.out.String(), "is back as it was found") {
		t.Errorf("recover says %q", r.out)
	}
	if got := rules(t, platform); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("rules %v, want %v", got, before)
	}
	if again := start(t, []string{"ADMIN_TOKEN=x"}, "recover", p.dir).expect(t, 0); !strings.Contains(again.out.String(), "Nothing is left to revert") {
		t.Errorf("recover again says %q", again.out)
	}
}

// TestReaderThatGoesAway is squall run | head -1.
func TestReaderThatGoesAway(t *testing.T) {
	endToEnd(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	work := t.TempDir()
	cmd := exec.Command(binary, "run", "--vus", "5", "--duration", "2s", "--out", "run", "--objective", steady)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = work, append([]string{"XDG_STATE_HOME=" + state, "HOME=" + work}, shared...), writer, writer
	if err := cmd.Run(); err != nil {
		t.Errorf("ended with %v", err)
	}
	writer.Close()
	if _, err := os.Stat(filepath.Join(work, "run", "report.md")); err != nil {
		t.Error(err)
	}
}
