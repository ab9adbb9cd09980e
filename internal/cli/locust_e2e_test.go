package cli_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// locustKinds are what the columns of Locust's files hold, for a reader that knows Locust's alone.
var locustKinds = []struct {
	column, value *regexp.Regexp
}{
	{regexp.MustCompile(`(Count|Occurrences)$`), regexp.MustCompile(`^\d+$`)},
	{regexp.MustCompile(`%$`), regexp.MustCompile(`^(\d+|N/A)$`)},
	{regexp.MustCompile(`Median Response Time$`), regexp.MustCompile(`^(\d+(\.\d+)?|N/A)$`)},
	{regexp.MustCompile(`(Average|Min|Max) (Response Time|Content Size)$`), regexp.MustCompile(`^(\d+(\.\d+)?|N/A)$`)},
	{regexp.MustCompile(`/s$`), regexp.MustCompile(`^\d+(\.\d+)?(e-\d+)?$`)},
	{regexp.MustCompile(`^Timestamp$`), regexp.MustCompile(`^\d{10}$`)},
	{regexp.MustCompile(`Seen$`), regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)},
	{regexp.MustCompile(`^(Type|Name|Method|Error|Message|Traceback|Nodes)$`), regexp.MustCompile(``)},
}

// readLocust reads the files of a prefix, by the end of their names, and checks every value against its column.
func readLocust(t *testing.T, prefix string) map[string][][]string {
	t.Helper()
	files := map[string][][]string{}
	for _, suffix := range []string{"_stats.csv", "_stats_history.csv", "_failures.csv", "_exceptions.csv"} {
		text, err := os.ReadFile(prefix + suffix)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatalf("%s%s: %v", prefix, suffix, err)
		}
		for _, row := range rows[1:] {
			for i, value := range row {
				known := false
				for _, kind := range locustKinds {
					if kind.column.MatchString(rows[0][i]) {
						if known = true; !kind.value.MatchString(value) {
							t.Errorf("%s%s: %s is %q", prefix, suffix, rows[0][i], value)
						}
					}
				}
				if !known {
					t.Errorf("%s%s has a column %q", prefix, suffix, rows[0][i])
				}
			}
		}
		files[suffix] = rows
	}
	return files
}

// Locust and squall write the same files: the same columns in the same order, with values that one reader reads, rows of
// the same kind, and the sum of all at their end.
func TestCSVHasWhatLocustWrites(t *testing.T) {
	endToEnd(t)
	var said bytes.Buffer
	ensure := exec.Command("../tools/locust/ensure")
	ensure.Stderr = &said
	python, err := ensure.Output()
	if err != nil {
		t.Skipf("no Locust: internal/tools/locust/ensure wants python3, python3-venv and a package index, and ends with %v: %s", err, said.String())
	}
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "locust"), filepath.Join(dir, "deep", "squall")
	host := strings.TrimSuffix(shared.variable(t, "GATEWAY_URL"), "/webchat/webhook")
	// On a busy machine Locust's time can be over before its first user has come, so it may need more of it.
	for _, runTime := range []string{"3s", "10s", "40s"} {
		peer := exec.Command(strings.TrimSpace(string(python)), "-m", "locust", "-f", "testdata/locust/locustfile.py", "--headless", "--host", host,
			"--users", "2", "--spawn-rate", "10", "--run-time", runTime, "--csv", theirs, "--csv-full-history", "--exit-code-on-error", "0")
		if output, err := peer.CombinedOutput(); err != nil {
			t.Fatalf("run Locust: %v\n%s", err, output)
		}
		if files := readLocust(t, theirs); len(files["_failures.csv"]) > 1 && len(files["_exceptions.csv"]) > 1 {
			break
		}
	}
	wrong := append(slices.Clone(shared), "WEBHOOK_SECRET_TELEGRAM=wrong") // later ones count, so that some requests fail
	start(t, wrong, "run", "--vus", "4", "--duration", "3s", "--think", "0s-50ms", "--headless", "--out", filepath.Join(dir, "run"),
		"--objective", "http_req_failed: rate<0.9", "--csv", ours, "--csv-full-history").expect(t, 0)
	want, have := readLocust(t, theirs), readLocust(t, ours)
	for suffix, rows := range want {
		mine := have[suffix]
		if !slices.Equal(mine[0], rows[0]) {
			t.Errorf("%s has the columns\n%q, Locust writes\n%q", suffix, mine[0], rows[0])
		}
		if suffix != "_exceptions.csv" && len(mine) < 2 || len(rows) < 2 { // nothing of squall's own goes wrong
			t.Errorf("%s: %d rows, Locust's has %d", suffix, len(mine)-1, len(rows)-1)
		}
	}
	for who, files := range map[string]map[string][][]string{"Locust": want, "squall": have} {
		stats, history := files["_stats.csv"], files["_stats_history.csv"]
		if last := stats[len(stats)-1]; last[0] != "" || last[1] != "Aggregated" || last[2] == "0" || last[3] == "0" {
			t.Errorf("the last row of %s is %q", who, last)
		}
		if last := history[len(history)-1]; last[2] != "" || last[3] != "Aggregated" || last[17] == "0" {
			t.Errorf("the last row of the history of %s is %q", who, last)
		}
		perSecond := map[string]int{}
		for _, row := range history[1:] {
			if row[3] == "Aggregated" {
				perSecond[row[0]]++
			}
		}
		if len(perSecond) < 2 {
			t.Errorf("the history of %s is of %d seconds", who, len(perSecond))
		}
	}
}
