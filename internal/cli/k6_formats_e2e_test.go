package cli_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// strictReader is a program that reads a machine-readable summary with k6's own strict decoder.
const strictReader = `package main

import (
	"fmt"
	"os"

	summary "go.k6.io/k6/internal/lib/summary/machinereadable"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		var s summary.Summary
		if err = s.UnmarshalJSONStrict(text); err == nil {
			err = s.Validate()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`

// buildStrictReader builds it from the source of the pinned k6: the package is k6's own, so that its source is laid into a
// module of that name.
func buildStrictReader(t *testing.T) string {
	t.Helper()
	source, err := exec.Command("go", "list", "-C", "../bench/k6", "-m", "-f", "{{.Dir}}", "go.k6.io/k6").Output()
	if err != nil {
		t.Fatalf("find k6's source: %v", err)
	}
	dir := t.TempDir()
	files := map[string]string{"go.mod": "module go.k6.io/k6\n\ngo 1.24\n", "main.go": strictReader}
	const decoder = "internal/lib/summary/machinereadable"
	for _, pattern := range []string{"*.go", "cog/*.go"} {
		paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(source)), decoder, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("k6's source has no %s/%s", decoder, pattern)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Join(decoder, filepath.Dir(pattern), filepath.Base(path))] = string(text)
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "strict")
	if out, err := exec.Command("go", "build", "-C", dir, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build k6's strict decoder: %v\n%s", err, out)
	}
	return binary
}

// machineSummary is k6's machine-readable summary.
type machineSummary struct {
	Config, Metadata map[string]any
	Results          struct {
		Checks struct {
			Metrics []machineMetric
			Results []map[string]any
		}
		Metrics []machineMetric
	}
	Version string
}

type machineMetric struct {
	Contains, Name, Type string
	Values               map[string]any
}

// schemaNames are the names of the schema for those that k6 writes in another way (grafana/k6#6004).
var schemaNames = map[string]string{"generated_at": "generatedAt", "k6_version": "k6Version", "p90": "p(90)", "p95": "p(95)"}

