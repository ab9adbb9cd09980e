package cli

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
)

// gateway is one that takes every message, and does something at the first.
func gateway(t *testing.T, atFirst func()) string {
	t.Helper()
	var first sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first.Do(atFirst)
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"status":"accepted"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/webchat/webhook"
}

// onceAround runs a short run in this process, in an empty directory, and returns its run directory.
func onceAround(t *testing.T, args ...string) (dir string, code int, out, errs string) {
	t.Helper()
	return onceAroundWith(t, func() {}, args...)
}

// onceAroundWith does so, and something else when the first message comes.
func onceAroundWith(t *testing.T, atFirst func(), args ...string) (dir string, code int, out, errs string) {
	t.Helper()
	t.Chdir(t.TempDir())
	environ := map[string]string{"GATEWAY_URL": gateway(t, atFirst), "WEBHOOK_SECRET": "s3cret"}
	args = append([]string{"run", "--headless", "--vus", "1", "--think", "10ms", "--duration", "1s", "--out", "run", "--objective", "http_req_failed: rate<0.5"}, args...)
	code, out, errs = try(t, environ, args...)
	return "run", code, out, errs
}

// TestWarningsReachTheJournal keeps what was said before the console opened: there it is gone.
func TestWarningsReachTheJournal(t *testing.T) {
	dir, _, _, errs := onceAround(t, "--insecure-skip-verify")
	journal, err := os.ReadFile(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"instagram, telegram and whatsapp have no secret and are sent as webchat", "server certificates are not checked"} {
		if !strings.Contains(string(journal), want) || !strings.Contains(errs, want) {
			t.Errorf("want %q in the journal\n%s\nand on standard error\n%s", want, journal, errs)
		}
	}
}

// TestPlacesAreCheckedFirst: what cannot be written is said before the run, and not after it.
func TestPlacesAreCheckedFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no directory":   {[]string{"--summary-export", filepath.Join(file+"s", "x.json")}, "--summary-export: open"},
		"a directory":    {[]string{"--summary-export", t.TempDir()}, "is a directory: give a file"},
		"out is a file":  {[]string{"--out", file}, "run directory: mkdir"},
		"out below file": {[]string{"--out", filepath.Join(file, "x")}, "not a directory: give one that can be written with --out"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, code, _, errs := onceAround(t, c.args...)
			if code != 2 || !strings.Contains(errs, c.says) {
				t.Errorf("exit code %d, says\n%s\nwant %q", code, errs, c.says)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("a run directory is left")
			}
		})
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "kept" {
		t.Errorf("the file holds %q, %v", data, err)
	}
	_, code, _, errs := onceAround(t, "--summary-export", "run/new.json")
	if data, err := os.ReadFile("run/new.json"); code != 0 || err != nil || !strings.Contains(string(data), "metrics") {
		t.Errorf("exit code %d, %v, %s\n%s", code, err, data, errs)
	}
}

// TestReportFindsAnotherPlace has a run directory in which report.md cannot be put.
func TestReportFindsAnotherPlace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	blocked := filepath.Join(t.TempDir(), "blocked")
	block := func() {
		if err := os.MkdirAll(filepath.Join(blocked, "report.md", "x"), 0o755); err != nil {
			t.Error(err)
		}
	}
	_, code, out, errs := onceAroundWith(t, block, "--out", blocked, "--summary-export", "summary.json")
	found, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "squall-report-*", "report.md"))
	if err != nil || len(found) != 1 {
		t.Fatalf("reports %v, %v\n%s", found, err, errs)
	}
	if code != 1 || !strings.Contains(out, found[0]) || strings.Contains(out, blocked) || !strings.Contains(errs, "the report is in "+filepath.Dir(found[0])) {
		t.Errorf("exit code %d\n%s%s\nwant it to name %s", code, out, errs, found[0])
	}
	if text, err := os.ReadFile(found[0]); err != nil || !strings.Contains(string(text), "gateway") {
		t.Errorf("report %s, %v", text, err)
	}
	if _, err := os.Stat("summary.json"); err != nil {
		t.Error(err)
	}
}

// TestRunDirectoryTakenAway: what was measured is saved, the report is made of it, and the exit code says that
// something went wrong.
func TestRunDirectoryTakenAway(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, code, out, errs := onceAroundWith(t, func() {
		if err := os.RemoveAll("run"); err != nil {
			t.Error(err)
		}
	})
	found, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "squall-run-*", "report.md"))
	if err != nil || len(found) != 1 {
		t.Fatalf("reports %v, %v\n%s", found, err, errs)
	}
	if code != 1 || !strings.Contains(out, found[0]) || !strings.Contains(errs, "the run was saved to "+filepath.Dir(found[0])) {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	run, err := rundir.Open(filepath.Dir(found[0]))
	if err != nil || run.End == nil || len(run.Seconds) == 0 {
		t.Errorf("the run that was saved: %+v, %v", run, err)
	}
}

// TestPlacesThatAreTaken: a FIFO that nobody reads is refused before the run, and so is a directory that holds something.
func TestPlacesThatAreTaken(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"is no regular file: give a file that can be written": {"--summary-export", fifo},
		"is not empty (it holds fifo): choose a directory":    {"--out", dir},
	} {
		if _, code, _, errs := onceAround(t, args...); code != 2 || !strings.Contains(errs, says) {
			t.Errorf("%v: exit code %d\n%s", args, code, errs)
		}
	}
}

func TestJudge(t *testing.T) {
	failed := slo.Verdict{Answer: slo.Failed, Exit: 99}
	for name, c := range map[string]struct {
		cause   event.EndCause
		detail  string
		planned time.Duration
		verdict slo.Verdict
		left    []string
		failure error
		want    int
	}{
		"passed":                   {cause: event.EndDuration, planned: time.Minute, want: 0},
		"operator":                 {cause: event.EndAsked, planned: time.Minute, want: 0},
		"killed job, not reverted": {cause: event.EndSignal, detail: "terminated", planned: time.Minute, verdict: failed, left: []string{"rule"}, want: 3},
		"broken":                   {cause: event.EndDuration, verdict: failed, want: 99},
		"squall failed beside it":  {cause: event.EndPanic, verdict: failed, failure: errors.New("x"), want: 1},
		"not reverted after that":  {cause: event.EndPanic, left: []string{"rule"}, failure: errors.New("x"), want: 3},
		"a person's wish, failing": {cause: event.EndAsked, planned: time.Minute, verdict: failed, want: 99},
	} {
		line := timeline.Of([]event.Event{event.Make(time.Time{}, 0, event.By(event.RoleSquall), event.RunEnded{Cause: c.cause, Detail: c.detail, NotReverted: c.left})})
		snap := session.Snapshot{Duration: c.planned, Timeline: line}
		if got := exitCodeOf(snap, c.verdict, c.failure); got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
	}
}
