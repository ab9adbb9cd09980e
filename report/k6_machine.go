package report

import (
	"encoding/json"
	"io"
	"regexp"
	"time"
)

// The machine-readable summary of k6 is the schema grafana/k6-summary, version 1.0.0, which k6 v1.5 and later write
// with --new-machine-readable-summary. It takes no field that it does not have, so that there are neither thresholds
// nor p(99) in it.
//
// The names are those of the schema and of k6's own strict decoder. k6 up to v1.8.1 itself writes four of them in
// another way, by a mistake that is open as grafana/k6#6004: generated_at, k6_version, p90 and p95.
const (
	k6SchemaVersion = "1.0.0"
	k6Version       = "1.8.1" // of the k6 that the form was taken from
)

type (
	k6Machine struct {
		Config   k6MachineConfig   `json:"config"`
		Metadata k6MachineMetadata `json:"metadata"`
		Results  k6MachineResults  `json:"results"`
		Version  string            `json:"version"`
	}
	k6MachineConfig struct {
		Duration  float64 `json:"duration"` // seconds
		Execution string  `json:"execution"`
	}
	k6MachineMetadata struct {
		GeneratedAt time.Time `json:"generatedAt"`
		K6Version   string    `json:"k6Version"`
	}
	k6MachineResults struct {
		Checks  *k6MachineChecks  `json:"checks,omitempty"`
		Metrics []k6MachineMetric `json:"metrics"`
	}
	k6MachineChecks struct {
		Metrics []k6MachineMetric `json:"metrics"`
		Results []k6MachineCheck  `json:"results"`
	}
	k6MachineCheck struct {
		Fails  uint64 `json:"fails"`
		Name   string `json:"name"`
		Passes uint64 `json:"passes"`
	}
	k6MachineMetric struct {
		Contains string         `json:"contains"`
		Name     string         `json:"name"`
		Type     string         `json:"type"`
		Values   map[string]any `json:"values"`
	}
)

// writeK6MachineSummary writes the run as k6's machine-readable summary. It is of the end of the run, whenever it is
// written: the same run is the same bytes.
func writeK6MachineSummary(w io.Writer, run *Run) error {
	doc := k6Machine{
		Config:   k6MachineConfig{Duration: run.length, Execution: "local"},
		Metadata: k6MachineMetadata{GeneratedAt: run.wallClock(run.length), K6Version: k6Form(run.timeline.Start.Version)},
		Results:  k6MachineResults{Metrics: []k6MachineMetric{}},
		Version:  k6SchemaVersion,
	}
	metrics := k6Metrics(run)
	if held, total := run.totals.Rate("checks", ""); total > 0 {
		doc.Results.Checks = k6MachineChecksOf(run, held, total)
	}
	delete(metrics, "checks") // has its own place
	for _, name := range sortedKeys(metrics) {
		kind := k6KindOf(name)
		if values := k6MachineValues(kind.Type, metrics[name]); values != nil {
			doc.Results.Metrics = append(doc.Results.Metrics, k6MachineMetric{kind.Contains, name, kind.Type, values})
		}
	}
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false)
	to.SetIndent("", "    ")
	return to.Encode(doc)
}

func k6MachineChecksOf(run *Run, held, total uint64) *k6MachineChecks {
	checks := &k6MachineChecks{Metrics: []k6MachineMetric{
		{"default", "checks_total", "counter", map[string]any{"count": total}},
		{"default", "checks_failed", "rate", k6MachineValues("rate", k6Rate(total-held, total))},
		{"default", "checks_succeeded", "rate", k6MachineValues("rate", k6Rate(held, total))},
	}}
	for _, c := range run.totals.Checks {
		checks.Results = append(checks.Results, k6MachineCheck{c.Fails, c.Name, c.Passes})
	}
	return checks
}

// k6MachineValues are the values that the schema has for a type of metric; nil when there are no samples.
func k6MachineValues(kind string, m k6Metric) map[string]any {
	names := map[string][]string{
		"counter": {"count"},
		"gauge":   {"max", "min", "value"},
		"rate":    {"passes", "fails", "value"},
		"trend":   {"avg", "max", "med", "min", "p(90)", "p(95)"},
	}[kind]
	values := map[string]any{}
	for _, name := range names {
		value, measured := m[name]
		if !measured {
			return nil
		}
		values[name] = value
	}
	if kind == "rate" {
		hits, misses := m["passes"].(uint64), m["fails"].(uint64)
		return map[string]any{"matches": hits, "total": hits + misses, "rate": m["value"]}
	}
	return values
}

var notInVersions = regexp.MustCompile(`[^0-9A-Za-z-]+`)

// k6Form is the version of k6 whose form a file has, which a reader may ask for, and behind the + who wrote it: the
// build metadata of semantic versioning, which take no part in a comparison.
func k6Form(version string) string {
	writer := k6Version + "+squall"
	if version != "" {
		writer += "." + notInVersions.ReplaceAllString(version, "-")
	}
	return writer
}

// wallClock is the time at so many seconds after the start, UTC, to the millisecond: the whole seconds at which windows
// begin come out whole.
func (run *Run) wallClock(at float64) time.Time {
	return run.timeline.Started.Add(duration(at)).Round(time.Millisecond).UTC()
}
