package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/session"
)

// Every name that the configuration gives a document is one that there is.
func TestWritableDocuments(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"summary", "machine-summary", "json", "csv", "junit", "locust", "locust-full"} {
		if err := writableDocuments(dir, []config.Document{{Name: name, Path: filepath.Join(dir, "x"), Source: "--out"}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	for says, d := range map[string]config.Document{
		"--csv: open ":                           {Name: "locust", Path: filepath.Join(dir, "taken"), Source: "--csv"},
		`--out: there is no document "excel"`:    {Name: "excel", Path: "x", Source: "--out"},
		"--out: open ":                           {Name: "json", Path: filepath.Join(dir, "no", "x"), Source: "--out"},
		"lock is a file of the run itself: give": {Name: "json", Path: filepath.Join(dir, "lock"), Source: "--out"},
	} {
		if err := os.MkdirAll(filepath.Join(dir, "taken_failures.csv"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := writableDocuments(dir, []config.Document{d}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", d, err, says)
		}
	}
}

// A run that goes on is not told yet: its end would not be, for it is told once.
func TestJobSummaryOfARunThatGoesOn(t *testing.T) {
	dir := t.TempDir()
	lock := flock.New(filepath.Join(dir, session.LockFile))
	if held, err := lock.TryLock(); err != nil || !held {
		t.Fatal(held, err)
	}
	defer func() { _ = lock.Unlock() }()
	step := filepath.Join(dir, "step.md")
	if err := AppendJobSummary(nil, dir, step); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(step); err == nil {
		t.Error("it was told")
	}
}
