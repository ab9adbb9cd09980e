package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/charmbracelet/x/exp/golden"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// documents are what a run is written as, made in memory.
type documents struct {
	report, page, summary, terminal string
	verdict                         slo.Verdict
}

// documentsOf writes the documents of the run in dir, and no charts.
func documentsOf(t *testing.T, dir string) documents {
	t.Helper()
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, f := range formats {
		var b strings.Builder
		if err := f.Write(&b, run); err != nil {
			t.Fatal(err)
		}
		text[f.File] = b.String()
	}
	return documents{text[File], text[HTMLFile], text[SummaryFile], Terminal(run, filepath.Join(dir, File), 0), run.Verdict()}
}

// save writes the documents of the run in dir there, charts and all.
func save(t *testing.T, dir string) {
	t.Helper()
	if _, err := Write(dir); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cases are runs that differ in what a report must say.
func cases() map[string]synthetic {
	return map[string]synthetic{
		"closed":            {saturated: true, leftOver: []string{"automation rule 7f3c was left paused: resume it with POST /admin/automation/rules/7f3c/resume"}},
		"killed":            {open: true, killed: true, adminOff: true, seconds: 171},
		"faults":            drills(),
		"killed in a fault": killedDrills(),
	}
}

func TestDocuments(t *testing.T) {
	for name, s := range cases() {
		t.Run(name, func(t *testing.T) {
			dir := s.write(t)
			if name == "killed in a fault" {
				withLedger(t, dir, "toxic squall-1f2e-llm on proxy llm-upstream", "replicas of statefulset xin-staging/redis")
			}
			r := documentsOf(t, dir)
			t.Run("report", func(t *testing.T) {
				golden.RequireEqual(t, []byte(strings.ReplaceAll(r.report, dir, "RUN")))
			})
			t.Run("summary", func(t *testing.T) { golden.RequireEqual(t, []byte(r.summary)) })
			t.Run("shape", func(t *testing.T) { summaryShape(t, s, r) })
			t.Run("screen", func(t *testing.T) { golden.RequireEqual(t, []byte(strings.ReplaceAll(r.terminal, dir, "RUN"))) })
		})
	}
}

// Known samples have the same p95 in the report, in perf-summary.json, in the verdict and in a
// histogram that the standard log reader merges.
func TestOneNumberEverywhere(t *testing.T) {
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Event(happened(0, event.RoleSquall, synthetic{}.header())); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	var samples []int64
	for i := range 30 {
		obs := load.Registry().NewObservation()
		obs.Window.Start, obs.Window.Length = began, 1e9
		for c := range load.NumChannels {
			obs.Latency[c] = metric.NewHistogram()
			for range 10 + 40*c + i {
				v := 1000 + rng.Int64N(100_000*int64(c+1)+int64(i)*20_000)
				record(obs.Latency[c], v)
				samples = append(samples, v)
				obs.Window.Series[c].Count++
			}
		}
		if err := w.Second(rundir.NewSecond(float64(i), obs), obs); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	f, err := os.Open(filepath.Join(dir, rundir.HistogramFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	merged := metric.NewHistogram()
	for reader := hdr.NewHistogramLogReader(f); ; {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		merged.Merge(h)
	}
	want := float64(metric.Percentile(merged, 95)) / 1000
	slices.Sort(samples)
	truth := float64(samples[(len(samples)*95+99)/100-1]) / 1000
	if want < truth || want > truth*1.001 {
		t.Fatalf("merged p95 %v ms, the samples' own is %v ms", want, truth)
	}

	r := documentsOf(t, dir)
	if got := r.verdict.Run.Objectives[0]; got.Value != want || got.Samples != uint64(len(samples)) {
		t.Errorf("verdict of %v ms over %d samples, want %v over %d", got.Value, got.Samples, want, len(samples))
	}
	var summary struct{ Metrics map[string]map[string]any }
	if err := json.Unmarshal([]byte(r.summary), &summary); err != nil {
		t.Fatal(err)
	}
	for _, metric := range []string{"gateway_latency", "http_req_duration"} {
		if got := summary.Metrics[metric]["p(95)"]; got != want {
			t.Errorf("%s of the summary is %v, want %v", metric, got, want)
		}
	}
	if line := fmt.Sprintf("`gateway_latency: p(95)<1500` | %s |", units.Latency(metric.Statistics(merged).P95)); !strings.Contains(r.report, line) {
		t.Errorf("the report does not say %q", line)
	}
	stats := metric.Statistics(merged)
	if cells := fmt.Sprintf("| **Gateway** | %s | 0 %% | %s | %s | %s | %s | %s |", units.Count(uint64(len(samples))),
		units.Latency(stats.P50), units.Latency(stats.P90), units.Latency(stats.P95), units.Latency(stats.P99), units.Latency(stats.Max)); !strings.Contains(r.report, cells) {
		t.Errorf("the report does not have the row %q", cells)
	}
}

// summaryShape checks what k6's --summary-export has, and readers of it rely on.
func summaryShape(t *testing.T, s synthetic, r documents) {
	t.Helper()
	var doc struct {
		RootGroup struct {
			Name, Path, ID string
			Groups         map[string]any
			Checks         map[string]struct {
				Name, Path, ID string
				Passes, Fails  *uint64
			}
		} `json:"root_group"`
		Metrics map[string]map[string]any
	}
	dec := json.NewDecoder(strings.NewReader(r.summary))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if doc.RootGroup.ID != "d41d8cd98f00b204e9800998ecf8427e" || doc.RootGroup.Groups == nil {
		t.Errorf("root group %+v", doc.RootGroup)
	}
	check := doc.RootGroup.Checks["gateway answers 202"]
	// printf '::gateway answers 202' | md5sum
	if check.Path != "::gateway answers 202" || check.ID != "4005efc28330f6a40c9709fcc2a43d6a" || check.Passes == nil || check.Fails == nil {
		t.Errorf("check %+v", check)
	}
	trend := []string{"avg", "count", "max", "med", "min", "p(90)", "p(95)", "p(99)"}
	shapes := map[string][]string{
		"gateway_latency": trend, "http_req_duration": trend, "gateway_latency{channel:telegram}": trend,
		"http_req_failed": {"fails", "passes", "value"}, "checks": {"fails", "passes", "value"},
		"http_reqs": {"count", "rate"}, "perf_errors": {"fails", "passes", "value"}, "iterations": {"count", "rate"}, "http_req_duration{expected_response:true}": trend, "chaos_events_triggered": {"count", "rate"},
		"vus": {"max", "min", "value"}, "vus_max": {"max", "min", "value"},
		"orchestrator_latency": trend, "automation_latency": trend,
	}
	if s.adminOff { // not measured: no values, and above all no zeros
		shapes["orchestrator_latency"], shapes["automation_latency"] = nil, nil
	}
	if s.open {
		shapes["dropped_iterations"] = []string{"count", "rate"}
	}
	for metric, want := range shapes {
		var got []string
		for key, v := range doc.Metrics[metric] {
			if key == "thresholds" {
				continue
			}
			got = append(got, key)
			if _, ok := v.(float64); !ok {
				t.Errorf("%s of %s is %v, want a number", key, metric, v)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", metric, got, want)
		}
	}
	for metric := range doc.Metrics {
		if _, ok := shapes[metric]; !ok {
			t.Errorf("unexpected metric %s", metric)
		}
	}
	// true means failed, and what could not be judged must not look like a pass.
	for _, v := range r.verdict.Run.Objectives {
		thresholds, ok := doc.Metrics[v.Objective.Selector()]["thresholds"].(map[string]any)
		if !ok || thresholds[v.Objective.Expression()] != (v.State != slo.Pass) {
			t.Errorf("%s is %s, and its threshold %v", v.Objective, v.State, thresholds)
		}
	}
}

// A run that was killed has the same numbers as the same run that ended.
func TestKilledRunHasTheSameNumbers(t *testing.T) {
	ended, killed := documentsOf(t, synthetic{seconds: 130}.write(t)), documentsOf(t, synthetic{seconds: 130, killed: true}.write(t))
	if !reflect.DeepEqual(ended.verdict.Run.Objectives, killed.verdict.Run.Objectives) || ended.verdict.Answer != killed.verdict.Answer {
		t.Errorf("verdicts %v, want %v", killed.verdict, ended.verdict)
	}
	if ended.summary != killed.summary {
		t.Error("perf-summary.json differs")
	}
	if text := killed.report; !strings.Contains(text, "**Not ended.** The run did not end properly") || !strings.Contains(text, "data stops at 02:10") {
		t.Error("the report of the killed run does not say so")
	}
	if strings.Contains(ended.report, "Not ended") {
		t.Error("the report of the ended run says it had not ended")
	}
}

// However a run directory is cut short, there is a report.
func TestReportOfTornRuns(t *testing.T) {
	whole := synthetic{seconds: 12}.write(t)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{rundir.JournalFile, rundir.WindowsFile, rundir.HistogramFile} {
		size := len(read(t, filepath.Join(whole, name)))
		for i := range 6 {
			cut := rng.IntN(size)
			if i == 0 {
				cut = 0
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(filepath.Join(dir, name), int64(cut)); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				save(t, dir)
			}
			run, err := Load(dir)
			if err != nil {
				t.Errorf("%s cut at %d: %v", name, cut, err)
				continue
			}
			if err := writeK6Summary(io.Discard, run); err != nil || len(markdown(document(run))) < 1000 {
				t.Errorf("%s cut at %d: no document (%v)", name, cut, err)
			}
		}
	}
}

// After a kill between the two files, histograms without counts do not count.
func TestUncountedSecondIsLeftOut(t *testing.T) {
	dir := synthetic{seconds: 30, killed: true}.write(t)
	path := filepath.Join(dir, rundir.WindowsFile)
	lines := strings.SplitAfter(read(t, path), "\n")
	if err := os.WriteFile(path, []byte(strings.Join(lines[:29], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := uint64(run.totals.Trend("http_req_duration", "").TotalCount()), run.requests().Count; got != want {
		t.Errorf("%d latencies of %d requests", got, want)
	}
	if got := strings.Join(run.files.Warnings, ""); got != "latencies after the last counted second were left out" {
		t.Errorf("warnings %q", got)
	}
}

func TestVerdicts(t *testing.T) {
	objectives := func(lines ...string) func(*event.RunStarted) {
		return func(m *event.RunStarted) { m.Objectives = lines }
	}
	for _, c := range []struct {
		name     string
		run      synthetic
		verdict  slo.Answer
		sentence string
	}{
		{"passed", synthetic{seconds: 20, change: objectives("gateway_latency: p(95)<1500", "http_req_failed: rate<0.01")}, slo.Passed, "all 2 objectives held over 2,405 requests in 00:20."},
		{"one objective", synthetic{seconds: 20, change: objectives("gateway_latency: p(95)<1500")}, slo.Passed, "the objective held over 2,405 requests in 00:20."},
		{"failed", synthetic{seconds: 20, change: objectives("orchestrator_latency: p(95)<1500", "gateway_latency: p(95)<10", "http_reqs: count<5")}, slo.Failed, "gateway_latency: p(95)<10 came to 166 ms, and 1 more failed."},
		{"unknown", synthetic{seconds: 20, change: objectives("orchestrator_latency: p(95)<1500", "gateway_latency: p(95)<1500")}, slo.NotJudged, "orchestrator_latency: p(95)<1500 could not be judged (only 2 samples, 100 needed)."},
		{"no objective", synthetic{seconds: 20, change: objectives()}, slo.Passed, "no objective was set, so there is nothing to judge over 2,405 requests in 00:20."},
		{"not readable", synthetic{seconds: 20, change: objectives("gateway_latency: p(95)<1500", "nonsense")}, slo.NotJudged, "1 of the objectives could not be judged (not readable)."},
		{"off", synthetic{seconds: 20, adminOff: true, change: objectives("automation_latency: p(95)<1500")}, slo.NotJudged, "automation_latency: p(95)<1500 could not be judged (automation was off: no admin token)."},
	} {
		t.Run(c.name, func(t *testing.T) {
			run, err := Load(c.run.write(t))
			if err != nil {
				t.Fatal(err)
			}
			if run.verdict.Answer != c.verdict || run.sentence().text() != c.sentence {
				t.Errorf("%s: %s, want %s: %s", run.verdict.Answer, run.sentence().text(), c.verdict, c.sentence)
			}
		})
	}
}

// Flows that were off are named with the reason, and stand in no table of latencies.
func TestFlowsOffAreNotZero(t *testing.T) {
	text := documentsOf(t, synthetic{adminOff: true, seconds: 30}.write(t)).report
	if !strings.Contains(text, "- **Ingestion**: no admin token\n") {
		t.Error("the report does not say that ingestion was off")
	}
	if regexp.MustCompile(`\| \*\*(Ingestion|Automation|Rule toggling)\*\*`).MatchString(text) {
		t.Error("a flow that was off has a row")
	}
}

// A metric of two flows is off only when both are.
func TestMetricIsOffWhenAllItsFlowsAre(t *testing.T) {
	for off, want := range map[string]string{"knowledge": "", "ingestion": "", "ingestion,knowledge": "ingestion was off: no admin token"} {
		start := event.RunStarted{FlowsOff: map[string]string{}}
		for flow := range strings.SplitSeq(off, ",") {
			start.FlowsOff[flow] = "no admin token"
		}
		run := &Run{timeline: timeline.Of([]event.Event{{By: event.By(event.RoleOperator), Data: start}})}
		if got := run.whyOff("orchestrator_latency"); got != want {
			t.Errorf("with %s off the metric is off for %q, want %q", off, got, want)
		}
	}
}

func TestNoSecretInAnyDocument(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoicGxhdGZvcm1fYWRtaW4ifQ.c2lnbmF0dXJl"
	secrets := []string{token, "c2lnbmF0dXJl", "hunter2hunter2", "s3cr3tpassword"}
	dir := synthetic{seconds: 20, change: func(m *event.RunStarted) {
		m.Command = append(m.Command, "-e", "ADMIN_TOKEN="+token)
		m.Gateway = "https://user:s3cr3tpassword@gateway.example.test/webchat/webhook"
		m.Host = "bearer hunter2hunter2"
		m.FlowsOff["rules"] = "401 for " + token
	}}.write(t)
	r := documentsOf(t, dir)
	for _, text := range []string{r.report, r.page, r.summary, r.terminal} {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%q is in\n%s", s, text)
			}
		}
	}
	if !strings.Contains(r.page, "<code>sha256:aabbccdd</code>") || !strings.Contains(r.page, "://(removed)@gateway.example.test") {
		t.Error("fingerprints or what is left of a URL are missing in the page")
	}
	if text := r.report; !strings.Contains(text, "`sha256:aabbccdd`") || !strings.Contains(text, "://(removed)@gateway.example.test") {
		t.Error("fingerprints or what is left of a URL are missing")
	}
}

func TestWriteAgainReplaces(t *testing.T) {
	dir := synthetic{seconds: 20}.write(t)
	written := func() map[string]string {
		save(t, dir)
		files := map[string]string{}
		for _, sub := range []string{dir, filepath.Join(dir, chartsDir)} {
			entries, err := os.ReadDir(sub)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if !e.IsDir() {
					files[e.Name()] = read(t, filepath.Join(sub, e.Name()))
				}
			}
		}
		return files
	}
	first, second := written(), written()
	if !maps.Equal(first, second) {
		t.Errorf("files %s, written again %s, or their content differs", slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second)))
	}
	for _, name := range []string{File, HTMLFile, SummaryFile, "gateway_latency.png", "load.png"} {
		if first[name] == "" {
			t.Errorf("%s was not written", name)
		}
	}
}

func TestRunsWithLittleOrNoData(t *testing.T) {
	for _, seconds := range []int{-1, 1, 2} {
		t.Run(fmt.Sprint(seconds), func(t *testing.T) {
			r := documentsOf(t, synthetic{seconds: seconds, killed: true}.write(t))
			if r.verdict.Answer != slo.NotJudged {
				t.Errorf("verdict %s, want not judged", r.verdict.Answer)
			}
		})
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a run") {
		t.Errorf("error of a directory that is no run: %v", err)
	}
}

// Charts are pictures of the expected size in which something is drawn in the expected colours.
func TestCharts(t *testing.T) {
	dir := synthetic{saturated: true}.write(t)
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := saveCharts(run, dir); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range chartsOf(run) {
		path := filepath.Join(dir, f.file())
		names = append(names, filepath.Base(path))
		img, err := png.Decode(bytes.NewReader([]byte(read(t, path))))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if w := img.Bounds().Dx(); w != 1500 {
			t.Errorf("%s is %d pixels wide, want 1500", path, w)
		}
		rgba, ok := img.(*image.RGBA)
		if !ok {
			t.Fatalf("%s is a %T", path, img)
		}
		seen := map[[4]byte]int{}
		for i := 0; i < len(rgba.Pix); i += 4 {
			seen[[4]byte(rgba.Pix[i:])]++
		}
		wanted := []role{p50Role, p95Role, p99Role, objectiveRole}
		switch f.name {
		case "load":
			wanted = []role{levelRole, failedRole}
		case "errors":
			wanted = []role{errorRole(0), errorRole(1)}
		case "automation_latency", "orchestrator_latency":
			wanted = []role{p50Role, p95Role, objectiveRole} // p99 lies under p95 when samples are few
		}
		for _, w := range append(wanted, inkRole) {
			r, g, b, _ := w.color().RGBA()
			if n := seen[[4]byte{byte(r), byte(g), byte(b), 255}]; n < 20 {
				t.Errorf("%s has %d pixels of %s", path, n, w.look().name)
			}
		}
	}
	if want := "gateway_latency.png orchestrator_latency.png automation_latency.png load.png errors.png"; strings.Join(names, " ") != want {
		t.Errorf("charts %s, want %s", names, want)
	}
}

// docs/report.md describes every section and file.
func TestDocumented(t *testing.T) {
	text := read(t, filepath.Join("..", "docs", "report.md"))
	for _, s := range sections {
		if s.title != "" && !strings.Contains(text, "**"+s.title+"**") {
			t.Errorf("docs/report.md does not describe the section %q", s.title)
		}
	}
	for _, name := range []string{rundir.JournalFile, rundir.WindowsFile, rundir.HistogramFile, File, HTMLFile, SummaryFile, chartsDir} {
		if !strings.Contains(text, "`"+name) {
			t.Errorf("docs/report.md does not describe %s", name)
		}
	}
}
