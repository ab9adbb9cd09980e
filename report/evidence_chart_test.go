package report

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/rundir"
)

// exported writes the evidence of a run: an index, and files by name. A row is seconds since the start, series and value.
func exported(t *testing.T, dir string, index []rundir.Evidence, files map[string][][3]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, rundir.EvidenceDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := rundir.SaveEvidence(dir, index); err != nil {
		t.Fatal(err)
	}
	for name, rows := range files {
		var b strings.Builder
		b.WriteString("time,series,value\n")
		for _, row := range rows {
			var at float64
			fmt.Sscan(row[0], &at)
			fmt.Fprintf(&b, "%s,%s,%s\n", began.Add(time.Duration(at*float64(time.Second))).Format("2006-01-02T15:04:05.000Z07:00"), row[1], row[2])
		}
		if err := os.WriteFile(filepath.Join(dir, rundir.EvidenceDir, name), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// course is a series with a value every so many seconds, of which some are missing.
func course(name string, length, step int, of func(second int) (value float64, missing bool)) (rows [][3]string) {
	for at := 0; at < length; at += step {
		if v, missing := of(at); !missing {
			rows = append(rows, [3]string{fmt.Sprint(at), name, fmt.Sprint(v)})
		}
	}
	return rows
}

// A panel that was exported is a picture with its series, its thresholds and what was done to the platform; the same
// bytes whenever it is drawn.
func TestPicturesOfPanels(t *testing.T) {
	dir := synthetic{}.write(t)
	latency := course("p95", 250, 5, func(at int) (float64, bool) { return 0.2 + float64(at)/200, at > 150 && at < 190 })
	depth := append(course(`"{tenant_id=""a""}"`, 250, 5, func(at int) (float64, bool) { return float64(at % 40), false }), course(`"{tenant_id=""b""}"`, 250, 5, func(int) (float64, bool) { return -10, false })...)
	exported(t, dir, []rundir.Evidence{
		{Source: "prometheus", File: "panel-p95.csv", Title: "API latency p95", Panel: "p95", Unit: "s", Query: "histogram_quantile(0.95, x)", Lines: []rundir.EvidenceRef{{Value: 1.2, Text: "target"}}},
		{Source: "grafana", File: "grafana-x-1.csv", Title: "API: Depth", Panel: "grafana-x-1", Rows: 100},
		{Source: "grafana", File: "grafana-x-2.csv", Title: "API: Nothing", Panel: "grafana-x-2", Gaps: []rundir.EvidenceGap{{Reason: "it has no series"}}},
		{Source: "alertmanager", File: "alerts.csv", Title: "Alerts"},
	}, map[string][][3]string{"panel-p95.csv": latency, "grafana-x-1.csv": depth, "grafana-x-2.csv": nil, "alerts.csv": nil})
	first := map[string]string{}
	for range 2 {
		run, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := saveEvidenceCharts(run, dir); err != nil {
			t.Fatal(err)
		}
		for name, wanted := range map[string][]role{
			"panel-p95.png": {levelRole, objectiveRole, spikeRole}, "grafana-x-1.png": {seriesRoles[0], seriesRoles[1], spikeRole}, "grafana-x-2.png": {gridRole},
		} {
			raw := read(t, filepath.Join(dir, rundir.EvidenceDir, name))
			if first[name] == "" {
				first[name] = raw
			}
			if raw != first[name] {
				t.Errorf("%s has other bytes when it is drawn again", name)
			}
			img, err := png.Decode(bytes.NewReader([]byte(raw)))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, r := range wanted {
				if !shows(img, r) {
					t.Errorf("%s shows nothing in the colour of %s", name, r.look().name)
				}
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, rundir.EvidenceDir, "alerts.png")); err == nil {
		t.Error("alerts are drawn as a panel")
	}
}

// shows reports whether a picture has pixels in the colour of a role, on white.
func shows(img image.Image, r role) bool {
	want := r.color()
	mixed := func(c uint8) int { return (int(c)*int(want.A) + 255*(255-int(want.A))) / 255 }
	n := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			red, green, blue, _ := img.At(x, y).RGBA()
			near := func(got uint32, c uint8) bool { d := int(got>>8) - mixed(c); return d >= -2 && d <= 2 }
			if near(red, want.R) && near(green, want.G) && near(blue, want.B) {
				n++
			}
		}
	}
	return n > 50
}

// A line keeps the lowest and the highest value of each cell, and is broken where several steps have no value.
func TestLinesOfPanels(t *testing.T) {
	p := &exportedPanel{panelSeries: newPanelSeries(10, stepsTillGap)}
	for _, row := range [][2]float64{{0, 1}, {2, 9}, {4, 3}, {12, 5}, {22, 4}, {24, 2}, {62, 7}} {
		p.add("s", nil, row[0], row[1])
	}
	l := p.series["s"].line(levelRole, p.gap())
	if got, want := fmt.Sprint(l.times, l.values, l.gap), "[0 2 12 22 24 62] [1 9 5 4 2 7] 20"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if pieces := l.pieces(); len(pieces) != 2 || len(pieces[0]) != 5 {
		t.Errorf("pieces %v", pieces)
	}
}

// A value that is empty breaks the line, however short the time is.
func TestLostValuesOfPanels(t *testing.T) {
	p := &exportedPanel{panelSeries: newPanelSeries(10, stepsTillGap)}
	p.lose("s")
	for _, at := range []float64{0, 1, 2, 3, 6, 7, 8, 15} {
		if at == 6 {
			p.lose("s")
		}
		p.add("s", nil, at, at-20)
	}
	l := p.series["s"].line(levelRole, p.gap())
	if got, want := fmt.Sprint(l.times, l.values), "[0 3 6 6 8 15] [-20 -17 NaN -14 -12 -5]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if pieces := l.pieces(); len(pieces) != 2 || len(pieces[0]) != 2 {
		t.Errorf("pieces %v", pieces)
	}
	if c := p.chart(); c.panels[0].low > -20 || math.IsNaN(c.panels[0].high) {
		t.Errorf("from %v to %v", c.panels[0].low, c.panels[0].high)
	}
}

// Of many series the highest are drawn, and it is said that there are more.
func TestManySeriesOfAPanel(t *testing.T) {
	p := &exportedPanel{rundir.Evidence{Unit: "ratio"}, newPanelSeries(1, stepsTillGap)}
	for i := range 14 {
		p.add(fmt.Sprintf("s%02d", i), nil, 1, float64(i))
	}
	c := p.chart()
	if len(c.panels[0].lines) != mostLines || c.panels[0].lines[0].name != "s04" || c.explanation != "Share · the 10 highest of 14 series" || c.panels[0].label(0.5) != "50 %" {
		t.Errorf("%d lines from %s: %s", len(c.panels[0].lines), c.panels[0].lines[0].name, c.explanation)
	}
}

// An index or a file that is wrong is said in the report, and the report is there.
func TestPicturesThatCannotBeDrawn(t *testing.T) {
	for name, c := range map[string]struct {
		index string
		file  string
		want  string
	}{
		"no JSON":        {`{`, "", "read the index of the evidence"},
		"another place":  {`[{"file":"../x.csv","panel":"x"}]`, "", "is no name of a file"},
		"no file":        {`[{"file":"y.csv","panel":"x"}]`, "", "y.csv"},
		"no CSV":         {`[{"file":"x.csv","panel":"x"}]`, "a,b\n", "wrong number of fields"},
		"no time":        {`[{"file":"x.csv","panel":"x"}]`, "time,series,value\nnow,x,1\n", "parsing time"},
		"no number":      {`[{"file":"x.csv","panel":"x"}]`, "time,series,value\n2026-07-30T09:15:01.000Z,x,many\n", "invalid syntax"},
		"nothing at all": {`[{"file":"x.csv","panel":"x"}]`, "", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := synthetic{seconds: 30, quiet: true}.write(t)
			at := filepath.Join(dir, rundir.EvidenceDir)
			if err := os.MkdirAll(at, 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range map[string]string{rundir.EvidenceFile: c.index, "x.csv": c.file} {
				if err := os.WriteFile(filepath.Join(at, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Write(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if report := read(t, filepath.Join(dir, File)); !strings.Contains(report, "missing") {
				t.Error("the report does not say it")
			}
		})
	}
}