func keysOf(values map[string]any) []string {
	var keys []string
	for key := range values {
		if name, other := schemaNames[key]; other {
			key = name
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func readMachineSummary(t *testing.T, path string) (s machineSummary) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := json.NewDecoder(bytes.NewReader(text))
	read.DisallowUnknownFields()
	if err := read.Decode(&s); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

// machineSummaryIsK6s checks that k6's own decoder takes ours, and that it has what k6's has.
func machineSummaryIsK6s(t *testing.T, ours, theirs string) {
	strict := buildStrictReader(t)
	if out, err := exec.Command(strict, ours).CombinedOutput(); err != nil {
		t.Errorf("k6's strict decoder refuses our file: %v\n%s", err, out)
	}
	spoiled := ours + ".spoiled"
	text, err := os.ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(spoiled, bytes.Replace(text, []byte(`"execution"`), []byte(`"extra": 1, "execution"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(strict, spoiled).Run(); err == nil {
		t.Error("k6's strict decoder takes a field that there is none of")
	}

	want, have := readMachineSummary(t, theirs), readMachineSummary(t, ours)
	if have.Version != want.Version {
		t.Errorf("version %s of the schema, k6 writes %s", have.Version, want.Version)
	}
	if mine, k6 := have.Metadata["k6Version"].(string), want.Metadata["k6_version"]; k6 != nil && !strings.HasPrefix(mine, k6.(string)+"+squall") {
		t.Errorf("the form is that of k6 %s, and the pinned one is %s", mine, k6)
	}
	delete(want.Config, "script") // there is none, and the schema asks for none
	if a, b := keysOf(have.Config), keysOf(want.Config); !slices.Equal(a, b) {
		t.Errorf("config has %v, k6 writes %v", a, b)
	}
	if a, b := keysOf(have.Metadata), keysOf(want.Metadata); !slices.Equal(a, b) {
		t.Errorf("metadata has %v, k6 writes %v", a, b)
	}
	if a, b := slices.Sorted(maps.Keys(have.Results.Checks.Results[0])), slices.Sorted(maps.Keys(want.Results.Checks.Results[0])); !slices.Equal(a, b) {
		t.Errorf("a check has %v, k6 writes %v", a, b)
	}
	mine := map[string]machineMetric{}
	for _, m := range append(slices.Clone(have.Results.Metrics), have.Results.Checks.Metrics...) {
		mine[m.Name] = m
	}
	for _, m := range append(slices.Clone(want.Results.Metrics), want.Results.Checks.Metrics...) {
		own, there := mine[m.Name]
		if !there || own.Type != m.Type || own.Contains != m.Contains || !slices.Equal(keysOf(own.Values), keysOf(m.Values)) {
			t.Errorf("%s is %+v, k6 writes %+v", m.Name, own, m)
		}
	}
}

// k6Line is a line of k6's --out json=FILE.
type k6Line struct {
	Metric, Type string
	Data         map[string]any
}

// stream is what the two files of a stream have, for a reader that knows k6's.
type stream struct {
	described map[string]map[string]any // by metric
	points    map[string]map[string]any // the first of each metric
	sums      map[string]float64        // of all
	columns   []string
	rows      int
	lines     int
}

func readStream(t *testing.T, prefix string) stream {
	t.Helper()
	s := stream{described: map[string]map[string]any{}, points: map[string]map[string]any{}, sums: map[string]float64{}}
	text, err := os.ReadFile(prefix + ".json")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var l k6Line
		read := json.NewDecoder(bytes.NewReader(line))
		read.DisallowUnknownFields()
		if err := read.Decode(&l); err != nil {
			t.Fatalf("%s.json: %s: %v", prefix, line, err)
		}
		switch l.Type {
		case "Metric":
			s.described[l.Metric] = l.Data
		case "Point":
			if s.described[l.Metric] == nil {
				t.Errorf("%s.json: a point of %s comes before its description", prefix, l.Metric)
			}
			if s.points[l.Metric] == nil {
				s.points[l.Metric] = l.Data
			}
			if _, err := time.Parse(time.RFC3339Nano, l.Data["time"].(string)); err != nil {
				t.Errorf("%s.json: %v", prefix, err)
			}
			s.sums[l.Metric] += l.Data["value"].(float64)
			s.lines++
		default:
			t.Errorf("%s.json has a line of type %q", prefix, l.Type)
		}
	}
	file, err := os.Open(prefix + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s.columns, s.rows = rows[0], len(rows)-1
	for _, row := range rows[1:] {
		_, number := strconv.ParseFloat(row[2], 64)
		if _, err := strconv.ParseInt(row[1], 10, 64); err != nil || number != nil || s.described[row[0]] == nil {
			t.Errorf("%s.csv has a row %q", prefix, row)
		}
	}
	return s
}

// streamsAreK6s checks that every metric that k6 writes points of has points, that they have the same fields, and that
// the tables have the same columns.
func streamsAreK6s(t *testing.T, ours, theirs string) {
	want, have := readStream(t, theirs), readStream(t, ours)
	if !slices.Equal(have.columns, want.columns) {
		t.Errorf("columns are\n%q, k6 writes\n%q", have.columns, want.columns)
	}
	for name, is := range want.described {
		mine := have.described[name]
		if mine == nil {
			t.Errorf("k6 writes points of %s, and there are none", name)
			continue
		}
		if a, b := slices.Sorted(maps.Keys(mine)), slices.Sorted(maps.Keys(is)); !slices.Equal(a, b) || mine["type"] != is["type"] || mine["contains"] != is["contains"] {
			t.Errorf("%s is described as %v, by k6 as %v", name, mine, is)
		}
		point := maps.Clone(have.points[name])
		delete(point, "metadata") // k6 writes them where there are any
		if a, b := slices.Sorted(maps.Keys(point)), slices.Sorted(maps.Keys(want.points[name])); !slices.Equal(a, b) {
			t.Errorf("a point of %s has %v, k6's %v", name, a, b)
		}
	}
	for who, s := range map[string]stream{"k6": want, "squall": have} {
		if s.rows != s.lines || s.rows == 0 {
			t.Errorf("%s has %d points in the one file and %d in the other", who, s.lines, s.rows)
		}
		if s.sums["http_reqs"] < 10 || s.sums["iterations"] > s.sums["http_reqs"] || s.sums["http_req_failed"] != 0 {
			t.Errorf("the points of %s come to %v", who, s.sums)
		}
	}
}
