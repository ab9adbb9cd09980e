package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
)

// platformPanels are panels that a run names at its start.
func platformPanels(m *event.RunStarted) {
	m.Panels = []event.Panel{
		{Name: "api_latency_p95", Title: "API latency p95", Unit: "s", Query: `histogram_quantile(0.95, sum(rate(http_request_latency_seconds_bucket{service="orchestrator"}[5m])) by (le))`, Lines: []event.PanelLine{{Value: 1.2, Text: "target"}, {Value: 1.5, Text: "page"}}},
		{Name: "automation_queue_depth", Title: "Automation queue depth"},
		{Name: "never_read", Title: "Never read"},
	}
}

// withSamples writes a run with readings every 5 s: of the latency none from 100 s to 120 s, of the queue two tenants.
func withSamples(t testing.TB, s synthetic) string {
	t.Helper()
	s.change = platformPanels
	dir := s.write(t)
	var all []rundir.Sample
	for at := 5.0; at < 240; at += 5 {
		if at <= 100 || at >= 120 {
			all = append(all, rundir.Sample{At: at, Source: "prometheus", Panel: "api_latency_p95", Value: 0.25 + at/1000})
		}
		for n, tenant := range []string{"a", "b"} {
			all = append(all, rundir.Sample{At: at, Source: "prometheus", Panel: "automation_queue_depth", Labels: map[string]string{"job": "automation", "tenant_id": tenant}, Value: float64(n*7) + at})
		}
	}
	writeSamples(t, dir, all)
	return dir
}

