package bundle

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 7, 30, 9, 15, 0, 123, time.FixedZone("", 3*3600))

// write makes a directory with files, by their names.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func collect(t *testing.T, dir string) Bundle {
	t.Helper()
	b, err := Collect(dir, []string{"report.md", "report.html", "charts", "evidence"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Only documents are taken: not the raw data beside them, and not what is missing.
func TestCollectsDocuments(t *testing.T) {
	dir := write(t, map[string]string{"report.md": "r", "charts/b.png": "b", "charts/a.png": "a", "journal.jsonl": "raw", "evidence/hpa/before.txt": "h"})
	if got, want := collect(t, dir).Files(), []string{"charts/a.png", "charts/b.png", "evidence/hpa/before.txt", "report.md"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if _, err := Collect(t.TempDir(), []string{"report.md"}); err == nil || !strings.Contains(err.Error(), "squall report") {
		t.Errorf("an empty directory: %v", err)
	}
}

// A link is refused: it may lead out of the run directory.
func TestLinksAreRefused(t *testing.T) {
	dir := write(t, map[string]string{"report.md": "r", "evidence/a": "a"})
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "evidence", "b")); err != nil {
		t.Fatal(err)
	}
	if _, err := Collect(dir, []string{"report.md", "evidence"}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("got %v", err)
	}
}

// A copy replaces what it put there before, and nothing else.
func TestCopies(t *testing.T) {
	dir := write(t, map[string]string{"report.md": "new", "charts/a.png": "a"})
	to := write(t, map[string]string{"report.md": "old", "photo.jpg": "mine"})
	if err := collect(t, dir).CopyTo(to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"report.md": "new", "charts/a.png": "a", "photo.jpg": "mine"} {
		if got := read(t, filepath.Join(to, name)); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
}

// What cannot be copied is named, and the rest is copied all the same.
func TestFailedCopiesAreNamed(t *testing.T) {
	dir := write(t, map[string]string{"report.md": "r", "charts/a.png": "a"})
	to := write(t, map[string]string{"charts": "a file where the folder should be"})
	err := collect(t, dir).CopyTo(to)
	if err == nil || !strings.Contains(err.Error(), "copy charts/a.png to "+to) {
		t.Errorf("error %v", err)
	}
	if got := read(t, filepath.Join(to, "report.md")); got != "r" {
		t.Errorf("report.md holds %q", got)
	}
	for _, inside := range []string{dir, filepath.Join(dir, "evidence")} {
		if err := collect(t, dir).CopyTo(inside); err == nil || !strings.Contains(err.Error(), "outside") {
			t.Errorf("copy to %s: %v", inside, err)
		}
	}
}

// Two zip files of the same documents are the same, whenever they were made and whatever the files' own times.
func TestZipIsDeterministic(t *testing.T) {
	files := map[string]string{"report.md": strings.Repeat("report ", 1000), "charts/a.png": "a", "evidence/x.csv": "1,2"}
	var made [2][]byte
	for i := range made {
		dir := write(t, files)
		if err := os.Chtimes(filepath.Join(dir, "report.md"), at, at.AddDate(i, 0, 0)); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "new", "evidence.zip")
		if err := collect(t, dir).Zip(out, "a run", at); err != nil {
			t.Fatal(err)
		}
		made[i] = []byte(read(t, out))
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("the zip files differ")
	}
	archive, err := zip.NewReader(bytes.NewReader(made[0]), int64(len(made[0])))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || string(text) != files[strings.TrimPrefix(f.Name, "a run/")] {
			t.Errorf("%s holds %q, %v", f.Name, text, err)
		}
		if !f.Modified.Equal(at.Truncate(time.Second)) {
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
	}
	if want := []string{"a run/charts/a.png", "a run/evidence/x.csv", "a run/report.md"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

// A directory is not replaced by a zip file, and neither is a device.
func TestZipReplacesFilesOnly(t *testing.T) {
	dir := write(t, map[string]string{"report.md": "r"})
	for _, place := range []string{t.TempDir(), os.DevNull} {
		if err := collect(t, dir).Zip(place, "run", at); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// A second copy of the same documents writes none of them.
func TestCopyThatIsThereIsLeft(t *testing.T) {
	b := collect(t, write(t, map[string]string{"report.md": "new", "charts/a.png": "a"}))
	folder := write(t, map[string]string{"report.md": "old", "charts/a.png": "a"})
	past := at.Add(-time.Hour)
	for _, name := range b.Files() {
		if err := os.Chtimes(filepath.Join(folder, name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.CopyTo(folder); err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string]bool{"report.md": false, "charts/a.png": true} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.ModTime().Equal(past) != kept {
			t.Errorf("%s is left as it was: %v, want %v (%v)", name, !kept, kept, err)
		}
	}
	if got := read(t, filepath.Join(folder, "report.md")); got != "new" {
		t.Errorf("the copy has %q", got)
	}
}
