package report

import (
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/load/metric"
)

func rowsOf(t *testing.T, run *Run, write func(io.Writer, *Run) error) [][]string {
	t.Helper()
	var b strings.Builder
	if err := write(&b, run); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "\r\n") {
		t.Error("lines do not end as Locust's do")
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The history ends with the figures of the run.
func TestLocustHistoryEndsWithTheRun(t *testing.T) {
	for _, name := range []string{"closed", "killed"} {
		t.Run(name, func(t *testing.T) {
			run := loaded(t, cases()[name])
			stats, short, full := rowsOf(t, run, writeLocustStats), rowsOf(t, run, writeLocustHistory), rowsOf(t, run, writeLocustFullHistory)
			if n := len(run.files.Seconds); len(short) != n+1 {
				t.Errorf("the history has %d rows for %d seconds", len(short)-1, n)
			}
			total := stats[len(stats)-1]
			for _, history := range [][][]string{short, full} {
				head, last := history[0], history[len(history)-1]
				for i, column := range stats[0] {
					name := "Total " + column
					if strings.HasSuffix(column, "%") {
						name = column
					}
					at := slices.Index(head, name)
					if at < 0 || len(history) == len(full) && name == column { // the full history's percentiles are of ten seconds
						continue
					}
					if !alike(total[i], last[at]) {
						t.Errorf("%s is %s, and at the end of the history %s", column, total[i], last[at])
					}
				}
			}
			// Each series, too, has its own figures at the end of the full history.
			for _, row := range stats[1 : len(stats)-1] {
				i := slices.IndexFunc(full, func(r []string) bool { return r[2] == row[0] && r[3] == row[1] })
				for j, r := range full {
					if r[2] == row[0] && r[3] == row[1] {
						i = j
					}
				}
				if i < 0 || full[i][17] != row[2] || full[i][18] != row[3] || !alike(full[i][20], row[5]) {
					t.Errorf("%s/%s: stats %v, history %v", row[0], row[1], row, full[max(0, i)])
				}
			}
			if got, want := total[2], strconv.FormatUint(run.requests().Count, 10); got != want {
				t.Errorf("%s requests, want %s", got, want)
			}
			h := run.totals.Trend("http_req_duration", "")
			if got, want := total[16], strconv.FormatFloat(math.Round(float64(metric.Percentile(h, 95))/1000), 'f', 0, 64); got != want || stats[0][16] != "95%" {
				t.Errorf("%s is %s, want %s", stats[0][16], got, want)
			}
		})
	}
}

// alike compares numbers but for the order in which floats were added.
func alike(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, other := strconv.ParseFloat(b, 64)
	if err != nil || other != nil {
		return a == b
	}
	return math.Abs(x-y) <= 1e-9*math.Abs(x)
}

func TestLocustFailures(t *testing.T) {
	run := loaded(t, synthetic{events: []event.Event{
		happened(3, event.RoleSquall, event.SquallFailed{Error: "write windows: disk full"}), happened(4, event.RoleSquall, event.SquallFailed{Error: "write windows: disk full"}),
		happened(5, event.RoleSquall, event.SquallFailed{Error: "panic: eyJhbGciOi.eyJzdWIiOi.abc", Stack: "goroutine 1\n\tmain.go:1"}),
	}})
	var sum uint64
	for _, row := range rowsOf(t, run, writeLocustFailures)[1:] {
		n, err := strconv.ParseUint(row[3], 10, 64)
		if err != nil || row[4] > row[5] || !strings.HasSuffix(row[4], "Z") || row[4] < "2026-07-30T09:16:40Z" || row[5] > "2026-07-30T09:17:41Z" {
			t.Errorf("row %v", row)
		}
		sum += n
		if strings.Contains(row[2], "no free port") {
			t.Error("what this machine could not send counts as a failure")
		}
	}
	if sum != run.requests().Failed {
		t.Errorf("%d occurrences, and %d requests failed", sum, run.requests().Failed)
	}
	rows := rowsOf(t, run, writeLocustExceptions)
	if len(rows) != 3 || rows[1][0] != "2" || rows[1][1] != "write windows: disk full" || !strings.Contains(rows[2][2], "main.go:1") || strings.Contains(rows[2][1], "eyJ") {
		t.Errorf("exceptions are %q", rows)
	}
}

// What was not measured is N/A, and no row is about a series without requests.
func TestLocustSaysWhatIsNotThere(t *testing.T) {
	run := loaded(t, synthetic{seconds: 30, quiet: true, adminOff: true})
	run.totals.Latency[0] = nil // refused, all of them
	for _, row := range rowsOf(t, run, writeLocustStats)[1:] {
		if row[0] != "gateway" && row[1] != locustTotal {
			t.Errorf("a row of %s, which was off", row[0])
		}
		if row[8] != locustNone || (row[4] == locustNone) != (row[1] == "webchat") || (row[21] == locustNone) != (row[1] == "webchat") {
			t.Errorf("row %v", row)
		}
	}
}

// The history's current figures are of the last ten seconds, its others since the start.
func TestLocustHistoryForgets(t *testing.T) {
	run := measuredRun(t, 20, func(i int, obs *metric.Observation) {
		obs.Latency[0] = metric.NewHistogram()
		millis := int64(500)
		if i >= 5 {
			millis = 100
		}
		for range 4 {
			record(obs.Latency[0], millis*1000)
		}
		obs.Window.Series[0] = metric.Counts{Count: 4, Failed: uint64(i / 19)}
	})
	for name, c := range map[string]struct {
		write func(io.Writer, *Run) error
		most  map[int]string // 100% in the row of the total at the end of a second
	}{
		"history":      {writeLocustHistory, map[int]string{0: "500", 13: "500", 19: "500"}},
		"full history": {writeLocustFullHistory, map[int]string{0: "500", 13: "500", 14: "100", 19: "100"}},
	} {
		var totals [][]string
		for _, row := range rowsOf(t, run, c.write)[1:] {
			if row[3] == locustTotal {
				totals = append(totals, row)
			}
		}
		for second, want := range c.most {
			if got := totals[second][16]; got != want {
				t.Errorf("%s: 100%% is %s at the end of second %d, want %s", name, got, second, want)
			}
		}
		if last := totals[19]; last[4] != "4.000000" || last[5] != "0.100000" || last[17] != "80" || last[18] != "1" {
			t.Errorf("%s ends with %v", name, last)
		}
	}
}
