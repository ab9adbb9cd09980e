package cli_test

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// The four drills of the performance plan in one run of the demo, watched by a real Prometheus and a real Alertmanager:
// the evidence is complete, every expectation has a verdict, alerts have their times, figures of the report stand in the
// files that it names, and making the report again, or publishing it again, changes nothing.
func TestFourDrills(t *testing.T) {
	endToEnd(t)
	evidencetest.Programs(t)
	p := start(t, []string{"PATH=" + os.Getenv("PATH")}, "demo", "--alerts", "--headless", "--vus", "50", "--duration", "212s", "--monitoring-interval", "1s",
		"--fault", "llm_latency@8s,for=40s", "--fault", "redis_outage@62s,for=25s", "--fault", "qdrant_throttle@100s,for=50s", "--fault", "channel_spike@165s,for=25s")
	code := p.waitFor(t, 5*time.Minute)
	run, err := rundir.Open(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Warnings) > 0 {
		t.Errorf("the run directory: %q", run.Warnings)
	}
	line := timeline.Of(run.Events)
	text := p.reported(t)
	t.Run("verdicts", func(t *testing.T) { drillVerdicts(t, line, code, p.dir) })
	t.Run("alerts", func(t *testing.T) { drillAlerts(t, line) })
	t.Run("evidence", func(t *testing.T) { completeEvidence(t, p.dir) })
	t.Run("figures", func(t *testing.T) {
		traceAlerts(t, line, text, p.dir)
		tracePanels(t, run, text)
		traceTraffic(t, run, text)
	})
	t.Run("again", func(t *testing.T) {
		before := digests(t, p.dir)
		start(t, nil, "report", p.dir).wait(t)
		sameFiles(t, before, digests(t, p.dir))
	})
	t.Run("published", func(t *testing.T) {
		repo := t.TempDir()
		for name, text := range map[string]string{
			"docs/perf/resilience_playbook.md": "# Resilience playbook\n\nHow we drill.  \n",
			"docs/ROADMAP.md":                  "# Roadmap\r\n\r\n## 8. Release Log\r\n\r\n| Release | Date | Highlights |\r\n| --- | --- | --- |\r\n| `v1.2.0` | 2026-05-02 | First | \r\n",
		} {
			path := filepath.Join(repo, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		start(t, nil, "publish", "--repo", repo, "--release", "v1.4.0", p.dir).expect(t, 0)
		once := digests(t, repo)
		if len(once) < 2+20 {
			t.Errorf("published %d files", len(once))
		}
		start(t, nil, "publish", "--repo", repo, "--release", "v1.4.0", p.dir).expect(t, 0)
		sameFiles(t, once, digests(t, repo))
	})
}

// drillVerdicts: each drill was injected, reverted and recovered from, and nothing that was expected of it is open or
// unknown for want of somebody who looks.
func drillVerdicts(t *testing.T, line *timeline.Timeline, code int, dir string) {
	expected := map[string]int{"llm_latency": 3, "redis_outage": 4, "qdrant_throttle": 4, timeline.ChannelSpike: 2}
	if len(line.Injections) != len(expected) || len(line.Refused) > 0 {
		t.Fatalf("%d injections, %d refused", len(line.Injections), len(line.Refused))
	}
	failed := false
	for _, i := range line.Injections {
		if i.Active == nil || i.Reverted == nil || i.Recovered == nil {
			t.Errorf("%s: active %v, reverted %v, recovered %v", i.Label, i.Active, i.Reverted, i.Recovered)
		}
		// The spike has nothing but the traffic that it makes; the others have an alert, too.
		if d := i.EffectAnswer(); i.Effect == nil || d.Effect != event.EffectSeen && (!i.Spike() || d.Effect == event.NoEffect) {
			t.Errorf("%s: %q (%s)", i.Label, d.Effect, d.Explain())
		}
		if len(i.Findings) != expected[i.Fault] {
			t.Errorf("%s has verdicts on %d expectations, want %d: %+v", i.Label, len(i.Findings), expected[i.Fault], i.Findings)
		}
		for _, f := range i.Findings {
			failed = failed || f.Verdict == event.ExpectationFailed
			unsteady := f.Signal == event.Holds && strings.Contains(f.Reason, "green before") // a machine that is too busy
			if f.Verdict != event.ExpectationMet && f.Verdict != event.ExpectationFailed && !unsteady {
				t.Errorf("%s, %s: %q (%s)", i.Label, f.Text, f.Verdict, f.Reason)
			}
		}
	}
	var suites struct {
		Suites []struct {
			Properties []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:"value,attr"`
			} `xml:"properties>property"`
		} `xml:"testsuite"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err == nil {
		err = xml.Unmarshal(raw, &suites)
	}
	if err != nil || len(suites.Suites) == 0 {
		t.Fatalf("junit.xml: %v", err)
	}
	for _, p := range suites.Suites[0].Properties {
		if p.Name == "exit_code" && p.Value != strconv.Itoa(code) {
			t.Errorf("exit code %d, in junit.xml %s", code, p.Value)
		}
	}
	if failed && code != 99 || !failed && code != 0 && code != 99 {
		t.Errorf("exit code %d; an expectation failed: %t", code, failed)
	}
}

// drillAlerts: both sources tell of each alert that the drills expect, with its times.
func drillAlerts(t *testing.T, line *timeline.Timeline) {
	for _, name := range []string{"HighLatencyLLM", "GatewayHealthCheckFailed", "IngestionLagHigh"} {
		for _, source := range []string{"prometheus", "alertmanager"} {
			if !slices.ContainsFunc(line.Alerts, func(a timeline.Alert) bool {
				d := a.Last
				return d.Alert == name && d.Source == source && !d.FiredAt.IsZero() && d.ResolvedAt.After(d.FiredAt)
			}) {
				t.Errorf("%s knows no times of %s", source, name)
			}
		}
	}
}

// completeEvidence: whatever the index names is there and holds as much as it says, every panel has a picture, and
// nothing lies there that the index does not know.
func completeEvidence(t *testing.T, dir string) {
	all, err := rundir.LoadEvidence(dir)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{rundir.EvidenceFile: true}
	for _, e := range all {
		known[e.File] = true
		path := filepath.Join(dir, rundir.EvidenceDir, e.File)
		rows := 0
		switch filepath.Ext(e.File) {
		case ".csv":
			rows = len(readCSV(t, path)) - 1
		case ".json":
			var entries []any
			raw, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(raw, &entries)
			}
			if err != nil {
				t.Errorf("%s: %v", e.File, err)
			}
			rows = len(entries)
		}
		if rows == 0 || rows != e.Rows || e.Title == "" || e.Source == "" {
			t.Errorf("%s (%s, of %s) has %d rows, the index says %d", e.File, e.Title, e.Source, rows, e.Rows)
		}
		if e.Panel == "" {
			continue
		}
		if e.Query == "" {
			t.Errorf("%s has no query", e.File)
		}
		picture := strings.TrimSuffix(e.File, ".csv") + ".png"
		known[picture] = true
		drawn(t, filepath.Join(dir, rundir.EvidenceDir, picture))
	}
	for _, promised := range []string{
		"panel-api_latency_p95.csv", "panel-gateway_request_rate.csv", "panel-ingestion_lag.csv", "panel-automation_queue_depth.csv", "panel-llm_fallbacks_total.csv",
		"alerts-prometheus.csv", "alerts-prometheus.json", "alerts-alertmanager.csv", "alerts-alertmanager.json",
	} {
		if !known[promised] {
			t.Errorf("evidence lacks %s", promised)
		}
	}
	files, err := os.ReadDir(filepath.Join(dir, rundir.EvidenceDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("the index does not know %s", f.Name())
		}
	}
	charts, err := filepath.Glob(filepath.Join(dir, "charts", "*.png"))
	if err != nil || len(charts) == 0 {
		t.Errorf("charts: %v, %v", charts, err)
	}
	for _, c := range charts {
		drawn(t, c)
	}
}

// drawn looks whether a picture is one.
func drawn(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if c, err := png.DecodeConfig(f); err != nil || c.Width < 100 || c.Height < 100 {
		t.Errorf("%s: %dx%d, %v", filepath.Base(path), c.Width, c.Height, err)
	}
}

// traceAlerts: each alert of the report stands in the file of its source with the same times, and the time that an
// expectation saw is that file's.
func traceAlerts(t *testing.T, line *timeline.Timeline, text, dir string) {
	named := regexp.MustCompile("`(evidence/alerts-[a-z]+)\\.csv`").FindAllStringSubmatch(sectionOf(t, text, "Alerts"), -1)
	files := map[string][][]string{} // by source
	for _, name := range named {
		rows := readCSV(t, filepath.Join(dir, filepath.FromSlash(name[1]+".csv")))
		files[strings.TrimPrefix(name[1], "evidence/alerts-")] = rows
	}
	moment := regexp.MustCompile(`\((\d\d:\d\d:\d\d) UTC\)`)
	traced := 0
	for _, row := range tableOf(t, text, "Alerts", 0) {
		name, source := strings.SplitN(row[0], " ", 2)[0], row[2]
		fired, over := moment.FindStringSubmatch(row[3]), moment.FindStringSubmatch(row[5])
		if fired == nil {
			continue // it was pending only, or fired before the run
		}
		if !slices.ContainsFunc(files[source], func(r []string) bool {
			ends := len(over) == 0 || sameSecond(r[6], over[1])
			return ends && r[1] == name && sameSecond(r[5], fired[1])
		}) {
			t.Errorf("no file has %q", row)
		}
		traced++
	}
	if traced < 6 {
		t.Errorf("only %d alerts were traced", traced)
	}
	for _, i := range line.Injections {
		for _, f := range i.Findings {
			seen := regexp.MustCompile(`^it (?:fired|was seen to fire) after (?:(\d+) min ?)?(?:(\d+) s)?$`).FindStringSubmatch(f.Reason)
			if f.Signal != event.AlertFires || seen == nil {
				continue
			}
			minutes, _ := strconv.Atoi(seen[1])
			rest, _ := strconv.Atoi(seen[2])
			after := line.Started.Add(time.Duration((i.From + float64(60*minutes+rest)) * float64(time.Second)))
			if !slices.ContainsFunc(files["prometheus"], func(r []string) bool {
				at, err := time.Parse(time.RFC3339, r[5])
				return err == nil && strings.Contains(f.Text, r[1]) && at.Sub(after).Abs() <= time.Second
			}) {
				t.Errorf("no file has %s: %s", f.Text, f.Reason)
			}
		}
	}
}

// sameSecond reports whether a time of a file is the one that the report has to the second.
func sameSecond(file, clock string) bool {
	at, err := time.Parse(time.RFC3339, file)
	shown, wrong := time.Parse(time.TimeOnly, clock)
	if err != nil || wrong != nil {
		return false
	}
	at = at.UTC()
	day := time.Date(at.Year(), at.Month(), at.Day(), shown.Hour(), shown.Minute(), shown.Second(), 0, time.UTC)
	return at.Sub(day).Abs() <= time.Second
}

// tracePanels: the table of the platform's own metrics says what the samples say.
func tracePanels(t *testing.T, run *rundir.Run, text string) {
	type panel struct {
		readings          int
		series            map[string]bool
		at, first, last   float64
		low, high, highAt float64
	}
	panels := map[string]*panel{}
	err := run.EachSample(func(s rundir.Sample) {
		p := panels[s.Panel]
		if p == nil {
			p = &panel{series: map[string]bool{}, at: math.NaN()}
			panels[s.Panel] = p
		}
		p.series[fmt.Sprint(s.Labels)] = true
		if s.At != p.at {
			if p.readings > 0 {
				p.low = min(p.low, p.last)
			}
			p.readings++
			p.at, p.last = s.At, s.Value
		}
		p.last = max(p.last, s.Value)
		if p.readings == 1 {
			p.first, p.low = p.last, p.last
		}
		if len(p.series) == 1 && p.readings == 1 || s.Value > p.high {
			p.high, p.highAt = s.Value, s.At
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	byTitle := map[string]string{}
	for _, p := range timeline.Of(run.Events).Start.Panels {
		byTitle[p.Title] = p.Name
	}
	rows := tableOf(t, text, "Platform metrics", 0)
	if len(rows) < 5 {
		t.Errorf("%d panels", len(rows))
	}
	for _, row := range rows {
		p := panels[byTitle[row[0]]]
		if p == nil {
			t.Errorf("samples of %q are missing", row[0])
			continue
		}
		p.low = min(p.low, p.last)
		for n, want := range []float64{float64(p.readings), float64(len(p.series)), p.first, p.low, p.high, math.Floor(p.highAt), p.last} {
			if got := amount(t, row[n+1]); math.Abs(got-want) > 0.006*math.Abs(want)+1e-9 {
				t.Errorf("%s: the report has %s, the samples %g", row[0], row[n+1], want)
			}
		}
	}
	if files := regexp.MustCompile("`evidence/(panel-[a-z0-9_]+\\.csv)`").FindAllString(sectionOf(t, text, "Platform metrics"), -1); len(files) != len(rows) {
		t.Errorf("%d files are named beside %d panels", len(files), len(rows))
	}
}

// traceTraffic: requests, failures and the gateway's p95 are what the windows and the histograms add up to.
func traceTraffic(t *testing.T, run *rundir.Run, text string) {
	var requests, failed, gateway uint64
	for _, s := range run.Seconds {
		for tag, c := range s.Series {
			requests, failed = requests+c[0], failed+c[1]
			if strings.HasPrefix(tag, "gateway/") {
				gateway += c[0]
			}
		}
	}
	merged := hdr.New(1, (3 * time.Minute).Microseconds(), 3)
	err := run.EachHistogram(func(tag string, _, _ float64, bars rundir.Bars) error {
		if strings.HasPrefix(tag, "gateway/") {
			for _, b := range bars {
				if err := merged.RecordValues(b.Value, b.Count); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	row := tableOf(t, text, "Latency", 0)[0] // the whole gateway
	p95 := float64(merged.ValueAtPercentile(95)) / 1e6
	for _, c := range []struct {
		what, shown string
		want        float64
	}{
		{"requests", captured(t, text, `(?m)^- Requests: ([\d,]+) in `), float64(requests)},
		{"failed", captured(t, text, `(?m)^- Failed: ([\d,]+) \(`), float64(failed)},
		{"gateway requests", row[1], float64(gateway)},
		{"gateway p95", row[5], p95},
		{"gateway p95 of the whole run", captured(t, text, `\*\*Whole run\*\*: .* gateway p95 ([\d.]+ m?s)\.`), p95},
	} {
		if got := amount(t, c.shown); math.Abs(got-c.want) > 0.006*c.want {
			t.Errorf("%s: the report has %s, the files %g", c.what, c.shown, c.want)
		}
	}
	phases := 0.0
	for _, row := range tableOf(t, text, "Phases", 0) {
		phases += amount(t, row[5])
	}
	if phases != float64(requests) {
		t.Errorf("phases have %g requests, the windows %d", phases, requests)
	}
}

func captured(t *testing.T, text, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("the report has no %s", pattern)
	}
	return found[1]
}

// amount reads a figure as the report writes it: 17,031, 305 ms, 1.02 s, 141/s, 02:29.
func amount(t *testing.T, text string) float64 {
	t.Helper()
	if minutes, seconds, is := strings.Cut(text, ":"); is {
		return 60*amount(t, minutes) + amount(t, seconds)
	}
	number, scale := strings.ReplaceAll(text, ",", ""), 1.0
	for _, unit := range []struct {
		ending string
		scale  float64
	}{{"/s", 1}, {" µs", 1e-6}, {" ms", 1e-3}, {" s", 1}} {
		if rest, is := strings.CutSuffix(number, unit.ending); is {
			number, scale = rest, unit.scale
			break
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		t.Errorf("figure %q: %v", text, err)
	}
	return value * scale
}

// sectionOf is a section of the report.
func sectionOf(t *testing.T, text, title string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n## "+title+"\n")
	if !found {
		t.Fatalf("the report has no section %s", title)
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	return section
}

// tableOf is the n-th table of a section, without its head.
func tableOf(t *testing.T, text, title string, n int) (rows [][]string) {
	t.Helper()
	for block := range strings.SplitSeq(sectionOf(t, text, title), "\n\n") {
		block = strings.TrimSpace(block)
		if !strings.HasPrefix(block, "|") {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		for line := range strings.Lines(block) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
		return rows[2:]
	}
	t.Fatalf("section %s has no such table", title)
	return nil
}

// digests has every file below a directory.
func digests(t *testing.T, dir string) map[string][sha256.Size]byte {
	t.Helper()
	all := map[string][sha256.Size]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		all[path] = sha256.Sum256(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sameFiles(t *testing.T, before, after map[string][sha256.Size]byte) {
	t.Helper()
	for path, sum := range after {
		if had, was := before[path]; !was || had != sum {
			t.Errorf("%s: was there: %t, changed", path, was)
		}
	}
	if len(before) != len(after) {
		t.Errorf("%d files became %d", len(before), len(after))
	}
}
