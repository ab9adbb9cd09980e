package report

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The same run is the same bytes, whoever writes them and when.
func TestExportsAreOfTheRunAlone(t *testing.T) {
	dir := cases()["killed"].write(t)
	save := func(to string) map[string]string {
		run, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, e := range exports {
			path := filepath.Join(to, e.Name, "x")
			if !e.Mkdir {
				if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.Save(run, path); err != nil {
				t.Fatal(err)
			}
			for _, p := range e.Paths(path) {
				files[e.Name+strings.TrimPrefix(p, path)] = read(t, p)
			}
		}
		return files
	}
	first, second := save(t.TempDir()), save(t.TempDir())
	if len(first) != 5+2*4 {
		t.Errorf("%d files", len(first))
	}
	for name, text := range first {
		if text == "" || text != second[name] {
			t.Errorf("%s has %d bytes, and the second time others", name, len(text))
		}
	}
}

func TestExportIsCompressedByItsName(t *testing.T) {
	run := loaded(t, synthetic{seconds: 30, quiet: true})
	export, err := FindExport("csv")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plain, packed := filepath.Join(dir, "p.csv"), filepath.Join(dir, "p.csv.gz")
	for _, path := range []string{plain, packed} {
		if err := export.Save(run, path); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpack, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpack)
	if err != nil || string(text) != read(t, plain) {
		t.Errorf("%d bytes come out, %v", len(text), err)
	}
}

// A file that cannot be written whole is named, and the others are written.
func TestExportNamesWhatItCouldNotWrite(t *testing.T) {
	run := loaded(t, synthetic{seconds: 30, quiet: true})
	export, err := FindExport("locust")
	if err != nil {
		t.Fatal(err)
	}
	prefix := filepath.Join(t.TempDir(), "deep", "er", "x")
	if err := os.MkdirAll(prefix+"_stats.csv", 0o700); err != nil {
		t.Fatal(err)
	}
	if err = export.Save(run, prefix); err == nil || !strings.HasPrefix(err.Error(), "write "+prefix+"_stats.csv: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("says %v", err)
	}
	if text := read(t, prefix+"_failures.csv"); !strings.HasPrefix(text, "Method,") {
		t.Errorf("failures are %q", text)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := (ExportFile{"", writeK6JSON}).save(run, "/dev/full"); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("a full disk: %v", err)
		}
	}
	if _, err := FindExport("excel"); err == nil || !strings.Contains(err.Error(), "must be one of summary, machine-summary, json, csv") {
		t.Errorf("an unknown document: %v", err)
	}
}
