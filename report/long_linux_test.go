package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
)

// longRun is a run of many hours: the seconds of a synthetic run, over and over, with faults spread over it.
type longRun struct {
	seconds int
	faults  int
	watched bool // with readings of the platform's panels, and alerts that fire over and over
}

// write makes the run in a new directory.
func (l longRun) write(t testing.TB) string {
	t.Helper()
	const block = 240
	short := synthetic{seconds: block, quiet: true}
	var events []event.Event
	kinds := []string{"llm_latency", "redis_outage", "qdrant_throttle"}
	for i := range l.faults {
		from := float64(l.seconds) * (float64(i) + 0.2) / float64(l.faults)
		on := min(60, 0.6*float64(l.seconds)/float64(l.faults))
		of := event.Injection{Fault: kinds[i%len(kinds)], Title: kinds[i%len(kinds)], Run: i + 1}
		events = append(events,
			happened(from, event.RoleSchedule, event.FaultStarted{
				Injection: of, Driver: "Toxiproxy", Summary: "3 s ± 500 ms", Scope: "proxy llm-upstream", Params: map[string]string{"latency": "3s", "jitter": "500ms"},
				Checks: []event.Check{{Text: "the proxy exists", Answer: event.Passes}},
			}),
			happened(from+0.1, event.RoleSquall, event.FaultActive{Injection: of, Scope: "proxy llm-upstream"}),
			happened(from+on, event.RoleSchedule, event.FaultReverting{Injection: of, Cause: event.CauseTimeUp}),
			happened(from+on+0.1, event.RoleSquall, event.FaultReverted{Injection: of, Cause: event.CauseTimeUp}),
			happened(from+on+1, event.RoleObjectives, event.PlatformRecovered{Injection: of, Seconds: 1}))
	}
	if l.watched {
		short.change = platformPanels
		for n := range 80 {
			from := float64(l.seconds) * float64(n) / 80
			events = append(events, alertEvents("prometheus", fmt.Sprintf("Alert%d", n%8), from+1, from+20)...)
		}
	}
	short.events, short.seconds = events, l.seconds
	dir := short.writeJournal(t)
	short.seconds = block
	files := short.measured(t)
	for name, again := range map[string]func(line []byte, shift float64) []byte{rundir.WindowsFile: shiftWindow, rundir.HistogramFile: shiftInterval} {
		var all bytes.Buffer
		for at := 0; at < l.seconds; at += block {
			for line := range bytes.Lines(files[name]) {
				if at == 0 {
					all.Write(line)
					continue
				}
				all.Write(again(line, float64(at)))
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), all.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if l.watched {
		var all []rundir.Sample
		for at := 5.0; at < float64(l.seconds); at += 5 {
			for _, panel := range []string{"api_latency_p95", "automation_queue_depth", "gateway_request_rate", "ingestion_lag"} {
				for tenant := range 3 {
					all = append(all, rundir.Sample{At: at, Source: "prometheus", Panel: panel, Labels: map[string]string{"tenant_id": fmt.Sprint(tenant)}, Value: 500 + 400*math.Sin(at/600+float64(tenant)) + float64(int(at)*7919%50)})
				}
			}
		}
		writeSamples(t, dir, all)
	}
	return dir
}

func shiftWindow(line []byte, shift float64) []byte {
	var at struct {
		At float64 `json:"at"`
	}
	if err := json.Unmarshal(line, &at); err != nil {
		panic(err)
	}
	_, rest, _ := bytes.Cut(line, []byte(","))
	return append(fmt.Appendf(nil, `{"at":%g,`, at.At+shift), rest...)
}

func shiftInterval(line []byte, shift float64) []byte {
	if line[0] == '#' || line[0] == '"' {
		return nil
	}
	fields := bytes.SplitN(line, []byte(","), 3)
	var at float64
	if _, err := fmt.Sscan(string(fields[1]), &at); err != nil {
		panic(err)
	}
	return bytes.Join([][]byte{fields[0], fmt.Appendf(nil, "%.3f", at+shift), fields[2]}, []byte(","))
}

// Of many faults those that went the same way are told together, and one that did not is told by itself.
func TestRepeatsAreToldTogether(t *testing.T) {
	dir := longRun{seconds: 3600, faults: 300}.write(t)
	journal := read(t, filepath.Join(dir, rundir.JournalFile))
	// One outage was not reverted: its last events are missing, and there is a failure instead.
	var lines []string
	for line := range strings.Lines(journal) {
		if strings.Contains(line, `"run":50,`) || strings.Contains(line, `"run":50}`) {
			if strings.Contains(line, `"fault_reverted"`) || strings.Contains(line, `"platform_recovered"`) {
				continue
			}
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(filepath.Join(dir, rundir.JournalFile), []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	r := documentsOf(t, dir)
	for _, want := range []string{
		"**300 faults**: llm_latency (100 times), redis_outage (99 times), qdrant_throttle (100 times), redis_outage 17.",
		"**During redis_outage (99 times)**:", "**During redis_outage 17**:",
		"redis_outage 17 not known, it was still on",
		"| **redis_outage 17** |", "99 more went the same way", "98 more went the same way",
		"events are left out",
	} {
		if !strings.Contains(r.report, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if n := len(r.report); n > 30_000 {
		t.Errorf("the report has %d bytes", n)
	}
	var during uint64
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range run.phases {
		during += p.total().Count
	}
	if all := run.requests().Count; during != all {
		t.Errorf("the phases have %d requests, the run %d", during, all)
	}
}

// A few faults are told one by one, as ever.
func TestFewFaultsAreToldOneByOne(t *testing.T) {
	r := documentsOf(t, longRun{seconds: 1200, faults: mostSingle}.write(t))
	if strings.Contains(r.report, "times)") || strings.Contains(r.report, "the same way") || !strings.Contains(r.report, "### llm_latency 10\n") {
		t.Error("faults were put together")
	}
}

// mostMemory is the most memory that a process had, in MB, from its status.
func mostMemory(t *testing.T, status string) (megabytes int64) {
	t.Helper()
	_, rest, _ := strings.Cut(status, "VmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		t.Fatalf("no memory in %q: %v", status, err)
	}
	return kilobytes / 1024
}

// A report of eight hours takes seconds, and little memory.
func TestReportOfEightHours(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program without the race detector")
	}
	reporter := filepath.Join(t.TempDir(), "reporter")
	if out, err := exec.Command("go", "build", "-o", reporter, "./testdata/reporter").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, c := range []struct {
		faults    int
		watched   bool // with the platform's own numbers and alerts
		processor time.Duration
		megabytes int64
		size      int // of report.md
		page      int // of report.html
	}{
		{20, false, 5 * time.Second, 300, 60_000, 1_000_000},
		{20, true, 10 * time.Second, 300, 60_000, 2_000_000},
		{2000, true, 20 * time.Second, 500, 60_000, 5_000_000},
	} {
		dir := longRun{seconds: 8 * 3600, faults: c.faults, watched: c.watched}.write(t)
		var used time.Duration
		var memory int64
		for range 3 { // other programs make processor time dearer: the first that is within the bound counts
			cmd := exec.Command(reporter, dir)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("report: %v\n%s", err, out)
			}
			used, memory = cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), mostMemory(t, string(out))
			if used <= c.processor {
				break
			}
		}
		t.Logf("%d faults, watched %v: %v of processor time, %d MB", c.faults, c.watched, used, memory)
		if used > c.processor || memory > c.megabytes {
			t.Errorf("%d faults take %v and %d MB, want at most %v and %d MB", c.faults, used, memory, c.processor, c.megabytes)
		}
		if n := len(read(t, filepath.Join(dir, File))); n > c.size {
			t.Errorf("%d faults: the report has %d bytes", c.faults, n)
		}
		page := len(read(t, filepath.Join(dir, HTMLFile)))
		t.Logf("%d faults: a page of %d bytes", c.faults, page)
		if page > c.page {
			t.Errorf("%d faults: the page has %d bytes, want at most %d", c.faults, page, c.page)
		}
	}
}
