package cli_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/rundir"
)

// The demo with its own Prometheus and Alertmanager: latency of the model fires the alert that the drill expects, both
// sources tell of it, and the report and the files of evidence have it. A condition on what Prometheus reads ends the run.
func TestAlertsOfTheDemo(t *testing.T) {
	endToEnd(t)
	evidencetest.Programs(t)
	path := "PATH=" + os.Getenv("PATH")
	p := start(t, []string{path}, "demo", "--alerts", "--headless", "--vus", "20", "--duration", "5m", "--monitoring-interval", "1s",
		"--fault", "llm_latency@5s,for=4m", "--objective", "http_req_failed: rate<0.9",
		"--stop-rule", `prometheus: ALERTS{alertname="HighLatencyLLM",alertstate="firing"} > 0 for 3s`)
	p.expect(t, 99) // by the stop rule, which takes the fault back and, with nothing else above the baseline, is met again
	run, err := rundir.Open(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	fired := map[string]bool{}
	var met []string
	verdicts := map[event.Signal]event.ExpectationVerdict{}
	for _, e := range run.Events {
		switch d := e.Data.(type) {
		case event.AlertChanged:
			if d.Alert == "HighLatencyLLM" && d.State == event.AlertFiring {
				fired[d.Source] = true
			}
		case event.StopRuleMet:
			met = append(met, d.Title)
		case event.ExpectationDecided:
			verdicts[d.Finding.Signal] = d.Finding.Verdict
		}
	}
	if !fired["prometheus"] || !fired["alertmanager"] {
		t.Errorf("HighLatencyLLM fired at %v", fired)
	}
	if !slices.Contains(met, `ALERTS{alertname="HighLatencyLLM",alertstate="firing"} > 0`) {
		t.Errorf("stop rules met: %q", met)
	}
	if verdicts[event.AlertFires] != event.ExpectationMet || verdicts[event.CounterIncreases] != event.ExpectationMet {
		t.Errorf("expectations: %v", verdicts)
	}
	report, err := os.ReadFile(filepath.Join(p.dir, "report.md"))
	if err != nil || !strings.Contains(string(report), "HighLatencyLLM") {
		t.Errorf("the report does not tell of the alert (%v)", err)
	}
	rows := readCSV(t, filepath.Join(p.dir, "evidence", "alerts-prometheus.csv"))
	if !slices.ContainsFunc(rows, func(row []string) bool { return row[1] == "HighLatencyLLM" && row[5] != "" }) {
		t.Errorf("evidence has %q", rows)
	}
	if rows := readCSV(t, filepath.Join(p.dir, "evidence", "panel-condition_1.csv")); len(rows) < 3 {
		t.Errorf("the condition's panel has %d rows", len(rows)-1)
	}
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return rows
}

// With the console, whoever has the programs sees alerts without asking for them, and whoever has not is told how to
// get them.
func TestConsoleOfTheDemoWatchesForAlerts(t *testing.T) {
	endToEnd(t)
	evidencetest.Programs(t)
	const watched, told = `"name":"monitoring.prometheus.url","value":"http://127.0.0.1:`, "no alert will fire: find Prometheus: install Debian's packages"
	for name, c := range map[string]struct {
		path          string
		args          []string
		watched, told bool
	}{
		"installed": {os.Getenv("PATH"), nil, true, false},
		"missing":   {t.TempDir(), nil, false, true},
		"refused":   {os.Getenv("PATH"), []string{"--alerts=false"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			screen := open(t, []string{"PATH=" + c.path}, append([]string{"demo", "--vus", "5"}, c.args...)...)
			screen.shows(t, "CHANNEL MIX")
			screen.measured(t)
			journal, err := os.ReadFile(filepath.Join(screen.dir, "journal.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(journal), watched); got != c.watched {
				t.Errorf("a Prometheus watches: %v, want %v", got, c.watched)
			}
			if got := strings.Contains(string(journal), told); got != c.told {
				t.Errorf("it is told why no alert will fire: %v, want %v", got, c.told)
			}
			screen.press(t, "qy")
			screen.expect(t, 0)
		})
	}
}
