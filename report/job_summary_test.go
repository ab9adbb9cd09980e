package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJobSummaryIsAppendedOnce(t *testing.T) {
	dir := drills().write(t)
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	step := filepath.Join(t.TempDir(), "step.md")
	if err := os.WriteFile(step, []byte("# Build\nno line break"), 0o600); err != nil {
		t.Fatal(err)
	}
	if done, err := AppendJobSummary(run, dir, step); !done || err != nil {
		t.Fatalf("%v, %v", done, err)
	}
	text := read(t, step)
	if want := "# Build\nno line break\n\n## ✗ squall on staging: failed\n"; !strings.HasPrefix(text, want) || strings.Count(text, "## ✗") != 1 {
		t.Errorf("the step has\n%s", text)
	}
	for _, want := range []string{"| Objective |", "### Faults", "LLM latency"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Index(text, "| Objective |") > strings.Index(text, "### Faults") {
		t.Error("objectives come after faults")
	}
	// Another step of the job has another file, and the run is told all the same.
	for _, again := range []string{step, filepath.Join(t.TempDir(), "next.md")} {
		if done, err := AppendJobSummary(run, dir, again); done || err != nil {
			t.Errorf("again: %v, %v", done, err)
		}
	}
	if read(t, step) != text || !strings.HasSuffix(text, read(t, filepath.Join(dir, JobSummaryFile))) {
		t.Errorf("the step has now\n%s", read(t, step))
	}
}

// What could not be appended can be the next time.
func TestJobSummaryThatCannotBeWritten(t *testing.T) {
	dir := synthetic{seconds: 30, quiet: true}.write(t)
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{filepath.Join(dir, "not", "there"): "no such file", dir: "is no regular file"} {
		if done, err := AppendJobSummary(run, dir, path); done || err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "append to the job summary (GITHUB_STEP_SUMMARY)") {
			t.Errorf("%s: %v, %v", path, done, err)
		}
	}
	if done, err := AppendJobSummary(run, dir, filepath.Join(t.TempDir(), "step.md")); !done || err != nil {
		t.Errorf("then: %v, %v", done, err)
	}
}
