package cli_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// k6Summary is what --summary-export writes.
type k6Summary struct {
	RootGroup struct {
		Checks map[string]map[string]any `json:"checks"`
	} `json:"root_group"`
	Metrics map[string]map[string]any `json:"metrics"`
}

func readSummary(t *testing.T, path string) (s k6Summary) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

// What the real k6 writes for the same run, squall writes too: every metric is in the summary, with the same values, the
// checks have the same fields, and so have the streams and the machine-readable summary.
func TestFilesHaveWhatK6Writes(t *testing.T) {
	endToEnd(t)
	dir := t.TempDir()
	k6 := filepath.Join(dir, "k6")
	if out, err := exec.Command("go", "build", "-C", "../bench/k6", "-o", k6, ".").CombinedOutput(); err != nil {
		t.Fatalf("build k6: %v\n%s", err, out)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	runK6 := func(args ...string) {
		t.Helper()
		peer := exec.Command(k6, append([]string{"run", "--quiet", "--no-usage-report", "--vus", "2", "../bench/scripts/signed.js"}, args...)...)
		peer.Env = append(append(os.Environ(), shared...), "THINK_MAX=0.1")
		if out, err := peer.CombinedOutput(); err != nil {
			t.Fatalf("run k6: %v\n%s", err, out)
		}
	}
	runK6("--duration", "3s", "--summary-export", in("k6.json"), "--out", "json="+in("k6-points.json"), "--out", "csv="+in("k6-points.csv"))
	runK6("--duration", "1s", "--new-machine-readable-summary", "--summary-export", in("k6-machine.json"))
	environ := append(slices.Clone(shared), "K6_NEW_MACHINE_READABLE_SUMMARY=true")
	start(t, environ, "run", "--vus", "2", "--duration", "3s", "--think", "0s-100ms", "--headless", "--out", in("run"), "--objective", "http_req_failed: rate<0.5",
		"--summary-export", in("machine.json"), "--out", "summary="+in("squall.json"), "-o", "json="+in("points.json"), "-o", "csv="+in("points.csv")).expect(t, 0)
	t.Run("machine-readable summary", func(t *testing.T) { machineSummaryIsK6s(t, in("machine.json"), in("k6-machine.json")) })
	t.Run("streams", func(t *testing.T) { streamsAreK6s(t, in("points"), in("k6-points")) })
	want, have := readSummary(t, in("k6.json")), readSummary(t, in("squall.json"))
	for name, values := range want.Metrics {
		mine, there := have.Metrics[name]
		if !there {
			t.Errorf("k6 writes %s, and it is not there", name)
			continue
		}
		delete(mine, "thresholds")
		delete(values, "thresholds")
		if a, b := slices.Sorted(maps.Keys(mine)), slices.Sorted(maps.Keys(values)); !slices.Equal(a, b) {
			t.Errorf("%s has %v, k6 writes %v", name, a, b)
		}
	}
	for name, check := range want.RootGroup.Checks {
		if a, b := slices.Sorted(maps.Keys(have.RootGroup.Checks[name])), slices.Sorted(maps.Keys(check)); !slices.Equal(a, b) {
			t.Errorf("check %s has %v, k6 writes %v", name, a, b)
		}
	}
	// They hold together: the parts of a request are no longer than the whole, and most of it is waiting.
	value := func(metric, key string) float64 { return have.Metrics[metric][key].(float64) }
	whole := value("http_req_duration", "avg")
	parts := 0.0
	for _, name := range []string{"blocked", "sending", "waiting", "receiving"} {
		parts += value("http_req_"+name, "avg")
	}
	if parts <= 0 || parts > whole*1.1 || value("http_req_waiting", "avg") < parts/2 {
		t.Errorf("the parts of a request are %.3f ms on average, the whole %.3f ms", parts, whole)
	}
	if value("iterations", "count") > value("http_reqs", "count") || value("data_sent", "count") < 100*value("iterations", "count") {
		t.Errorf("iterations %v, requests %v, bytes sent %v", value("iterations", "count"), value("http_reqs", "count"), value("data_sent", "count"))
	}
	if d := value("iteration_duration", "avg"); d < 40 || d > 200 {
		t.Errorf("an iteration takes %.3f ms on average, with 0 to 100 ms of think time", d)
	}
}