func writeSamples(t testing.TB, dir string, all []rundir.Sample) {
	t.Helper()
	other := t.TempDir()
	w, err := rundir.Create(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Samples(all); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, rundir.SamplesFile), []byte(read(t, filepath.Join(other, rundir.SamplesFile))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func loadedFrom(t *testing.T, dir string) *Run {
	t.Helper()
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// Each panel that was read has a chart, in both documents, with the values of its table, its limits, its series by the labels that
// tell them apart, and a gap where nothing was read.
func TestChartsOfThePlatform(t *testing.T) {
	dir := withSamples(t, watchedDrills())
	run := loadedFrom(t, dir)
	all := platformCharts(run)
	if len(all) != 2 {
		t.Fatalf("%d charts, want those of the two panels that were read", len(all))
	}
	latency, queue := all[0], all[1]
	if got := fmt.Sprint(latency.panels[0].bounds, latency.panels[0].label(1.2), " ", latency.explanation); got != "[{1.2 target 1.2 s} {1.5 page 1.5 s}]1.2 s Time · histogram_quantile(0.95, sum(rate(http_request_latency_seconds_bucket{service=\"orchestrator\"}[5m])) by (le))" {
		t.Errorf("latency: %s", got)
	}
	if p := latency.panels[0]; p.high < 1.5 || len(p.lines) != 1 || len(p.lines[0].pieces()) != 2 {
		t.Errorf("latency up to %v, %d lines", p.high, len(p.lines))
	}
	if latency.series != nil || fmt.Sprint(latency.values.columns) != "[Value]" {
		t.Errorf("one series without labels is named: %v", latency.values.columns)
	}
	at := func(c chart, seconds float64) string {
		for _, r := range c.values.rows {
			if r.from <= seconds && seconds < r.to {
				return fmt.Sprintf("%g-%g %s", r.from, r.to, strings.Join(r.cells, ", "))
			}
		}
		return "nothing"
	}
	for seconds, want := range map[float64]string{2: "nothing", 6: "5-10 255 ms", 102: "100-105 350 ms", 110: "nothing", 121: "120-125 370 ms", 237: "235-240 485 ms"} {
		if got := at(latency, seconds); got != want {
			t.Errorf("latency at %v s: %s, want %s", seconds, got, want)
		}
	}
	if got := at(queue, 110); got != "110-115 110, 117" {
		t.Errorf("queue at 110 s: %s", got)
	}
	if got := fmt.Sprint(queue.values.columns, len(queue.series), queue.series[1].name); got != "[tenant_id a tenant_id b] 2tenant_id b" {
		t.Errorf("the series of the queue: %s", got)
	}

	save(t, dir)
	text, page := read(t, filepath.Join(dir, File)), read(t, filepath.Join(dir, HTMLFile))
	for _, c := range all {
		if !strings.Contains(text, "]("+c.file()+")") || !strings.Contains(page, `id="chart-`+c.name+`"`) {
			t.Errorf("%s is not in the documents", c.name)
		}
		if _, err := os.Stat(filepath.Join(dir, c.file())); err != nil {
			t.Error(err)
		}
	}
	// The lines have the shape that the samples have: 250 ms and more below a limit of 1.2 s.
	a := axesOf(run, latency, newCanvas(400))
	if low, limit := a.y(0.25), a.y(1.2); low >= limit || low <= a.bottom {
		t.Errorf("0.25 s stands at %v, the limit at %v, the axis at %v", low, limit, a.bottom)
	}
	on := drawPNG(run, queue)
	b := axesOf(run, queue, on)
	lift := legendHeight(legendRows(queue.series))
	y := func(v float64) float64 { return b.y(v) + lift }
	line := levelRole.color()
	want := uint32(line.R)<<16 | uint32(line.G)<<8 | uint32(line.B)
	if !slices.Contains(pixels(on, b.x(50)-1, y(50)-1, b.x(50)+1, y(50)+1), want) || slices.Contains(pixels(on, b.x(50)-1, y(200)-1, b.x(50)+1, y(200)+1), want) {
		t.Error("the line of the queue is not at its values")
	}
}

// What a run directory names a panel leads nowhere else.
func TestNamesOfPanelsStayInTheDirectory(t *testing.T) {
	dir := synthetic{seconds: 30, quiet: true}.write(t)
	for n, name := range []string{"../../x", "a b", strings.Repeat("x", 200), "<script>"} {
		writeSamples(t, dir, []rundir.Sample{{At: 5, Panel: name, Value: 1}, {At: 10, Panel: name, Value: 2}})
		all := platformCharts(loadedFrom(t, dir))
		if len(all) != 1 || all[0].file() != "charts/platform-1.png" {
			t.Errorf("%d: %d charts, the first in %s", n, len(all), all[0].file())
		}
	}
}

// Eight hours of many panels with many series keep the page small, and what is not drawn is said.
func TestChartsOfThePlatformAreBounded(t *testing.T) {
	run := loaded(t, synthetic{seconds: 30, quiet: true})
	run.length = 8 * 3600
	for n := range mostPlatformCharts + 5 {
		p := newPanelTotals(event.Panel{Name: fmt.Sprintf("panel_%d", n), Title: "Panel"}, run.length)
		for at := 5.0; at < run.length; at += 15 {
			for tenant := range 8 {
				p.add(rundir.Sample{At: at, Labels: map[string]string{"tenant_id": fmt.Sprint("11111111-1111-1111-1111-", tenant)}, Value: float64(int(at)*7919%1000 + tenant)})
			}
		}
		p.close()
		run.panels = append(run.panels, p)
	}
	all := platformCharts(run)
	if len(all) != mostPlatformCharts || len(all[0].panels[0].lines) != mostPlatformLines || !strings.Contains(all[0].explanation, "the 5 highest of 8 series") {
		t.Errorf("%d charts with %d lines: %s", len(all), len(all[0].panels[0].lines), all[0].explanation)
	}
	if !strings.HasPrefix(all[0].explanation, "Lowest and highest of each 2 minutes · ") || len(all[0].values.rows) != mostPlatformCells {
		t.Errorf("%d rows: %s", len(all[0].values.rows), all[0].explanation)
	}
	if text := platformLegend(run); text != " 5 more panels have no chart: see Platform metrics." {
		t.Errorf("legend %q", text)
	}
	var size bytes.Buffer
	whole := &page{run: run}
	for _, c := range all {
		if err := html.Render(&size, whole.chart(c)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d charts take %d bytes of a page", len(all), size.Len())
	if size.Len() > 4_000_000 {
		t.Errorf("%d charts take %d bytes of a page", len(all), size.Len())
	}
}
