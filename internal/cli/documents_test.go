package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The documents that a run writes, squall report writes again with the same flags, byte for byte.
func TestReportWritesTheSameDocuments(t *testing.T) {
	asked := func(to string) []string {
		return []string{
			"-o", "json=" + to + ".json", "--out", "csv=" + to + ".csv.gz", "--csv", filepath.Join("sub", to), "--csv-full-history",
			"--summary-export", to + "-summary.json", "--new-machine-readable-summary",
		}
	}
	dir, code, _, errs := onceAround(t, asked("first")...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	if code, _, errs := try(t, nil, append([]string{"report", dir}, asked("again")...)...); code != 0 {
		t.Fatalf("report: exit code %d\n%s", code, errs)
	}
	for _, name := range []string{".json", ".csv.gz", "-summary.json", "_stats.csv", "_stats_history.csv", "_failures.csv", "_exceptions.csv"} {
		first, again := "first"+name, "again"+name
		if strings.HasPrefix(name, "_") {
			first, again = filepath.Join("sub", first), filepath.Join("sub", again)
		}
		one, err := os.ReadFile(first)
		if err != nil {
			t.Fatal(err)
		}
		if other, err := os.ReadFile(again); err != nil || len(one) == 0 || string(one) != string(other) {
			t.Errorf("%s has %d bytes, %s %d, %v", first, len(one), again, len(other), err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "junit.xml")); err != nil {
		t.Error(err)
	}
}

// A document that cannot be written costs the exit code, and is named. The others are written.
func TestDocumentThatCannotBeWritten(t *testing.T) {
	block := func() {
		if err := os.MkdirAll("points.json", 0o755); err != nil {
			t.Error(err)
		}
	}
	_, code, out, errs := onceAroundWith(t, block, "--out", "json=points.json", "--out", "csv=points.csv")
	if code != 1 || !strings.Contains(errs, "write points.json: ") || strings.Count(errs, "points.json") > 2 || !strings.Contains(out, "PASSED") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	if text, err := os.ReadFile("points.csv"); err != nil || !strings.HasPrefix(string(text), "metric_name,") {
		t.Errorf("points.csv has %q, %v", text, err)
	}
	if code, _, errs := try(t, nil, "report", "run", "--summary-export", "no/such/place.json"); code != 1 || !strings.Contains(errs, "write no/such/place.json: ") {
		t.Errorf("report: exit code %d\n%s", code, errs)
	}
}

// What a run consists of is not written over by what is made from it, neither before nor after.
func TestDocumentsLeaveTheRunAlone(t *testing.T) {
	_, code, _, errs := onceAround(t, "--out", "json=run/journal.jsonl")
	if code != 2 || !strings.Contains(errs, "--out json: run/journal.jsonl is a file of the run itself: give another name") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	dir, code, _, errs := onceAround(t)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	before, err := os.ReadFile(filepath.Join(dir, "windows.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	code, _, errs = try(t, nil, "report", dir, "--summary-export", filepath.Join(dir, "..", dir, "windows.jsonl"))
	after, err := os.ReadFile(filepath.Join(dir, "windows.jsonl"))
	if code != 1 || err != nil || string(after) != string(before) || !strings.Contains(errs, "is a file of the run itself") {
		t.Errorf("exit code %d, %v\n%s", code, err, errs)
	}
}

// The job summary of GitHub Actions has a run once, whichever command comes first, and costs no exit code.
func TestJobSummary(t *testing.T) {
	step := filepath.Join(t.TempDir(), "step.md")
	t.Chdir(t.TempDir())
	environ := map[string]string{"GATEWAY_URL": gateway(t, func() {}), "WEBHOOK_SECRET": "s3cret", "GITHUB_STEP_SUMMARY": step}
	run := func(dir string) (code int, errs string) {
		code, _, errs = try(t, environ, "run", "--headless", "--vus", "1", "--think", "10ms", "--duration", "2s", "--out", dir, "--objective", "http_req_failed: rate<0.5")
		return code, errs
	}
	if code, errs := run("one"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	if code, _, errs := try(t, environ, "report", "one"); code != 0 {
		t.Fatalf("report: exit code %d\n%s", code, errs)
	}
	if code, errs := run("two"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	text, err := os.ReadFile(step)
	if n := strings.Count(string(text), "## ✓ squall on 127.0.0.1: passed"); err != nil || n != 2 {
		t.Errorf("two runs stand %d times in\n%s%v", n, text, err)
	}
	environ["GITHUB_STEP_SUMMARY"] = filepath.Join(step, "not", "there")
	if code, errs := run("three"); code != 0 || !strings.Contains(errs, "warning: append to the job summary (GITHUB_STEP_SUMMARY): ") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	environ["GITHUB_STEP_SUMMARY"] = filepath.Join(filepath.Dir(step), "next.md")
	if code, _, errs := try(t, environ, "report", "three"); code != 0 {
		t.Errorf("report: exit code %d\n%s", code, errs)
	}
	if text, err := os.ReadFile(environ["GITHUB_STEP_SUMMARY"]); err != nil || strings.Count(string(text), "## ✓") != 1 {
		t.Errorf("the run that could not be told before: %q, %v", text, err)
	}
}
